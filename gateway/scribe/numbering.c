/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scribe/numbering.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/merkle.h"
#include "crypto/random.h"
#include "schema/audit/batch.h"
#include "schema/audit/chain.h"
#include "schema/audit/kinds.h"
#include "schema/audit/leaf.h"
#include "schema/store/numbering.h"

enum {
	MAX_ENTRIES = 2 * NUMBERING_BATCH,
	/* Subjects by id: open addressing, at most half full. */
	TABLE = 4 * MAX_ENTRIES,
};

/* What is being numbered; everything in the arena. */
struct numbering {
	struct arena *arena;
	uint64_t first;
	struct store_waiting **alone; /* entries of their own, in their order */
	size_t alone_count;
	struct store_waiting **rows; /* of one entry behind these */
	size_t row_count;
	struct store_link *links; /* of all subjects, each once */
	size_t link_count;
	uint16_t *table; /* 1 + place in links; 0: free */
	struct store_numbered *entries, *row_entries;
	struct store_leaf *leaves; /* as the keeper gets them */
	struct store_waiting batch;
};

_Static_assert(2 * MAX_ENTRIES < UINT16_MAX, "places fit the table");

static struct store_link *link_of(struct numbering *n, bool is_license, const uint8_t id[STORE_ID])
{
	uint64_t hash = is_license;
	size_t at;

	for (size_t i = 0; i < STORE_ID; i++)
		hash = (hash ^ id[i]) * 0x100000001b3;
	for (at = (hash ^ hash >> 32) % TABLE; n->table[at]; at = (at + 1) % TABLE) {
		struct store_link *link = &n->links[n->table[at] - 1];

		if (link->is_license == is_license && memcmp(link->id, id, STORE_ID) == 0)
			return link;
	}
	n->links[n->link_count] = (struct store_link){.is_license = is_license};
	memcpy(n->links[n->link_count].id, id, STORE_ID);
	n->table[at] = (uint16_t)++n->link_count;
	return &n->links[n->link_count - 1];
}

static void collect_of(struct numbering *n, struct store_waiting *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!store_id_is_none(list[i]->actor))
			link_of(n, false, list[i]->actor);
		if (!store_id_is_none(list[i]->license))
			link_of(n, true, list[i]->license);
	}
}

static void collect_subjects(struct numbering *n)
{
	n->links = arena_alloc(n->arena, 2 * (n->alone_count + n->row_count) * sizeof *n->links);
	n->table = arena_alloc(n->arena, TABLE * sizeof *n->table);
	memset(n->table, 0, TABLE * sizeof *n->table);
	collect_of(n, n->alone, n->alone_count);
	collect_of(n, n->rows, n->row_count);
}

static struct audit_link next_link(struct numbering *n, bool is_license, const uint8_t id[STORE_ID],
				   uint64_t place)
{
	struct audit_link next = {0};
	struct store_link *link;

	if (store_id_is_none(id))
		return next;
	link = link_of(n, is_license, id);
	next = (struct audit_link){.number = ++link->entries, .previous = link->last};
	link->last = place;
	return next;
}

/* The payload goes into the arena, with its chain. */
static enum err write_one(struct numbering *n, struct store_numbered *out, struct slice *payload,
			  const struct store_waiting *w, uint64_t place)
{
	AUTO(buf_free) struct buf chain = buf_new(AUDIT_MAX_CHAIN);
	AUTO(buf_free) struct buf joined = buf_new(AUDIT_MAX_JOINED);
	AUTO(buf_free) struct buf text = buf_new(AUDIT_MAX_LEAF);
	struct audit_chain links = {
		.actor = next_link(n, false, w->actor, place),
		.license = next_link(n, true, w->license, place),
	};
	struct audit_leaf leaf = {.at_ms = w->at_ms, .kind = w->kind};
	struct digest hash;

	audit_chain_write(&chain, &links);
	TRY(audit_chain_join(&joined, w->payload, buf_slice(&chain)));
	*payload = arena_copy(n->arena, buf_slice(&joined));
	memcpy(leaf.id, w->event, sizeof leaf.id);
	memcpy(leaf.nonce, w->nonce, sizeof leaf.nonce);
	leaf.payload = *payload;
	audit_leaf_write(&text, &leaf);
	TRY(buf_done(&text));
	hash = merkle_leaf(buf_slice(&text));
	*out = (struct store_numbered){.event = w,
				       .leaf = arena_copy(n->arena, buf_slice(&text)),
				       .chain = arena_copy(n->arena, buf_slice(&chain))};
	memcpy(out->leaf_hash, hash.bytes, sizeof out->leaf_hash);
	return OK;
}

/* Whoever repairs the log must know which event it is. */
static enum err named(enum err result, const uint8_t event[STORE_ID])
{
	char why[FAILURE_MAX_TEXT], id[TEXT_UUID];

	if (result == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	text_uuid(id, event);
	return failure(result, "event %s: %s", id, why);
}

static enum err write_entry(struct numbering *n, size_t i, const struct store_waiting *w)
{
	struct store_leaf *leaf = &n->leaves[i];

	*leaf = (struct store_leaf){.index = n->first + i};
	TRY(named(write_one(n, &n->entries[i], &leaf->payload, w, audit_place(leaf->index)),
		  w->event));
	leaf->leaf = n->entries[i].leaf;
	memcpy(leaf->event, w->event, sizeof leaf->event);
	memcpy(leaf->leaf_hash, n->entries[i].leaf_hash, sizeof leaf->leaf_hash);
	memcpy(leaf->nonce, w->nonce, sizeof leaf->nonce);
	return OK;
}

/* The event of the batch: its payload says what the rows are. */
static enum err make_batch(struct numbering *n, int64_t now_ms)
{
	AUTO(buf_free) struct buf text = buf_new(AUDIT_BATCH_TEXT);
	struct digest *hashes = arena_alloc(n->arena, n->row_count * sizeof *hashes);
	struct audit_batch batch = {.count = n->row_count,
				    .first_ms = n->rows[0]->at_ms,
				    .last_ms = n->rows[n->row_count - 1]->at_ms};

	for (size_t i = 0; i < n->row_count; i++)
		memcpy(hashes[i].bytes, n->row_entries[i].leaf_hash, sizeof hashes[i].bytes);
	batch.root = audit_batch_root(hashes, n->row_count);
	audit_batch_write(&text, &batch);
	TRY(buf_done(&text));
	n->batch = (struct store_waiting){
		.at_ms = now_ms,
		.kind = slice_of_string(audit_kind_name(AUDIT_USAGE_BATCH)),
		.payload = arena_copy(n->arena, buf_slice(&text))};
	random_uuid(n->batch.event, now_ms);
	random_bytes(n->batch.nonce, sizeof n->batch.nonce);
	return OK;
}

static enum err write_rows(struct numbering *n, int64_t now_ms)
{
	uint64_t index = n->first + n->alone_count;
	struct slice payload;

	for (size_t i = 0; i < n->row_count; i++)
		TRY(named(write_one(n, &n->row_entries[i], &payload, n->rows[i],
				    audit_place_of_row(index, (uint32_t)i)),
			  n->rows[i]->event));
	TRY(make_batch(n, now_ms));
	return write_entry(n, n->alone_count, &n->batch);
}

static enum err number(struct numbering *n, struct store *s, int64_t now_ms)
{
	size_t count = n->alone_count + (n->row_count > 0);
	struct store_numbers numbers = {
		.first = n->first, .count = count, .row_count = n->row_count};

	collect_subjects(n);
	if (n->link_count)
		TRY(store_log_links(s, n->links, n->link_count));
	n->entries = arena_alloc(n->arena, count * sizeof *n->entries);
	n->leaves = arena_alloc(n->arena, count * sizeof *n->leaves);
	n->row_entries = arena_alloc(n->arena, (n->row_count + 1) * sizeof *n->row_entries);
	for (size_t i = 0; i < n->alone_count; i++)
		TRY(write_entry(n, i, n->alone[i]));
	if (n->row_count)
		TRY(write_rows(n, now_ms));
	numbers.entries = n->entries;
	numbers.rows = n->row_entries;
	numbers.links = n->links;
	numbers.link_count = n->link_count;
	return store_log_put(s, &numbers);
}

static int by_place(const void *a, const void *b)
{
	const struct store_waiting *const *x = a, *const *y = b;

	return ((*x)->place > (*y)->place) - ((*x)->place < (*y)->place);
}

/* The edge marks what single calls leave; that it is nothing else, is looked at here: the keeper
 * sees no rows. */
static bool is_usage(const struct store_waiting *w)
{
	enum audit_kind kind;

	return audit_kind_parse(&kind, w->kind) == OK && audit_kind_is_usage(kind);
}

static void share_out(struct numbering *n, const struct store_taken *taken, bool as_rows)
{
	size_t most = taken->other_count + taken->usage_count;

	n->alone = arena_alloc(n->arena, (most + 1) * sizeof(struct store_waiting *));
	n->rows = arena_alloc(n->arena, (taken->usage_count + 1) * sizeof(struct store_waiting *));
	for (size_t i = 0; i < taken->other_count; i++)
		n->alone[n->alone_count++] = &taken->others[i];
	for (size_t i = 0; i < taken->usage_count; i++)
		if (as_rows && is_usage(&taken->usage[i]))
			n->rows[n->row_count++] = &taken->usage[i];
		else
			n->alone[n->alone_count++] = &taken->usage[i];
	qsort(n->alone, n->alone_count, sizeof(struct store_waiting *), by_place);
}

/* What of single calls may be numbered now? Up to NUMBERING_ALONE go at once, one more is asked for
 * to see that there are too many; those wait until the second is over. */
static size_t usage_limit(const struct numbering_pace *pace, bool is_over)
{
	if (is_over)
		return NUMBERING_BATCH;
	return pace->alone < NUMBERING_ALONE ? NUMBERING_ALONE - pace->alone + 1 : 0;
}

static void keep_pace(struct numbering_pace *pace, bool is_over, size_t usage_count,
		      int64_t monotonic_ms)
{
	if (!is_over) {
		pace->alone += (unsigned)usage_count;
		return;
	}
	/* A batch that is full leaves others behind: they need not wait. */
	pace->since_ms = usage_count < NUMBERING_BATCH ? monotonic_ms
						       : monotonic_ms - NUMBERING_SECOND_MS;
	pace->alone = usage_count > NUMBERING_ALONE ? NUMBERING_ALONE : (unsigned)usage_count;
}

enum err numbering_run(struct numbering_result *out, struct arena *arena, struct store *s,
		       struct numbering_pace *pace, int64_t monotonic_ms, int64_t now_ms)
{
	AUTO(store_end) struct store *store = s;
	bool is_over = monotonic_ms - pace->since_ms >= NUMBERING_SECOND_MS;
	struct store_log_limits limits = {NUMBERING_BATCH, usage_limit(pace, is_over),
					  NUMBERING_MAX_BYTES};
	struct numbering n = {.arena = arena};
	struct store_taken taken;

	TRY(store_begin(store));
	TRY(store_log_take(store, arena, &taken, &limits));
	if (!is_over && taken.usage_count == limits.usage)
		taken.usage_count = 0; /* too many: they wait */
	n.first = taken.size;
	share_out(&n, &taken, taken.usage_count > NUMBERING_ALONE);
	if (n.alone_count + n.row_count)
		TRY(number(&n, store, now_ms));
	TRY(store_commit(store));
	keep_pace(pace, is_over, taken.usage_count, monotonic_ms);
	*out = (struct numbering_result){n.first, n.leaves, n.alone_count + (n.row_count > 0)};
	return OK;
}
