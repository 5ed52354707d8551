/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/journal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/base/reader.h"
#include "crypto/merkle.h"

enum {
	JOURNAL_VERSION = 1,
	CHECK_SIZE = 16,
	RECORD_HEAD = 4 + 4 + CHECK_SIZE,
	BODY_MAX = 64 << 20, /* a snapshot of FACTS_MAX facts fits */
	FILE_MAX = 256 << 20,
};

enum body_kind { BODY_SNAPSHOT = 1, BODY_CHANGE };

static const char JOURNAL_FILE[] = "journal";
static const char LOCK_FILE[] = "lock";

struct check {
	uint8_t bytes[CHECK_SIZE];
};

struct journal {
	int directory; /* borrowed */
	int lock;
	int fd;
	uint64_t bytes;         /* of the file that are good */
	uint64_t rotate_bytes;  /* the wish; a large snapshot moves it up */
	uint64_t snapshot_size; /* bytes of the first record */
	bool broken;            /* a write failed: the disk may have more than memory */
	struct check last;
	struct merkle_frontier frontier;
	struct facts facts;
};

static struct check check_of(const struct check *before, struct slice body)
{
	struct digest_state state;
	struct digest whole;
	struct check check;

	digest_begin(&state);
	digest_update(&state, slice_of(before->bytes, CHECK_SIZE));
	digest_update(&state, body);
	whole = digest_end(&state);
	memcpy(check.bytes, whole.bytes, CHECK_SIZE);
	return check;
}

static void write_fact(struct buf *out, const struct fact *fact)
{
	buf_write_u8(out, (uint8_t)fact->kind);
	buf_write(out, slice_of(fact->key.bytes, DIGEST_SIZE));
	buf_write_u64(out, fact->value);
}

static enum err read_fact(struct reader *r, struct fact *out)
{
	uint8_t kind = read_u8(r);

	read_array(r, out->key.bytes, DIGEST_SIZE);
	out->value = read_u64(r);
	if (kind < FACT_LICENSE || kind > FACT_LAST)
		return failure(ERR_FORMAT, "journal: unknown kind of fact %u", kind);
	out->kind = (enum fact_kind)kind;
	return OK;
}

static void write_snapshot(struct buf *out, const struct merkle_frontier *frontier,
			   const struct facts *facts)
{
	buf_write_u8(out, BODY_SNAPSHOT);
	buf_write_u32(out, JOURNAL_VERSION);
	buf_write_u64(out, frontier->size);
	for (size_t i = 0; i < MERKLE_LEVELS; i++)
		buf_write(out, slice_of(frontier->nodes[i].bytes, DIGEST_SIZE));
	buf_write_u32(out, (uint32_t)facts->count);
	for (size_t i = 0; i < facts->count; i++)
		write_fact(out, &facts->rows[i]);
}

static enum err read_snapshot(struct journal *j, struct reader *r)
{
	uint32_t version = read_u32(r);
	uint32_t count;

	if (version != JOURNAL_VERSION)
		return failure(ERR_UNSUPPORTED, "journal: version %u, %u expected", version,
			       JOURNAL_VERSION);
	j->frontier.size = read_u64(r);
	for (size_t i = 0; i < MERKLE_LEVELS; i++)
		read_array(r, j->frontier.nodes[i].bytes, DIGEST_SIZE);
	count = read_u32(r);
	if (count > FACTS_MAX)
		return failure(ERR_LIMIT, "journal: %u facts", count);
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		struct fact fact;

		TRY(read_fact(r, &fact));
		facts_set(&j->facts, &fact);
	}
	return reader_done(r);
}

static void write_change(struct buf *out, uint64_t first, const struct journal_change *change)
{
	buf_write_u8(out, BODY_CHANGE);
	buf_write_u64(out, first);
	buf_write_u16(out, (uint16_t)change->leaf_count);
	for (size_t i = 0; i < change->leaf_count; i++)
		buf_write(out, slice_of(change->leaves[i].bytes, DIGEST_SIZE));
	buf_write_u16(out, (uint16_t)change->fact_count);
	for (size_t i = 0; i < change->fact_count; i++)
		write_fact(out, &change->facts[i]);
}

static enum err read_change(struct journal *j, struct reader *r)
{
	uint64_t first = read_u64(r);
	uint16_t count = read_u16(r);

	if (first != j->frontier.size)
		return failure(ERR_FORMAT, "journal: entry %llu follows entry %llu",
			       (unsigned long long)first, (unsigned long long)j->frontier.size);
	for (uint16_t i = 0; i < count; i++) {
		struct digest leaf;

		read_array(r, leaf.bytes, DIGEST_SIZE);
		merkle_append(&j->frontier, &leaf);
	}
	count = read_u16(r);
	if (!facts_have_room(&j->facts, count))
		return failure(ERR_LIMIT, "journal: more than %d facts", FACTS_MAX);
	for (uint16_t i = 0; i < count && !r->failed; i++) {
		struct fact fact;

		TRY(read_fact(r, &fact));
		facts_set(&j->facts, &fact);
	}
	return reader_done(r);
}

static enum err read_body(struct journal *j, struct slice body)
{
	struct reader r = reader_of(body);
	uint8_t kind = read_u8(&r);

	if (kind == BODY_SNAPSHOT && j->bytes == 0)
		return read_snapshot(j, &r);
	if (kind == BODY_CHANGE && j->bytes != 0)
		return read_change(j, &r);
	return failure(ERR_FORMAT, "journal: a record of kind %u at byte %llu", kind,
		       (unsigned long long)j->bytes);
}

static void write_record(struct buf *out, struct check *last, struct slice body)
{
	*last = check_of(last, body);
	buf_write_u32(out, (uint32_t)body.size);
	buf_write_u32(out, ~(uint32_t)body.size);
	buf_write(out, slice_of(last->bytes, CHECK_SIZE));
	buf_write(out, body);
}

static enum err damaged(const struct journal *j)
{
	return failure(ERR_FORMAT, "journal: damaged at byte %llu; restore the keeper's directory",
		       (unsigned long long)j->bytes);
}

static bool is_zero(struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		if (bytes.data[i] != 0)
			return false;
	return true;
}

/* The next record, or *torn: one that stops before its end, or blocks that the file system gave
 * but never filled; nothing was ever answered on either. The size stands there twice, lest a
 * damaged one pass for a record that is merely long. */
static enum err read_record(struct journal *j, struct slice *rest, bool *torn)
{
	struct reader r = reader_of(*rest);
	uint32_t size = read_u32(&r);
	uint32_t inverted = read_u32(&r);
	struct check check;
	struct check expected;
	struct slice body;

	*torn = r.failed || is_zero(*rest);
	if (*torn)
		return OK;
	if (size != ~inverted || size > BODY_MAX)
		return damaged(j);
	read_array(&r, check.bytes, CHECK_SIZE);
	body = read_bytes(&r, size);
	*torn = r.failed;
	if (*torn)
		return OK;
	expected = check_of(&j->last, body);
	if (!slice_equal(slice_of(check.bytes, CHECK_SIZE), slice_of(expected.bytes, CHECK_SIZE)))
		return damaged(j);
	TRY(read_body(j, body));
	if (j->bytes == 0)
		j->snapshot_size = RECORD_HEAD + size;
	j->last = check;
	j->bytes += RECORD_HEAD + size;
	*rest = r.rest;
	return OK;
}

static enum err read_all(struct journal *j)
{
	AUTO(buf_free) struct buf all = buf_new(FILE_MAX);
	struct slice rest;
	bool torn = false;

	TRY(file_read(&all, j->directory, JOURNAL_FILE));
	rest = buf_slice(&all);
	while (rest.size && !torn)
		TRY(read_record(j, &rest, &torn));
	if (j->bytes == 0)
		return failure(ERR_FORMAT, "journal: it has no beginning");
	if (torn)
		log_warn("journal.tail", "dropped_bytes=%zu entries=%llu", rest.size,
			 (unsigned long long)j->frontier.size);
	return OK;
}

static enum err open_file(struct journal *j)
{
	j->fd = openat(j->directory, JOURNAL_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (j->fd < 0)
		return failure_errno("journal: cannot open");
	return OK;
}

/* Cut the torn tail off, so that the next record stands behind a good one. */
static enum err cut_tail(struct journal *j)
{
	struct stat status;

	if (fstat(j->fd, &status) != 0)
		return failure_errno("journal: cannot stat");
	if ((uint64_t)status.st_size == j->bytes)
		return OK;
	if (ftruncate(j->fd, (off_t)j->bytes) != 0 || fsync(j->fd) != 0)
		return failure_errno("journal: cannot cut the torn tail");
	return OK;
}

static enum err take_lock(struct journal *j)
{
	j->lock = openat(j->directory, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock < 0)
		return failure_errno("journal: cannot open its lock");
	if (flock(j->lock, LOCK_EX | LOCK_NB) != 0)
		return failure(ERR_CONFLICT, "journal: another keeper is using it");
	return OK;
}

/* What a rotation left behind when the process died in it. */
static void sweep(int directory)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!listing)
		return;
	while ((entry = readdir(listing)))
		if (slice_starts_with(slice_of_string(entry->d_name), S("journal.tmp")))
			unlinkat(directory, entry->d_name, 0);
	closedir(listing);
}

static enum err replace_by_snapshot(int directory, const struct merkle_frontier *frontier,
				    const struct facts *facts, struct check *last, uint64_t *bytes)
{
	AUTO(buf_free) struct buf body = buf_new(BODY_MAX);
	AUTO(buf_free) struct buf record = buf_new(BODY_MAX + RECORD_HEAD);

	*last = (struct check){0};
	write_snapshot(&body, frontier, facts);
	TRY(buf_done(&body));
	write_record(&record, last, buf_slice(&body));
	TRY(buf_done(&record));
	*bytes = record.size;
	return file_write_atomic(directory, JOURNAL_FILE, buf_slice(&record), 0600);
}

enum err journal_create(int directory)
{
	struct merkle_frontier frontier = {0};
	struct facts facts = {0};
	struct check last;
	uint64_t bytes;

	if (faccessat(directory, JOURNAL_FILE, F_OK, 0) == 0)
		return failure(ERR_CONFLICT, "journal: there is one already");
	return replace_by_snapshot(directory, &frontier, &facts, &last, &bytes);
}

enum err journal_open(struct journal **out, int directory, size_t rotate_bytes)
{
	AUTO(journal_auto) struct journal *j = calloc(1, sizeof *j);

	assert(j);
	*j = (struct journal){.directory = directory, .lock = -1, .fd = -1};
	j->rotate_bytes = rotate_bytes;
	TRY(take_lock(j));
	sweep(directory);
	TRY(read_all(j));
	TRY(open_file(j));
	TRY(cut_tail(j));
	*out = j;
	j = NULL; /* given away */
	return OK;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	file_close(&j->fd);
	file_close(&j->lock);
	facts_free(&j->facts);
	free(j);
}

uint64_t journal_size(const struct journal *j)
{
	return j->frontier.size;
}

struct digest journal_root(const struct journal *j)
{
	return merkle_root(&j->frontier);
}

uint64_t journal_fact(const struct journal *j, const struct fact *like)
{
	return facts_value(&j->facts, like);
}

size_t journal_fact_count(const struct journal *j)
{
	return j->facts.count;
}

void journal_forget_headers(struct journal *j, uint64_t before_seconds)
{
	facts_forget_headers(&j->facts, before_seconds);
}

void journal_forget_statements(struct journal *j, uint64_t before_seconds)
{
	facts_forget_statements(&j->facts, before_seconds);
}

void journal_forget_paths(struct journal *j)
{
	facts_forget_paths(&j->facts);
}

static enum err rotate(struct journal *j)
{
	struct check last;
	uint64_t bytes;

	TRY(replace_by_snapshot(j->directory, &j->frontier, &j->facts, &last, &bytes));
	j->last = last;
	j->bytes = j->snapshot_size = bytes;
	file_close(&j->fd);
	return open_file(j);
}

/* The disk was full. What of the record got into the file is cut off again, which takes no room;
 * then nothing has happened. Not if another file stands in this one's place by now. */
static bool is_as_before(struct journal *j)
{
	struct stat status;

	return j->fd >= 0 && fstat(j->fd, &status) == 0 && status.st_nlink > 0 && cut_tail(j) == OK;
}

static enum err append_record(struct journal *j, struct slice body)
{
	AUTO(buf_free) struct buf record = buf_new(body.size + RECORD_HEAD);
	struct check last = j->last;

	write_record(&record, &last, body);
	TRY(buf_done(&record));
	TRY(file_write_all(j->fd, buf_slice(&record)));
	if (fdatasync(j->fd) != 0)
		return failure_errno("journal: cannot sync");
	j->last = last;
	j->bytes += record.size;
	return OK;
}

static enum err write_through(struct journal *j, const struct journal_change *change)
{
	AUTO(buf_free) struct buf body = buf_new(BODY_MAX);

	if (j->bytes > j->rotate_bytes + 2 * j->snapshot_size) {
		enum err result = rotate(j);

		/* A snapshot needs more room than a record: the old file goes on for now. */
		if (result != OK && (result != ERR_FULL || !is_as_before(j)))
			return result;
	}
	write_change(&body, j->frontier.size, change);
	TRY(buf_done(&body));
	return append_record(j, buf_slice(&body));
}

enum err journal_write(struct journal *j, const struct journal_change *change)
{
	enum err result;

	assert(change->leaf_count <= JOURNAL_MAX_LEAVES);
	assert(change->fact_count <= JOURNAL_MAX_CHANGES);
	if (j->broken)
		return failure(ERR_IO, "journal: an earlier write failed");
	if (!facts_have_room(&j->facts, change->fact_count))
		return failure(ERR_LIMIT, "journal: more than %d facts", FACTS_MAX);
	result = write_through(j, change);
	if (result != OK) {
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		j->broken = result != ERR_FULL || !is_as_before(j);
		return failure(j->broken ? ERR_IO : result, "%s", why);
	}
	for (size_t i = 0; i < change->leaf_count; i++)
		merkle_append(&j->frontier, &change->leaves[i]);
	for (size_t i = 0; i < change->fact_count; i++)
		facts_set(&j->facts, &change->facts[i]);
	return OK;
}
