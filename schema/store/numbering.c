/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/numbering.h"

#include "schema/store/array.h"

#define TAKE(which) \
	"SELECT place, event, at, kind, actor, license, nonce, payload FROM (" \
	"SELECT o.id AS place, o.event, e.*, row_number() OVER (ORDER BY o.id) AS row, " \
	"sum(octet_length(e.payload)) OVER (ORDER BY o.id) AS bytes " \
	"FROM (SELECT id, event FROM audit_outbox WHERE " which \
	" ORDER BY id LIMIT $1::bigint) o, " \
	"LATERAL (SELECT at, kind, actor, license, nonce, payload FROM audit_event " \
	"WHERE id = o.event OFFSET 0) e) t " \
	"WHERE bytes <= $2::bigint OR row = 1 ORDER BY place"

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

/* Committed rows only, in the order of their ids: an act that was answered before another began has
 * the smaller id, so the tree keeps their order. OFFSET 0 keeps the planner to one look into the
 * index for each. Planned each time: what was planned while nothing waited sorts all that waits. */
static const struct store_statement take_others = {NULL, TAKE("NOT is_usage")};
static const struct store_statement take_usage = {NULL, TAKE("is_usage")};

static struct store_step *add_take(struct store_batch *batch,
				   const struct store_statement *statement, struct arena *arena,
				   size_t limit, size_t max_bytes)
{
	struct store_step *step = store_batch_add(batch, statement, arena);

	store_put_int(step, (int64_t)limit);
	store_put_int(step, (int64_t)max_bytes);
	return step;
}

/* Two scribes cannot number at the same time; the key spells "log". */
enum err store_log_take(struct store *s, struct arena *arena, struct store_taken *out,
			const struct store_log_limits *limits)
{
	static const struct store_statement lock = {
		"log_lock", "SELECT pg_advisory_xact_lock(x'6c6f67'::bigint)"};
	static const struct store_statement size_of_tree = {
		"log_next", "SELECT coalesce(max(seq) + 1, 0) FROM audit_leaf"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *size, *others, *usage;

	store_batch_add(&batch, &lock, NULL);
	size = store_batch_add(&batch, &size_of_tree, NULL);
	others = add_take(&batch, &take_others, arena, limits->others, limits->max_bytes);
	usage = add_take(&batch, &take_usage, arena, limits->usage, limits->max_bytes);
	TRY(store_batch_run(s, &batch));
	if (!store_next(size))
		return failure(ERR_INTERNAL, "the log has no size");
	out->size = (uint64_t)store_take_int(size);
	out->others = store_all(others, &out->other_count, sizeof *out->others, take_waiting);
	out->usage = store_all(usage, &out->usage_count, sizeof *out->usage, take_waiting);
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

struct columns {
	struct store_array numbers, rows, events, leaves, hashes, chains;
};

static struct columns columns_new(void)
{
	return (struct columns){.numbers = store_array_new(STORE_INTS),
				.rows = store_array_new(STORE_INTS),
				.events = store_array_new(STORE_IDS),
				.leaves = store_array_new(STORE_BYTES),
				.hashes = store_array_new(STORE_BYTES),
				.chains = store_array_new(STORE_BYTES)};
}

static void columns_free(struct columns *c)
{
	store_array_free(&c->numbers);
	store_array_free(&c->rows);
	store_array_free(&c->events);
	store_array_free(&c->leaves);
	store_array_free(&c->hashes);
	store_array_free(&c->chains);
}

static void add_column(struct columns *c, const struct store_numbered *n, uint64_t number,
		       uint64_t row)
{
	store_array_add_int(&c->numbers, (int64_t)number);
	store_array_add_int(&c->rows, (int64_t)row);
	store_array_add_id(&c->events, n->event->event);
	store_array_add_bytes(&c->leaves, n->leaf);
	store_array_add_bytes(&c->hashes, slice_of(n->leaf_hash, sizeof n->leaf_hash));
	store_array_add_bytes_or_null(&c->chains, n->chain);
}

static void put_columns(struct store_step *step, struct columns *c)
{
	store_put_array(step, &c->numbers);
	store_put_array(step, &c->events);
	store_put_array(step, &c->leaves);
	store_put_array(step, &c->hashes);
	store_put_array(step, &c->chains);
}

static void put_batch_event(struct store_batch *batch, const struct store_waiting *event)
{
	static const struct store_statement insert = {"log_batch_event",
						      "SELECT audit_batch_event($1, $2, $3, $4)"};
	struct store_step *step = store_batch_add(batch, &insert, NULL);

	store_put_id(step, event->event);
	store_put_time(step, event->at_ms);
	store_put_bytes(step, event->payload);
	store_put_bytes(step, slice_of(event->nonce, STORE_NONCE));
}

static void add_places(struct store_array *places, const struct store_numbered *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].event->place)
			store_array_add_int(places, list[i].event->place);
}

static enum err put_leaves(struct store *s, const struct store_numbers *n)
{
	static const struct store_statement insert = {
		"log_put", "INSERT INTO audit_leaf (seq, event, leaf, leaf_hash, chain) "
			   "SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], "
			   "$4::bytea[], $5::bytea[])"};
	static const struct store_statement insert_rows = {
		"log_put_rows", "INSERT INTO audit_row (seq, event, leaf, leaf_hash, chain, row) "
				"SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], "
				"$4::bytea[], $5::bytea[], $6::bigint[])"};
	static const struct store_statement remove = {
		"log_remove", "DELETE FROM audit_outbox WHERE id = ANY ($1::bigint[])"};
	AUTO(columns_free) struct columns entries = columns_new();
	AUTO(columns_free) struct columns rows = columns_new();
	AUTO(store_array_free) struct store_array places = store_array_new(STORE_INTS);
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;

	for (size_t i = 0; i < n->count; i++)
		add_column(&entries, &n->entries[i], n->first + i, 0);
	for (size_t i = 0; i < n->row_count; i++)
		add_column(&rows, &n->rows[i], n->first + n->count - 1, i);
	add_places(&places, n->entries, n->count);
	add_places(&places, n->rows, n->row_count);
	if (n->row_count)
		put_batch_event(&batch, n->entries[n->count - 1].event);
	put_columns(store_batch_add(&batch, &insert, NULL), &entries);
	if (n->row_count) {
		step = store_batch_add(&batch, &insert_rows, NULL);
		put_columns(step, &rows);
		store_put_array(step, &rows.rows);
	}
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

enum err store_log_put(struct store *s, const struct store_numbers *numbers)
{
	TRY(put_leaves(s, numbers));
	return put_links(s, numbers->links, numbers->link_count);
}
