/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scribe/numbering.h"

#include <assert.h>
#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/merkle.h"
#include "schema/audit/chain.h"
#include "schema/audit/leaf.h"

enum {
	/* Subjects by id: open addressing, at most half full. */
	TABLE = 4 * NUMBERING_BATCH,
};

/* What is being numbered; everything in the arena. */
struct numbering {
	struct arena *arena;
	struct store_waiting *waiting;
	size_t count;
	struct store_link *links; /* of all subjects in the batch, each once */
	size_t link_count;
	uint16_t *table; /* 1 + place in links; 0: free */
	struct store_numbered *numbered;
};

_Static_assert(2 * NUMBERING_BATCH < UINT16_MAX, "places fit the table");

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

static void collect_subjects(struct numbering *n)
{
	n->links = arena_alloc(n->arena, 2 * n->count * sizeof *n->links);
	n->table = arena_alloc(n->arena, TABLE * sizeof *n->table);
	memset(n->table, 0, TABLE * sizeof *n->table);
	for (size_t i = 0; i < n->count; i++) {
		if (!store_id_is_none(n->waiting[i].actor))
			link_of(n, false, n->waiting[i].actor);
		if (!store_id_is_none(n->waiting[i].license))
			link_of(n, true, n->waiting[i].license);
	}
}

static struct audit_link next_link(struct numbering *n, bool is_license, const uint8_t id[STORE_ID],
				   uint64_t index)
{
	struct audit_link next = {0};
	struct store_link *link;

	if (store_id_is_none(id))
		return next;
	link = link_of(n, is_license, id);
	next = (struct audit_link){.number = ++link->entries, .previous = audit_place(link->last)};
	link->last = index;
	return next;
}

static enum err write_one(struct numbering *n, struct store_numbered *out,
			  const struct store_waiting *w, uint64_t index)
{
	AUTO(buf_free) struct buf chain = buf_new(AUDIT_MAX_CHAIN);
	AUTO(buf_free) struct buf payload = buf_new(AUDIT_MAX_JOINED);
	AUTO(buf_free) struct buf text = buf_new(AUDIT_MAX_LEAF);
	struct audit_chain links = {
		.actor = next_link(n, false, w->actor, index),
		.license = next_link(n, true, w->license, index),
	};
	struct audit_leaf leaf = {.at_ms = w->at_ms, .kind = w->kind};
	struct digest hash;

	audit_chain_write(&chain, &links);
	TRY(audit_chain_join(&payload, w->payload, buf_slice(&chain)));
	memcpy(leaf.id, w->event, sizeof leaf.id);
	memcpy(leaf.nonce, w->nonce, sizeof leaf.nonce);
	leaf.payload = buf_slice(&payload);
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

static enum err number(struct numbering *n, struct store *s, uint64_t first)
{
	collect_subjects(n);
	if (n->link_count)
		TRY(store_log_links(s, n->links, n->link_count));
	n->numbered = arena_alloc(n->arena, n->count * sizeof *n->numbered);
	for (size_t i = 0; i < n->count; i++)
		TRY(named(write_one(n, &n->numbered[i], &n->waiting[i], first + i),
			  n->waiting[i].event));
	return store_log_put(s, first, n->numbered, n->count, n->links, n->link_count);
}

enum err numbering_run(struct store *s, uint64_t *size, bool *more)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(store_end) struct store *store = s;
	struct numbering n = {.arena = &arena};

	TRY(store_begin(store));
	TRY(store_log_take(store, &arena, &n.waiting, &n.count, size, NUMBERING_BATCH,
			   NUMBERING_MAX_BYTES));
	*more = n.count > 0;
	if (n.count)
		TRY(number(&n, store, *size));
	*size += n.count;
	return store_commit(store);
}
