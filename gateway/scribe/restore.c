/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* tdestroy */
#include "gateway/scribe/restore.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "schema/audit/batch.h"
#include "schema/audit/chain.h"
#include "schema/audit/event.h"
#include "schema/audit/leaf.h"
#include "schema/store/restore.h"

/* The last entry of a subject so far. */
struct known {
	struct store_link link;
	bool is_touched; /* by the bundle at hand */
};

struct restore {
	struct store *store;
	uint64_t from, end; /* for the entry that says so */
	int64_t now_ms;
	bool is_told;
	uint64_t base;  /* place of the first entry of the bundle at hand */
	void *subjects; /* struct known, by tsearch: as many as there are people and licenses */
	/* Of the bundle at hand; everything in the arena. */
	struct arena arena;
	struct slice texts[TILE_WIDTH];
	struct store_remains remains[TILE_WIDTH];
	struct store_numbered entries[TILE_WIDTH];
	uint64_t numbers[TILE_WIDTH];
	size_t count; /* of entries and numbers: what is put back */
	struct store_link *links;
	size_t link_count;
};

static void forget_subjects(struct restore *r)
{
	tdestroy(r->subjects, free);
	r->subjects = NULL;
}

static void restore_clear(struct restore *r)
{
	forget_subjects(r);
	arena_free(&r->arena);
}

static int by_subject(const void *a, const void *b)
{
	const struct store_link *x = a, *y = b;

	if (x->is_license != y->is_license)
		return x->is_license ? 1 : -1;
	return memcmp(x->id, y->id, STORE_ID);
}

static struct known *find(const struct restore *r, bool is_license, const uint8_t id[STORE_ID])
{
	struct known like = {.link = {.is_license = is_license}};
	void *found;

	memcpy(like.link.id, id, STORE_ID);
	found = tfind(&like, &r->subjects, by_subject);
	return found ? *(struct known **)found : NULL;
}

/* False: it is known already. */
static bool add_subject(struct restore *r, bool is_license, const uint8_t id[STORE_ID])
{
	struct known *fresh;

	if (store_id_is_none(id) || find(r, is_license, id))
		return false;
	fresh = calloc(1, sizeof *fresh);
	if (!fresh)
		abort();
	fresh->link.is_license = is_license;
	memcpy(fresh->link.id, id, STORE_ID);
	if (!tsearch(fresh, &r->subjects, by_subject))
		abort();
	return true;
}

/* Those that were not met yet: what there is of them before the bundle at hand is counted. */
static enum err learn(struct restore *r, bool is_license, const uint8_t *first_id, size_t stride,
		      size_t count)
{
	struct store_link *links = arena_alloc(&r->arena, (count + 1) * sizeof *links);
	size_t fresh = 0;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *id = first_id + i * stride;

		if (add_subject(r, is_license, id))
			links[fresh++] = find(r, is_license, id)->link;
	}
	if (!fresh || !r->base)
		return OK;
	TRY(store_restore_counts(r->store, links, fresh, r->base));
	for (size_t i = 0; i < fresh; i++)
		find(r, is_license, links[i].id)->link = links[i];
	return OK;
}

static struct audit_link next_link(struct restore *r, bool is_license, const uint8_t id[STORE_ID],
				   uint64_t place)
{
	struct audit_link next = {0};
	struct known *known;

	if (store_id_is_none(id))
		return next;
	known = find(r, is_license, id);
	next = (struct audit_link){.number = ++known->link.entries, .previous = known->link.last};
	known->link.last = place;
	known->is_touched = true;
	return next;
}

static enum err lost(uint64_t number, const char *what)
{
	return failure(ERR_NOT_FOUND, "entry %" PRIu64 ": %s", number, what);
}

/* What a batch's rows are follows from them alone; where they stand was known here only. */
static enum err pass_rows(struct restore *r, uint64_t number, const struct store_waiting *event)
{
	struct store_restore_row *rows;
	struct audit_batch batch;
	struct digest root, *hashes;
	size_t count;

	TRY(store_restore_rows(r->store, &r->arena, &rows, &count, number));
	TRY(audit_batch_read(&batch, event->payload));
	hashes = arena_alloc(&r->arena, (count + 1) * sizeof *hashes);
	for (size_t i = 0; i < count; i++)
		memcpy(hashes[i].bytes, rows[i].leaf_hash, sizeof hashes[i].bytes);
	if (count != batch.count)
		return lost(number, "rows of it are missing");
	root = audit_batch_root(hashes, count);
	if (!digest_equal(&root, &batch.root))
		return lost(number, "its rows are not those it was made of");
	TRY(learn(r, false, rows[0].actor, sizeof *rows, count));
	TRY(learn(r, true, rows[0].license, sizeof *rows, count));
	for (size_t i = 0; i < count; i++) {
		uint64_t place = audit_place_of_row(number, (uint32_t)i);

		next_link(r, false, rows[i].actor, place);
		next_link(r, true, rows[i].license, place);
	}
	return OK;
}

/* Is it the leaf of this event with that chain? */
static enum err is_leaf_of(bool *is, const struct store_waiting *event, struct slice chain,
			   struct slice text)
{
	AUTO(buf_free) struct buf joined = buf_new(AUDIT_MAX_JOINED);
	AUTO(buf_free) struct buf made = buf_new(AUDIT_MAX_LEAF);
	struct audit_leaf leaf = {.at_ms = event->at_ms, .kind = event->kind};

	TRY(audit_chain_join(&joined, event->payload, chain));
	memcpy(leaf.id, event->event, sizeof leaf.id);
	memcpy(leaf.nonce, event->nonce, sizeof leaf.nonce);
	leaf.payload = buf_slice(&joined);
	audit_leaf_write(&made, &leaf);
	*is = slice_equal(buf_slice(&made), text);
	return buf_done(&made);
}

/* Entries that are older than chains have none. */
static enum err put_back(struct restore *r, uint64_t number, const struct store_waiting *event,
			 struct slice chain, struct slice text)
{
	struct store_numbered *entry = &r->entries[r->count];
	struct digest hash = merkle_leaf(text);
	bool is_chained = true, is_bare = false;

	if (event->payload.size)
		TRY(is_leaf_of(&is_chained, event, chain, text));
	if (!is_chained)
		TRY(is_leaf_of(&is_bare, event, S(""), text));
	if (!is_chained && !is_bare)
		return lost(number, "its event, or what stood before it, is not what it was");
	*entry = (struct store_numbered){
		.event = event, .leaf = text, .chain = is_bare ? S("") : chain};
	memcpy(entry->leaf_hash, hash.bytes, sizeof entry->leaf_hash);
	r->numbers[r->count++] = number;
	return OK;
}

static enum err pass_entry(struct restore *r, uint64_t number, size_t i)
{
	AUTO(buf_free) struct buf chain = buf_new(AUDIT_MAX_CHAIN);
	const struct store_remains *remains = &r->remains[i];
	struct audit_chain links;

	if (!remains->is_there)
		return lost(number, "its event is not in the database");
	if (slice_equal(remains->event.kind, S("usage.batch")))
		TRY(pass_rows(r, number, &remains->event));
	links.actor = next_link(r, false, remains->event.actor, audit_place(number));
	links.license = next_link(r, true, remains->event.license, audit_place(number));
	if (remains->has_leaf)
		return OK;
	audit_chain_write(&chain, &links);
	TRY(buf_done(&chain));
	return put_back(r, number, &remains->event, arena_copy(&r->arena, buf_slice(&chain)),
			r->texts[i]);
}

static enum err event_of(uint8_t out[STORE_ID], struct slice text)
{
	AUTO(json_auto) json_t *value = NULL;
	struct slice id;

	TRY(json_read(&value, text, AUDIT_MAX_LEAF));
	TRY(json_get_text(&id, value, "id"));
	return text_read_uuid(out, id);
}

/* What the database has of the entries [first, end) of the bundle whose texts these are. */
static enum err look(struct restore *r, uint64_t first, uint64_t end)
{
	size_t skip = first % TILE_WIDTH, count = (size_t)(end - first);
	uint8_t events[TILE_WIDTH][STORE_ID];

	memmove(r->texts, r->texts + skip, count * sizeof r->texts[0]);
	for (size_t i = 0; i < count; i++)
		TRY(event_of(events[i], r->texts[i]));
	return store_restore_remains(r->store, &r->arena, r->remains, events, count, first);
}

static bool is_whole(const struct restore *r, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!r->remains[i].has_leaf)
			return false;
	return true;
}

static enum err tell(struct restore *r)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_event row;

	if (r->is_told)
		return OK;
	log_warn("log.rebuilt", "from=%" PRIu64 " to=%" PRIu64, r->from, r->end);
	audit_event_begin(&event, AUDIT_LOG_REBUILT, NULL, S(""));
	audit_event_number(&event, "from", (int64_t)r->from);
	audit_event_number(&event, "to", (int64_t)r->end);
	TRY(audit_event_end(&event, r->now_ms));
	row = audit_event_row(&event);
	return store_restore_event(r->store, &row);
}

static void count_touched(const void *node, VISIT visit, void *count)
{
	if (visit == postorder || visit == leaf)
		*(size_t *)count += (*(struct known *const *)node)->is_touched;
}

static void take_touched(const void *node, VISIT visit, void *context)
{
	struct known *known = *(struct known *const *)node;
	struct restore *r = context;

	if ((visit != postorder && visit != leaf) || !known->is_touched)
		return;
	known->is_touched = false;
	r->links[r->link_count++] = known->link;
}

static void collect_links(struct restore *r)
{
	size_t count = 0;

	twalk_r(r->subjects, count_touched, &count);
	r->links = arena_alloc(&r->arena, (count + 1) * sizeof *r->links);
	r->link_count = 0;
	twalk_r(r->subjects, take_touched, r);
}

static enum err put_bundle(struct restore *r)
{
	AUTO(store_end) struct store *store = r->store;

	if (!r->count)
		return OK;
	collect_links(r);
	TRY(store_begin(store));
	TRY(store_restore_put(store, r->entries, r->numbers, r->count, r->links, r->link_count));
	TRY(tell(r));
	TRY(store_commit(store));
	r->is_told = true;
	return OK;
}

/* Entries [first, end), all of one bundle; its texts are there. */
static enum err restore_bundle(struct restore *r, uint64_t first, uint64_t end)
{
	enum err result = OK;

	size_t count = (size_t)(end - first);

	TRY(look(r, first, end));
	r->count = 0;
	r->base = audit_place(first);
	if (is_whole(r, count)) {
		forget_subjects(r); /* they do not follow each other any more */
		return OK;
	}
	TRY(learn(r, false, r->remains[0].event.actor, sizeof r->remains[0], count));
	TRY(learn(r, true, r->remains[0].event.license, sizeof r->remains[0], count));
	for (uint64_t i = first; i < end && result == OK; i++)
		result = pass_entry(r, i, (size_t)(i - first));
	if (result == ERR_NOT_FOUND && r->count) { /* what stands before it is good */
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		TRY(put_bundle(r));
		return failure(result, "%s", why);
	}
	TRY(result);
	return put_bundle(r);
}

enum err restore_leaves(const struct tiles *t, struct store *s, const struct restore_tree *tree,
			uint64_t first, uint64_t end, int64_t now_ms)
{
	AUTO(restore_clear)
	struct restore r = {.store = s, .from = first, .end = end, .now_ms = now_ms};
	AUTO(buf_free) struct buf bytes = buf_new(TILES_MAX_BUNDLE);
	struct tiles files = {.directory = t->directory, .size = tree->size};

	TRY(tiles_prove(&files, first, end, &tree->root));
	while (first < end) {
		uint64_t index = first / TILE_WIDTH, behind = (index + 1) * TILE_WIDTH;
		size_t count;

		if (behind > end)
			behind = end;
		TRY(tiles_bundle(r.texts, &count, &bytes, &files, index));
		TRY(restore_bundle(&r, first, behind));
		arena_reset(&r.arena);
		first = behind;
	}
	return OK;
}
