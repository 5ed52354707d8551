/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/witness/witness.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/add_checkpoint.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/log_policy.h"
#include "crypto/note_line.h"
#include "gateway/witness/witness_files.h"

struct witness {
	int directory, state;
	struct sign_key *key;
	struct note_key id;
	char vkey[NOTE_VKEY_MAX + 1];
	pthread_mutex_t lock; /* logs, and the files of state/ */
	struct arena arena;
	struct log_policy logs;
	struct timespec logs_changed;
};

struct slice witness_vkey(const struct witness *w)
{
	return slice_of_string(w->vkey);
}

int witness_directory(const struct witness *w)
{
	return w->directory;
}

/* Under the lock: `logs` as it is now. A file that is broken leaves what was known before. */
static enum err load_logs(struct witness *w)
{
	struct arena arena = {0};
	struct log_policy logs;
	struct stat file;
	enum err result;

	if (fstatat(w->directory, "logs", &file, 0) != 0)
		return failure_errno("witness: the list \"logs\"");
	if (memcmp(&file.st_mtim, &w->logs_changed, sizeof file.st_mtim) == 0)
		return OK;
	result = witness_logs_read(&logs, &arena, w->directory);
	if (result != OK) {
		arena_free(&arena);
		return result;
	}
	arena_free(&w->arena);
	w->arena = arena;
	w->logs = logs;
	w->logs_changed = file.st_mtim;
	return OK;
}

/* The newest checkpoint of that origin which this witness has cosigned; size 0: none yet. What is
 * there must bear our own line. */
static enum err last_seen(const struct witness *w, struct checkpoint *out, struct buf *note,
			  const char *name)
{
	char size_name[WITNESS_STATE_NAME + 8];
	struct slice text;
	uint64_t size = 0;
	enum err result = file_read(note, w->state, name);

	*out = (struct checkpoint){.size = 0, .root = digest_of(S(""))};
	if (result != OK && result != ERR_NOT_FOUND)
		return result;
	if (result == OK) {
		TRY(note_verify(&text, buf_slice(note), &w->id, 1));
		TRY(checkpoint_parse(out, text));
	}
	snprintf(size_name, sizeof size_name, "%s.size", name);
	TRY(witness_size_read(&size, w->state, size_name));
	if (size > out->size)
		return failure(ERR_FORGED,
			       "witness: state/%s has %" PRIu64 " entries, but %" PRIu64
			       " were cosigned: it was put back to an earlier one",
			       name, out->size, size);
	return OK;
}

static enum err check_states(const struct witness *w)
{
	for (size_t i = 0; i < w->logs.log_count; i++) {
		AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
		char name[WITNESS_STATE_NAME];
		struct checkpoint last;

		witness_state_name(name, slice_of_string(w->logs.logs[i].key.name));
		TRY(last_seen(w, &last, &note, name));
	}
	return OK;
}

static enum err load(struct witness *w, const char *path)
{
	TRY(file_open_directory(&w->directory, AT_FDCWD, path));
	if (flock(w->directory, LOCK_EX | LOCK_NB) != 0)
		return failure(ERR_CONFLICT, "witness: another process has the directory");
	TRY(file_open_directory(&w->state, w->directory, "state"));
	TRY(witness_key_read(&w->key, &w->id, w->vkey, w->directory));
	TRY(load_logs(w));
	return check_states(w);
}

enum err witness_open(struct witness **out, const char *path)
{
	AUTO(witness_auto) struct witness *w = calloc(1, sizeof *w);

	assert(w);
	w->directory = w->state = -1;
	pthread_mutex_init(&w->lock, NULL);
	TRY(load(w, path));
	*out = w;
	w = NULL; /* given away */
	return OK;
}

void witness_free(struct witness *w)
{
	if (!w)
		return;
	sign_key_free(w->key);
	file_close(&w->state);
	file_close(&w->directory);
	arena_free(&w->arena);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void answer_text(struct witness_answer *out, unsigned status, const char *text)
{
	out->status = status;
	out->content_type = "text/plain; charset=utf-8";
	buf_reset(&out->body);
	buf_printf(&out->body, "%s\n", text);
}

static void answer_size(struct witness_answer *out, uint64_t size)
{
	out->status = 409;
	out->content_type = "text/x.tlog.size";
	buf_reset(&out->body);
	buf_printf(&out->body, "%" PRIu64 "\n", size);
}

/* Under the lock: known, and signed with a key of the log? False: it has answered. */
static bool is_signed(const struct witness *w, struct witness_answer *out,
		      const struct add_checkpoint *ask)
{
	bool is_known = false;
	struct slice text;

	for (size_t i = 0; i < w->logs.log_count; i++) {
		const struct note_key *key = &w->logs.logs[i].key;

		if (!slice_equal(ask->checkpoint.origin, slice_of_string(key->name)))
			continue;
		is_known = true;
		if (note_verify(&text, ask->note, key, 1) == OK)
			return true;
	}
	if (is_known)
		answer_text(out, 403, "the checkpoint is not signed with a key of its log");
	else
		answer_text(out, 404, "this log is not known here");
	return false;
}

/* Does it continue the last one? False: it has answered. */
static bool is_continued(struct witness_answer *out, const struct add_checkpoint *ask,
			 const struct checkpoint *last)
{
	const struct checkpoint *now = &ask->checkpoint;

	if (ask->old_size > now->size) {
		answer_text(out, 400, "the old size is larger than the checkpoint's");
		return false;
	}
	if (ask->old_size != last->size) {
		answer_size(out, last->size);
		return false;
	}
	if (now->size == last->size && !digest_equal(&now->root, &last->root)) {
		log_error("witness.fork", "origin=\"%.*s\" size=%" PRIu64, SLICE_PRINT(now->origin),
			  now->size);
		answer_size(out, last->size);
		return false;
	}
	if (merkle_check_consistency(last->size, &last->root, now->size, &now->root, &ask->proof) ==
	    OK)
		return true;
	log_warn("witness.unproven", "origin=\"%.*s\" old=%" PRIu64 " size=%" PRIu64,
		 SLICE_PRINT(now->origin), last->size, now->size);
	answer_text(out, 422, "the consistency proof does not hold");
	return false;
}

/* The text and its signatures, less lines that claim to be ours: there is one of ours, made here.
 */
static void write_note(struct buf *out, const struct witness *w, const struct add_checkpoint *ask)
{
	struct slice line, rest = slice_part(ask->note, ask->text.size + 1, ask->note.size);
	AUTO(buf_free) struct buf ours = buf_new(NOTE_NAME_MAX + 16);

	buf_write(&ours, NOTE_LINE_START);
	buf_printf(&ours, "%s ", w->id.name);
	buf_write(out, ask->text);
	buf_write_u8(out, '\n');
	while (slice_cut(rest, '\n', &line, &rest)) {
		if (slice_starts_with(line, buf_slice(&ours)))
			continue;
		buf_write(out, line);
		buf_write_u8(out, '\n');
	}
}

/* First the checkpoint, then its size. */
static enum err persist(const struct witness *w, const char *name, const struct add_checkpoint *ask,
			struct slice line)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	char size_name[WITNESS_STATE_NAME + 8], size[32];

	write_note(&note, w, ask);
	buf_write(&note, line);
	TRY(buf_done(&note));
	TRY(file_write_atomic(w->state, name, buf_slice(&note), 0644));
	snprintf(size_name, sizeof size_name, "%s.size", name);
	snprintf(size, sizeof size, "%" PRIu64 "\n", ask->checkpoint.size);
	return file_write_atomic(w->state, size_name, slice_of_string(size), 0644);
}

static enum err cosign(struct witness *w, struct witness_answer *out,
		       const struct add_checkpoint *ask, uint64_t now_seconds)
{
	AUTO(buf_free) struct buf before = buf_new(NOTE_MAX), line = buf_new(WITNESS_MAX_ANSWER);
	char name[WITNESS_STATE_NAME];
	struct checkpoint last;

	TRY(load_logs(w));
	if (!is_signed(w, out, ask))
		return OK;
	witness_state_name(name, ask->checkpoint.origin);
	TRY(last_seen(w, &last, &before, name));
	if (!is_continued(out, ask, &last))
		return OK;
	TRY(note_cosign(&line, ask->text, slice_of_string(w->id.name), now_seconds, w->key));
	TRY(persist(w, name, ask, buf_slice(&line)));
	out->status = 200;
	out->content_type = "text/plain; charset=utf-8";
	buf_reset(&out->body);
	buf_write(&out->body, buf_slice(&line));
	return buf_done(&out->body);
}

void witness_add_checkpoint(struct witness *w, struct witness_answer *out, struct slice body,
			    uint64_t now_seconds)
{
	struct add_checkpoint ask;
	enum err result;

	if (add_checkpoint_parse(&ask, body) != OK) {
		answer_text(out, 400, failure_text());
		return;
	}
	pthread_mutex_lock(&w->lock);
	result = cosign(w, out, &ask, now_seconds);
	pthread_mutex_unlock(&w->lock);
	if (result == OK)
		return;
	log_error("witness.failed", "reason=\"%s\"", failure_text());
	answer_text(out, 500, "the witness cannot keep its state; nothing was cosigned");
}

enum err witness_read(const struct witness *w, struct buf *out, struct slice hex)
{
	char name[WITNESS_STATE_NAME];

	if (hex.size != WITNESS_STATE_NAME - 1)
		return failure(ERR_NOT_FOUND, "64 hex digits are expected");
	for (size_t i = 0; i < hex.size; i++)
		if (!(hex.data[i] >= '0' && hex.data[i] <= '9') &&
		    !(hex.data[i] >= 'a' && hex.data[i] <= 'f'))
			return failure(ERR_NOT_FOUND, "64 hex digits are expected");
	memcpy(name, hex.data, hex.size);
	name[hex.size] = '\0';
	return file_read(out, w->state, name);
}
