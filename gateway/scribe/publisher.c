/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scribe/publisher.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/note.h"
#include "gateway/scribe/restore.h"
#include "schema/store/restore.h"

enum {
	/* What LOG_APPEND may carry: a frame, less its own fields. */
	PUBLISHER_APPEND_BYTES = 120 * 1024,
	/* Leaves that are counted in a cycle, to see that none is missing: some milliseconds. */
	PUBLISHER_LOOK = 65536,
};

void publisher_init(struct publisher *p, struct store *s, const struct publisher_keeper *keeper,
		    int directory)
{
	*p = (struct publisher){.store = s, .keeper = *keeper, .tiles = {.directory = directory}};
	room_init(&p->room, directory);
}

void publisher_forget(struct publisher *p)
{
	p->is_reconciled = false;
}

static enum err step(const struct publisher *p, enum publisher_step which)
{
	return p->before_step ? p->before_step(p->before_context, which) : OK;
}

/* Stop taking entries, and let the edges know. */
static enum err close_log(struct publisher *p, const char *reason)
{
	if (!p->is_read_only)
		log_error("log.read-only", "why=\"%s\"", reason);
	p->is_read_only = true;
	TRY(store_log_set_read_only(p->store, slice_of_string(reason)));
	return failure(ERR_CONFLICT, "the log is read-only: %s", reason);
}

static enum err open_log(struct publisher *p)
{
	if (p->is_read_only)
		log_info("log.writable", "size=%" PRIu64, p->appended);
	p->is_read_only = false;
	return store_log_set_writable(p->store);
}

/* What is on disk: the files of the newest checkpoint, or none; its note. */
static enum err load_published(struct publisher *p, struct buf *note, uint64_t stored)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_checkpoint last;
	enum err result = store_log_checkpoint_last(p->store, &arena, &last);

	p->published = 0;
	if (result == ERR_NOT_FOUND) {
		p->tiles.size = 0;
		return OK;
	}
	TRY(result);
	if (last.size > stored)
		return close_log(p, "the database has fewer entries than it has published");
	TRY(tiles_check(&p->tiles, last.size, last.root));
	if (p->tiles.size != last.size)
		log_warn("log.tiles.rebuilt", "size=%" PRIu64, last.size);
	TRY(tiles_extend(&p->tiles, p->store, last.size));
	p->published = last.size;
	buf_write(note, last.note);
	return buf_done(note);
}

/* Was a newer checkpoint of this tree shown already, and not recorded before the crash? */
static bool shows_newer(const struct publisher *p, uint64_t kept)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct checkpoint shown;
	struct digest root;
	struct slice text;

	return file_read(&note, p->tiles.directory, "checkpoint") == OK &&
	       note_text(&text, buf_slice(&note)) == OK && checkpoint_parse(&shown, text) == OK &&
	       shown.size > p->published && shown.size <= kept &&
	       tiles_root(&root, &p->tiles, shown.size) == OK && digest_equal(&root, &shown.root);
}

/* The file itself: it may be missing or be of a log that was here before. What was shown is not
 * taken back: a log never becomes shorter. */
static enum err restore_checkpoint(const struct publisher *p, uint64_t kept, struct slice note)
{
	if (!note.size || shows_newer(p, kept))
		return OK;
	return file_write_atomic(p->tiles.directory, "checkpoint", note, 0644);
}

/* What the keeper has and the database has not. */
static enum err restore_newest(struct publisher *p, uint64_t *stored, uint64_t kept,
			       const struct digest *root)
{
	const struct restore_tree tree = {kept, *root};
	char why[2 * FAILURE_MAX_TEXT];
	enum err result;

	if (kept <= *stored)
		return OK;
	result = restore_leaves(&p->tiles, p->store, &tree, *stored, kept, clock_now_ms());
	if (result == ERR_FORGED || result == ERR_NOT_FOUND) {
		snprintf(why, sizeof why,
			 "the keeper has appended more entries than the database has; was the "
			 "database restored from a backup? (%s)",
			 failure_text());
		return close_log(p, why);
	}
	TRY(result);
	return store_log_size(p->store, stored);
}

/* Leaves that are missing between others: looked for a part at a time, when all else is done. */
static enum err restore_between(struct publisher *p)
{
	uint64_t end = p->look_until - p->looked_at > PUBLISHER_LOOK ? p->looked_at + PUBLISHER_LOOK
								     : p->look_until;
	struct restore_tree tree = {.size = p->published};
	uint64_t first;
	enum err result = store_restore_gap(p->store, &first, p->looked_at, end);

	if (result == OK) {
		TRY(tiles_root(&tree.root, &p->tiles, tree.size));
		result = restore_leaves(&p->tiles, p->store, &tree, first, end, clock_now_ms());
		if (result == ERR_FORGED || result == ERR_NOT_FOUND)
			log_error("log.damaged", "why=\"%s\"", failure_text());
	}
	if (result != OK && result != ERR_FORGED && result != ERR_NOT_FOUND)
		return result;
	p->looked_at = end;
	return OK;
}

static enum err reconcile(struct publisher *p)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	uint64_t stored, kept;
	struct digest ours, theirs;

	TRY(store_log_size(p->store, &stored));
	TRY(p->keeper.state(p->keeper.context, &kept, &theirs));
	TRY(restore_newest(p, &stored, kept, &theirs));
	TRY(store_restore_links(p->store));
	TRY(load_published(p, &note, stored));
	if (kept < p->published)
		log_warn("log.keeper.behind", "keeper=%" PRIu64 " published=%" PRIu64, kept,
			 p->published);
	TRY(tiles_extend(&p->tiles, p->store, kept));
	TRY(tiles_root(&ours, &p->tiles, kept));
	if (!digest_equal(&ours, &theirs))
		return close_log(p, "the entries in the database are not those the keeper has "
				    "appended");
	TRY(restore_checkpoint(p, kept, buf_slice(&note)));
	p->appended = kept;
	TRY(open_log(p));
	p->is_reconciled = true;
	if (!p->look_until)
		p->look_until = p->published;
	return OK;
}

/* The keeper must have signed a checkpoint of the tree that is in our files. */
static enum err check_note(struct publisher *p, struct slice note, uint64_t size,
			   struct store_checkpoint *out)
{
	struct checkpoint checkpoint;
	struct digest root;
	struct slice text;

	TRY(note_text(&text, note));
	TRY(checkpoint_parse(&checkpoint, text));
	TRY(tiles_root(&root, &p->tiles, size));
	if (checkpoint.size != size || !digest_equal(&checkpoint.root, &root))
		return close_log(p, "the keeper has signed another tree than the database holds");
	*out = (struct store_checkpoint){.size = size, .note = note};
	memcpy(out->root, root.bytes, sizeof out->root);
	return OK;
}

static enum err publish(struct publisher *p, uint64_t size, struct slice note,
			const struct numbering_result *fresh)
{
	struct store_checkpoint checkpoint;

	TRY(step(p, PUBLISHER_TILES));
	TRY(tiles_extend_by(&p->tiles, p->store, size, fresh->leaves, fresh->count));
	TRY(check_note(p, note, size, &checkpoint));
	TRY(step(p, PUBLISHER_CHECKPOINT));
	TRY(file_write_atomic(p->tiles.directory, "checkpoint", note, 0644));
	TRY(step(p, PUBLISHER_RECORD));
	TRY(store_log_checkpoint_add(p->store, &checkpoint));
	p->published = size;
	return OK;
}

/* How many of these fit a message. */
static size_t fitting(const struct store_leaf *leaves, size_t count)
{
	size_t bytes = 0, i = 0;

	for (; i < count && i < STORE_LOG_BATCH; i++) {
		bytes += leaves[i].leaf.size + leaves[i].payload.size + STORE_LOG_OVERHEAD;
		if (i && bytes > PUBLISHER_APPEND_BYTES)
			break;
	}
	return i;
}

/* What the keeper gets next: of what was numbered just now, or else from the database. */
static enum err next_entries(struct publisher *p, struct arena *arena, struct store_leaf **out,
			     size_t *count, uint64_t goal, const struct numbering_result *fresh)
{
	size_t limit = STORE_LOG_BATCH;

	if (fresh->count && p->appended >= fresh->first) {
		size_t done = (size_t)(p->appended - fresh->first);

		*out = fresh->leaves + done;
		*count = fitting(*out, (size_t)(goal - p->appended));
		return OK;
	}
	if (fresh->count && fresh->first - p->appended < limit)
		limit = (size_t)(fresh->first - p->appended);
	return store_log_entries(p->store, arena, out, count, p->appended, limit,
				 PUBLISHER_APPEND_BYTES);
}

/* One message of entries that the keeper has not; of none, if it has all. */
static enum err append_some(struct publisher *p, uint64_t goal, struct buf *note,
			    const struct numbering_result *fresh)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_leaf *leaves = NULL;
	size_t count = 0;
	uint64_t size;

	if (p->appended < goal)
		TRY(next_entries(p, &arena, &leaves, &count, goal, fresh));
	buf_reset(note);
	TRY(p->keeper.append(p->keeper.context, p->appended, leaves, count, &size, note));
	if (size != p->appended + count)
		return failure(ERR_CONFLICT,
			       "log: the keeper has %" PRIu64 " entries after %" PRIu64, size,
			       p->appended + count);
	p->appended = size;
	return OK;
}

/* Append what the keeper has not, at most a batch, in messages as large as the channel takes. If it
 * has all, but the last checkpoint was lost on the way, an append of nothing asks for it again. */
static enum err append(struct publisher *p, uint64_t stored, struct buf *note,
		       const struct numbering_result *fresh)
{
	uint64_t goal = stored - p->appended > NUMBERING_BATCH ? p->appended + NUMBERING_BATCH
							       : stored;

	TRY(step(p, PUBLISHER_APPEND));
	do
		TRY(append_some(p, goal, note, fresh));
	while (p->appended < goal);
	return OK;
}

static enum err cycle(struct publisher *p, bool *more)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct numbering_result fresh;
	uint64_t stored;

	if (!p->is_reconciled)
		TRY(reconcile(p));
	TRY(step(p, PUBLISHER_NUMBER));
	TRY(numbering_run(&fresh, &arena, p->store, &p->pace, clock_monotonic_ms(),
			  clock_now_ms()));
	stored = fresh.first + fresh.count;
	*more = fresh.count > 0;
	if (stored == p->published && stored == p->appended)
		return p->looked_at < p->look_until ? restore_between(p) : OK;
	TRY(append(p, stored, &note, &fresh));
	/* A keeper that is behind the published checkpoint catches up before anything new is
	 * published: a published log never becomes shorter. */
	if (p->appended > p->published)
		TRY(publish(p, p->appended, buf_slice(&note), &fresh));
	*more = true;
	return OK;
}

enum err publisher_cycle(struct publisher *p, bool *more)
{
	enum err result = room_look(&p->room, p->store, clock_monotonic_ms());

	if (result != OK)
		log_warn("log.room", "why=\"%s\"", failure_text());
	result = cycle(p, more);
	if (result == ERR_FULL)
		room_ended(&p->room, clock_monotonic_ms());
	if (result != OK)
		p->is_reconciled = false;
	return result;
}

enum err publisher_find(struct publisher *p, const uint8_t event[STORE_ID], uint64_t *index)
{
	TRY(store_log_index(p->store, index, event));
	if (*index >= p->published)
		return failure(ERR_NOT_FOUND, "the event is not published yet");
	return OK;
}
