/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/report_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/tlog_proof.h"
#include "schema/report/note.h"
#include "schema/report/reader.h"

enum { CHECK_PIECE = 256 * 1024 };

struct check {
	struct report_checked *out;
	struct arena *arena;
	const char *stem; /* without ".json" */
	struct note_key log, key;
	struct report_reader *reader;
	struct report_read read; /* borrows from the reader */
	json_t *receipt;
	struct report_made made;
	struct buf note;
};

static void check_clear(struct check *c)
{
	report_reader_free(c->reader);
	json_free(c->receipt);
	buf_free(&c->note);
}

typedef enum err piece_fn(void *context, struct slice bytes);

/* A file of any size, piece by piece. */
static enum err read_pieces(const char *path, piece_fn *take, void *context)
{
	AUTO(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(buf_free) struct buf piece = buf_new(CHECK_PIECE);
	uint8_t *room = buf_reserve(&piece, CHECK_PIECE);
	ssize_t count;

	if (fd < 0)
		return failure_errno("\"%s\"", path);
	while ((count = read(fd, room, CHECK_PIECE)) > 0)
		TRY(take(context, slice_of(room, (size_t)count)));
	return count < 0 ? failure_errno("\"%s\"", path) : OK;
}

static enum err take_json(void *context, struct slice bytes)
{
	return report_reader_push(context, bytes);
}

static enum err read_report(struct check *c, const char *path)
{
	c->reader = report_reader_new();
	TRY(read_pieces(path, take_json, c->reader));
	return report_reader_end(c->reader, &c->read);
}

/* The failure, with the part of the report that it is about before it. */
static enum err blame(const char *part, enum err result)
{
	char why[FAILURE_MAX_TEXT];

	if (result == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(result, "%s: %.300s", part, why);
}

static enum err read_receipt(struct check *c, struct slice vkey)
{
	const char *path = arena_printf(c->arena, "%s.receipt.json", c->stem);
	AUTO(json_auto) json_t *payload = NULL;

	TRY(receipt_read(&c->receipt, c->arena, path));
	TRY(receipt_verify(&c->out->receipt, c->arena, c->receipt, S(""), vkey));
	if (!slice_equal(c->out->receipt.kind, S("report.make")))
		return failure(ERR_FORGED, "it is of a %.*s, and not of report.make",
			       SLICE_PRINT(c->out->receipt.kind));
	if (c->out->receipt.payload.size == 0)
		return failure(ERR_FORGED, "it lacks the payload of its entry");
	TRY(json_read(&payload, c->out->receipt.payload, REPORT_MAX_PAYLOAD));
	return report_made_read(&c->made, c->arena, payload);
}

/* Does the entry tell of this very file? */
static enum err compare_entry(const struct check *c)
{
	const struct report_head *head = &c->read.head;
	const struct report_made *made = &c->made;

	if (!digest_equal(&c->read.sha256, &made->forms[REPORT_JSON]))
		return failure(ERR_FORGED, "the JSON form: its SHA-256 is not the one that the "
					   "entry report.make names");
	if (!slice_equal(slice_of_string(head->report->name), made->name) ||
	    head->from_ms != made->from_ms || head->to_ms != made->to_ms ||
	    !slice_equal(head->filters, made->filters) || c->read.rows != made->rows)
		return failure(ERR_FORGED, "the JSON form: its head is not what the entry "
					   "report.make says was asked for");
	if (head->size != made->size || !digest_equal(&head->root, &made->root) ||
	    !slice_equal(head->origin, slice_of_string(c->log.name)))
		return failure(ERR_FORGED, "the JSON form: it is not of the log, size and root "
					   "that the entry report.make names");
	return OK;
}

static enum err check_note(struct check *c)
{
	AUTO(buf_free) struct buf expected = buf_new(REPORT_MAX_NOTE);
	const char *path = arena_printf(c->arena, "%s.note", c->stem);
	struct slice text;

	TRY(file_read(&c->note, AT_FDCWD, path));
	TRY(report_key_of(&c->key, &c->log));
	TRY(note_verify(&text, buf_slice(&c->note), &c->key, 1));
	report_note_write(&expected, &c->made, slice_of_string(c->log.name), c->out->receipt.id);
	TRY(buf_done(&expected));
	if (!slice_equal(text, buf_slice(&expected)))
		return failure(ERR_FORGED, "it is signed, but for another report than that of the "
					   "receipt");
	return OK;
}

static enum err read_path(struct merkle_proof *out, const json_t *receipt)
{
	const json_t *list;

	out->count = 0;
	TRY(json_get_array(&list, receipt, "consistency"));
	if (json_array_size(list) > MERKLE_LEVELS)
		return failure(ERR_LIMIT, "more than %d hashes", MERKLE_LEVELS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		AUTO(buf_free) struct buf bytes = buf_new(DIGEST_SIZE);
		struct slice text;

		TRY(json_text_at(&text, list, i));
		TRY(text_read_base64(&bytes, text, TEXT_BASE64));
		if (bytes.size != DIGEST_SIZE)
			return failure(ERR_FORMAT, "a hash has not %d bytes", DIGEST_SIZE);
		memcpy(out->nodes[out->count++].bytes, bytes.data, DIGEST_SIZE);
	}
	return OK;
}

/* The checkpoint of the receipt is signed by the log (receipt_verify saw to that): the tree of the
 * report must be its beginning. */
static enum err check_tree(const struct check *c)
{
	struct tlog_proof proof;
	struct checkpoint checkpoint;
	struct merkle_proof path;
	struct slice text;

	TRY(json_get_text(&text, c->receipt, "proof"));
	TRY(tlog_proof_parse(&proof, text));
	TRY(note_text(&text, proof.checkpoint));
	TRY(checkpoint_parse(&checkpoint, text));
	TRY(read_path(&path, c->receipt));
	return merkle_check_consistency(c->made.size, &c->made.root, checkpoint.size,
					&checkpoint.root, &path);
}

struct hashing {
	struct digest_state digest;
	uint64_t left; /* bytes that are still hashed */
	struct buf rest;
};

static enum err take_hashing(void *context, struct slice bytes)
{
	struct hashing *h = context;
	size_t now = bytes.size < h->left ? bytes.size : (size_t)h->left;

	digest_update(&h->digest, slice_part(bytes, 0, now));
	h->left -= now;
	buf_write(&h->rest, slice_part(bytes, now, SIZE_MAX));
	return buf_done(&h->rest);
}

/* All but `behind`, which must be how it ends, has the digest of the form. */
static enum err check_form(struct check *c, unsigned form, struct slice behind, bool *is_there)
{
	const char *path = arena_printf(c->arena, "%s.%s", c->stem, report_forms[form].name);
	struct hashing h = {.rest = buf_new(REPORT_MAX_TAIL)};
	struct digest digest;
	struct stat st;
	enum err result;

	*is_there = stat(path, &st) == 0;
	if (!*is_there)
		return OK;
	if ((uint64_t)st.st_size < behind.size)
		return failure(ERR_FORGED, "it is cut off");
	digest_begin(&h.digest);
	h.left = (uint64_t)st.st_size - behind.size;
	result = read_pieces(path, take_hashing, &h);
	digest = digest_end(&h.digest);
	if (result == OK && !slice_equal(buf_slice(&h.rest), behind))
		result = failure(ERR_FORGED, "it does not end in the signature of the note");
	if (result == OK && !digest_equal(&digest, &c->made.forms[form]))
		result = failure(ERR_FORGED, "its SHA-256 is not the one that was signed");
	buf_free(&h.rest);
	return result;
}

static enum err check_page(struct check *c)
{
	AUTO(buf_free) struct buf behind = buf_new(REPORT_MAX_TAIL);
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);

	note_key_write(&vkey, &c->key);
	report_page_end(&behind, buf_slice(&c->note), buf_slice(&vkey));
	TRY(buf_done(&behind));
	return check_form(c, REPORT_HTML, buf_slice(&behind), &c->out->has_html);
}

static enum err check_all(struct check *c, const char *path, struct slice vkey,
			  const struct witnessed *witnessed)
{
	TRY(note_key_parse(&c->log, vkey));
	TRY(blame("the JSON form", read_report(c, path)));
	TRY(blame("the receipt", read_receipt(c, vkey)));
	TRY(compare_entry(c));
	TRY(blame("the note", check_note(c)));
	TRY(blame("the receipt: the log does not go on from the report's tree", check_tree(c)));
	TRY(blame("the checkpoint",
		  witnessed_check_receipt(&c->out->witnesses, c->arena, witnessed, c->receipt)));
	TRY(blame("the CSV form", check_form(c, REPORT_CSV, S(""), &c->out->has_csv)));
	return blame("the page", check_page(c));
}

static enum err check_count(struct check *c, const struct report_copy *copy)
{
	if (!copy->fetch)
		return OK;
	if (!report_can_be_counted(&c->read))
		return failure(ERR_UNSUPPORTED,
			       "a copy of the log cannot show whether rows are missing in a report "
			       "with filters, which are about payloads%s",
			       c->read.head.report->of_entries
				       ? "; of every entry the report's own numbers do"
				       : "");
	TRY(blame("the copy of the log",
		  report_complete_check(&c->out->batches, c->reader, &c->read, copy)));
	c->out->is_counted = true;
	return OK;
}

enum err report_check(struct report_checked *out, struct arena *arena, const char *path,
		      struct slice vkey, const struct witnessed *witnessed,
		      const struct report_copy *copy)
{
	AUTO(check_clear) struct check c = {.out = out, .arena = arena, .note = buf_new(NOTE_MAX)};
	struct slice name = slice_of_string(path);

	*out = (struct report_checked){.witnesses = ""};
	if (!slice_ends_with(name, S(".json")))
		return failure(ERR_FORMAT,
			       "name the report's JSON form: \"%s\" does not end in "
			       ".json",
			       path);
	c.stem = arena_string(arena, slice_part(name, 0, name.size - 5));
	TRY(check_all(&c, path, vkey, witnessed));
	TRY(check_count(&c, copy));
	out->name = arena_copy(arena, slice_of_string(c.read.head.report->name));
	out->title = arena_copy(arena, slice_of_string(c.read.head.report->title));
	out->size = c.read.head.size;
	out->rows = c.read.rows;
	out->erased = c.read.erased;
	return OK;
}
