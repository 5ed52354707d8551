/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/numbering.h"

#include "schema/store/array.h"

static void take_waiting(struct store_step *step, void *out)
{
	struct store_waiting *waiting = out;

	waiting->place = store_take_int(step);
	store_take_id(step, waiting->event);
	waiting->at_ms = store_take_time(step);
	waiting->kind = store_take_text(step);
	store_take_id(step, waiting->actor);
	store_take_id(step, waiting->license);
	store_take_bytes(step, waiting->nonce, sizeof waiting->nonce);
	waiting->payload = store_take_text(step);
}

/* Two scribes cannot number at the same time; the key spells "log". Committed rows only, in the
 * order of their ids: an act that was answered before another began has the smaller id, so the tree
 * keeps their order. OFFSET 0 keeps the planner to one look into the index for each. */
enum err store_log_take(struct store *s, struct arena *arena, struct store_waiting **out,
			size_t *count, uint64_t *size, size_t limit, size_t max_bytes)
{
	static const struct store_statement lock = {
		"log_lock", "SELECT pg_advisory_xact_lock(x'6c6f67'::bigint)"};
	static const struct store_statement size_of_tree = {
		"log_next", "SELECT coalesce(max(seq) + 1, 0) FROM audit_leaf"};
	static const struct store_statement list = {
		"log_take",
		"SELECT place, event, at, kind, actor, license, nonce, payload FROM ("
		"SELECT o.id AS place, o.event, e.*, row_number() OVER (ORDER BY o.id) AS row, "
		"sum(octet_length(e.payload)) OVER (ORDER BY o.id) AS bytes "
		"FROM (SELECT id, event FROM audit_outbox ORDER BY id LIMIT $1::bigint) o, "
		"LATERAL (SELECT at, kind, actor, license, nonce, payload FROM audit_event "
		"WHERE id = o.event OFFSET 0) e) t "
		"WHERE bytes <= $2::bigint OR row = 1 ORDER BY place"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step, *rows;

	store_batch_add(&batch, &lock, NULL);
	step = store_batch_add(&batch, &size_of_tree, NULL);
	rows = store_batch_add(&batch, &list, arena);
	store_put_int(rows, (int64_t)limit);
	store_put_int(rows, (int64_t)max_bytes);
	TRY(store_batch_run(s, &batch));
	if (!store_next(step))
		return failure(ERR_INTERNAL, "the log has no size");
	*size = (uint64_t)store_take_int(step);
	*out = store_all(rows, count, sizeof **out, take_waiting);
	return OK;
}

enum err store_log_links(struct store *s, struct store_link *links, size_t count)
{
	static const struct store_statement find = {
		"log_links", "SELECT a.n, c.entries, c.last FROM unnest($1::text[], $2::uuid[]) "
			     "WITH ORDINALITY AS a (subject, id, n), "
			     "LATERAL (SELECT entries, last FROM audit_chain "
			     "WHERE subject = a.subject AND id = a.id OFFSET 0) c"};
	AUTO(store_array_free) struct store_array subjects = store_array_new(STORE_TEXTS);
	AUTO(store_array_free) struct store_array ids = store_array_new(STORE_IDS);
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	for (size_t i = 0; i < count; i++) {
		store_array_add_bytes(&subjects, links[i].is_license ? S("license") : S("actor"));
		store_array_add_id(&ids, links[i].id);
	}
	store_put_array(&step, &subjects);
	store_put_array(&step, &ids);
	TRY(store_run(s, &step, 1));
	while (store_next(&step)) {
		struct store_link *link = &links[store_take_int(&step) - 1];

		link->entries = (uint64_t)store_take_int(&step);
		link->last = (uint64_t)store_take_int(&step);
	}
	return OK;
}

static enum err put_leaves(struct store *s, uint64_t first, const struct store_numbered *numbered,
			   size_t count)
{
	static const struct store_statement insert = {
		"log_put", "INSERT INTO audit_leaf (seq, event, leaf, leaf_hash, chain) "
			   "SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], "
			   "$4::bytea[], $5::bytea[])"};
	static const struct store_statement remove = {
		"log_remove", "DELETE FROM audit_outbox WHERE id = ANY ($1::bigint[])"};
	AUTO(store_array_free) struct store_array numbers = store_array_new(STORE_INTS);
	AUTO(store_array_free) struct store_array events = store_array_new(STORE_IDS);
	AUTO(store_array_free) struct store_array leaves = store_array_new(STORE_BYTES);
	AUTO(store_array_free) struct store_array hashes = store_array_new(STORE_BYTES);
	AUTO(store_array_free) struct store_array chains = store_array_new(STORE_BYTES);
	AUTO(store_array_free) struct store_array places = store_array_new(STORE_INTS);
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);

	for (size_t i = 0; i < count; i++) {
		store_array_add_int(&numbers, (int64_t)(first + i));
		store_array_add_id(&events, numbered[i].event->event);
		store_array_add_bytes(&leaves, numbered[i].leaf);
		store_array_add_bytes(&hashes, slice_of(numbered[i].leaf_hash, 32));
		store_array_add_bytes_or_null(&chains, numbered[i].chain);
		store_array_add_int(&places, numbered[i].event->place);
	}
	store_put_array(step, &numbers);
	store_put_array(step, &events);
	store_put_array(step, &leaves);
	store_put_array(step, &hashes);
	store_put_array(step, &chains);
	store_put_array(store_batch_add(&batch, &remove, NULL), &places);
	return store_batch_run(s, &batch);
}

static enum err put_links(struct store *s, const struct store_link *links, size_t count)
{
	static const struct store_statement put = {
		"log_put_links",
		"INSERT INTO audit_chain (subject, id, entries, last) "
		"SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) "
		"ON CONFLICT (subject, id) DO UPDATE "
		"SET entries = excluded.entries, last = excluded.last"};
	AUTO(store_array_free) struct store_array subjects = store_array_new(STORE_TEXTS);
	AUTO(store_array_free) struct store_array ids = store_array_new(STORE_IDS);
	AUTO(store_array_free) struct store_array entries = store_array_new(STORE_INTS);
	AUTO(store_array_free) struct store_array lasts = store_array_new(STORE_INTS);
	AUTO(store_step_clear) struct store_step step = {.statement = &put};

	if (!count)
		return OK;
	for (size_t i = 0; i < count; i++) {
		store_array_add_bytes(&subjects, links[i].is_license ? S("license") : S("actor"));
		store_array_add_id(&ids, links[i].id);
		store_array_add_int(&entries, (int64_t)links[i].entries);
		store_array_add_int(&lasts, (int64_t)links[i].last);
	}
	store_put_array(&step, &subjects);
	store_put_array(&step, &ids);
	store_put_array(&step, &entries);
	store_put_array(&step, &lasts);
	return store_run(s, &step, 1);
}

enum err store_log_put(struct store *s, uint64_t first, const struct store_numbered *numbered,
		       size_t count, const struct store_link *links, size_t link_count)
{
	TRY(put_leaves(s, first, numbered, count));
	return put_links(s, links, link_count);
}
