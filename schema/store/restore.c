/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/restore.h"

#include "schema/store/array.h"

static void take_remains(struct store_step *step, void *out)
{
	struct store_remains *r = out;

	*r = (struct store_remains){.has_leaf = store_take_bool(step)};
	store_take_id(step, r->event.event);
	r->is_there = !store_take_is_null(step);
	r->event.at_ms = store_take_time(step);
	r->event.kind = store_take_text(step);
	store_take_id(step, r->event.actor);
	store_take_id(step, r->event.license);
	store_take_bytes(step, r->event.nonce, sizeof r->event.nonce);
	r->event.payload = store_take_text(step);
}

enum err store_restore_remains(struct store *s, struct arena *arena, struct store_remains *out,
			       uint8_t (*events)[STORE_ID], size_t count, uint64_t first)
{
	static const struct store_statement find = {
		"restore_remains",
		"SELECT l.seq IS NOT NULL, a.id, e.at, e.kind, e.actor, e.license, e.nonce, "
		"e.payload FROM unnest($1::uuid[]) WITH ORDINALITY AS a (id, n) "
		"LEFT JOIN audit_event e ON e.id = a.id "
		"LEFT JOIN audit_leaf l ON l.seq = $2::bigint + a.n - 1 ORDER BY a.n"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};
	AUTO(store_array_free) struct store_array ids = store_array_new(STORE_IDS);
	struct store_remains *rows;
	size_t found;

	for (size_t i = 0; i < count; i++)
		store_array_add_id(&ids, events[i]);
	store_put_array(&step, &ids);
	store_put_int(&step, (int64_t)first);
	TRY(store_run(s, &step, 1));
	rows = store_all(&step, &found, sizeof *rows, take_remains);
	if (found != count)
		return failure(ERR_INTERNAL, "log: %zu events asked for, %zu came", count, found);
	memcpy(out, rows, count * sizeof *out);
	return OK;
}

enum err store_restore_gap(struct store *s, uint64_t *number, uint64_t from, uint64_t to)
{
	static const struct store_statement count_them = {
		"restore_count",
		"SELECT count(*) FROM audit_leaf WHERE seq >= $1::bigint AND seq < $2::bigint"};
	static const struct store_statement find = {
		"restore_gap", "SELECT n FROM generate_series($1::bigint, $2::bigint - 1) n "
			       "WHERE NOT EXISTS (SELECT FROM audit_leaf WHERE seq = n) "
			       "ORDER BY n LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &count_them};
	AUTO(store_step_clear) struct store_step gap = {.statement = &find};

	store_put_int(&step, (int64_t)from);
	store_put_int(&step, (int64_t)to);
	TRY(store_run(s, &step, 1));
	if (store_next(&step) && (uint64_t)store_take_int(&step) == to - from)
		return failure(ERR_NOT_FOUND, "no leaf is missing");
	store_put_int(&gap, (int64_t)from);
	store_put_int(&gap, (int64_t)to);
	TRY(store_run(s, &gap, 1));
	if (!store_next(&gap))
		return failure(ERR_NOT_FOUND, "no leaf is missing");
	*number = (uint64_t)store_take_int(&gap);
	return OK;
}

static void take_row(struct store_step *step, void *out)
{
	struct store_restore_row *row = out;

	store_take_id(step, row->actor);
	store_take_id(step, row->license);
	store_take_bytes(step, row->leaf_hash, sizeof row->leaf_hash);
}

enum err store_restore_rows(struct store *s, struct arena *arena, struct store_restore_row **out,
			    size_t *count, uint64_t number)
{
	static const struct store_statement list = {
		"restore_rows", "SELECT e.actor, e.license, r.leaf_hash FROM audit_row r "
				"JOIN audit_event e ON e.id = r.event "
				"WHERE r.seq = $1::bigint ORDER BY r.row"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, (int64_t)number);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_row);
	return OK;
}

static enum err count_links(struct store *s, struct store_link *links, size_t count, uint64_t place)
{
	static const struct store_statement of_licenses = {
		"restore_licenses",
		"SELECT a.n, count(*), max(p.place) FROM unnest($1::uuid[]) WITH ORDINALITY "
		"AS a (id, n) JOIN audit_event e ON e.license = a.id "
		"JOIN audit_numbered p ON p.event = e.id WHERE p.place < $2::bigint GROUP BY a.n"};
	static const struct store_statement of_actors = {
		"restore_actors",
		"SELECT a.n, count(*), max(p.place) FROM unnest($1::uuid[]) WITH ORDINALITY "
		"AS a (id, n) JOIN audit_event e ON e.actor = a.id "
		"JOIN audit_numbered p ON p.event = e.id WHERE p.place < $2::bigint GROUP BY a.n"};
	AUTO(store_array_free) struct store_array ids = store_array_new(STORE_IDS);
	AUTO(store_step_clear)
	struct store_step step = {.statement = links[0].is_license ? &of_licenses : &of_actors};

	for (size_t i = 0; i < count; i++)
		store_array_add_id(&ids, links[i].id);
	store_put_array(&step, &ids);
	store_put_int(&step, (int64_t)place);
	TRY(store_run(s, &step, 1));
	while (store_next(&step)) {
		struct store_link *link = &links[store_take_int(&step) - 1];

		link->entries = (uint64_t)store_take_int(&step);
		link->last = (uint64_t)store_take_int(&step);
	}
	return OK;
}

enum err store_restore_counts(struct store *s, struct store_link *links, size_t count,
			      uint64_t place)
{
	AUTO(store_end) struct store *store = s;

	TRY(store_begin(store));
	TRY(store_wait_long(store));
	TRY(count_links(store, links, count, place));
	return store_commit(store);
}

static enum err put_columns(struct store *s, const struct store_statement *statement,
			    struct store_array *columns, size_t count)
{
	AUTO(store_step_clear) struct store_step step = {.statement = statement};

	for (size_t i = 0; i < count; i++)
		store_put_array(&step, &columns[i]);
	return store_run(s, &step, 1);
}

static void free_columns(struct store_array *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store_array_free(&columns[i]);
}

/* Entries whose numbers follow each other: as the trigger of the tree wants them. */
static enum err put_run(struct store *s, const struct store_numbered *entries,
			const uint64_t *numbers, size_t count)
{
	static const struct store_statement insert = {
		"restore_put", "INSERT INTO audit_leaf (seq, event, leaf, leaf_hash, chain) "
			       "SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], "
			       "$4::bytea[], $5::bytea[])"};
	struct store_array columns[5] = {store_array_new(STORE_INTS), store_array_new(STORE_IDS),
					 store_array_new(STORE_BYTES), store_array_new(STORE_BYTES),
					 store_array_new(STORE_BYTES)};
	enum err result;

	for (size_t i = 0; i < count; i++) {
		store_array_add_int(&columns[0], (int64_t)numbers[i]);
		store_array_add_id(&columns[1], entries[i].event->event);
		store_array_add_bytes(&columns[2], entries[i].leaf);
		store_array_add_bytes(&columns[3], slice_of(entries[i].leaf_hash, 32));
		store_array_add_bytes_or_null(&columns[4], entries[i].chain);
	}
	result = put_columns(s, &insert, columns, 5);
	free_columns(columns, 5);
	return result;
}

static enum err put_links(struct store *s, const struct store_link *links, size_t count)
{
	static const struct store_statement put = {
		"restore_put_links",
		"INSERT INTO audit_chain AS c (subject, id, entries, last) "
		"SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) "
		"ON CONFLICT (subject, id) DO UPDATE "
		"SET entries = excluded.entries, last = excluded.last "
		"WHERE c.last < excluded.last"};
	struct store_array columns[4] = {store_array_new(STORE_TEXTS), store_array_new(STORE_IDS),
					 store_array_new(STORE_INTS), store_array_new(STORE_INTS)};
	enum err result;

	for (size_t i = 0; i < count; i++) {
		store_array_add_bytes(&columns[0], links[i].is_license ? S("license") : S("actor"));
		store_array_add_id(&columns[1], links[i].id);
		store_array_add_int(&columns[2], (int64_t)links[i].entries);
		store_array_add_int(&columns[3], (int64_t)links[i].last);
	}
	result = put_columns(s, &put, columns, 4);
	free_columns(columns, 4);
	return result;
}

static enum err leave_outbox(struct store *s, const struct store_numbered *entries, size_t count)
{
	static const struct store_statement remove = {
		"restore_done", "DELETE FROM audit_outbox WHERE event = ANY ($1::uuid[])"};
	AUTO(store_array_free) struct store_array events = store_array_new(STORE_IDS);

	for (size_t i = 0; i < count; i++)
		store_array_add_id(&events, entries[i].event->event);
	return put_columns(s, &remove, &events, 1);
}

enum err store_restore_put(struct store *s, const struct store_numbered *entries,
			   const uint64_t *numbers, size_t count, const struct store_link *links,
			   size_t link_count)
{
	for (size_t first = 0, end = 0; first < count; first = end) {
		while (end < count && numbers[end] - numbers[first] == end - first)
			end++;
		TRY(put_run(s, entries + first, numbers + first, end - first));
	}
	if (link_count)
		TRY(put_links(s, links, link_count));
	return leave_outbox(s, entries, count);
}

enum err store_restore_links(struct store *s)
{
	static const struct store_statement restore = {
		"restore_links",
		"INSERT INTO audit_chain (subject, id, entries, last) "
		"SELECT subject, id, count(*), max(place) FROM ("
		"SELECT a.subject, a.id, n.place FROM audit_numbered n "
		"JOIN audit_event e ON e.id = n.event, "
		"LATERAL (VALUES ('actor', e.actor), ('license', e.license)) AS a (subject, id)) t "
		"WHERE id IS NOT NULL GROUP BY subject, id"};
	static const struct store_statement look = {"restore_has_links",
						    "SELECT FROM audit_chain LIMIT 1"};
	AUTO(store_step_clear) struct store_step has = {.statement = &look};
	AUTO(store_step_clear) struct store_step step = {.statement = &restore};
	AUTO(store_end) struct store *store = s;

	TRY(store_run(s, &has, 1));
	if (store_rows(&has))
		return OK;
	TRY(store_begin(store));
	TRY(store_wait_long(store));
	TRY(store_run(store, &step, 1));
	return store_commit(store);
}

enum err store_restore_event(struct store *s, const struct store_event *event)
{
	static const struct store_statement insert = {"restore_event",
						      "SELECT audit_rebuilt_event($1, $2, $3, $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, event->id);
	store_put_time(&step, event->at_ms);
	store_put_bytes(&step, event->payload);
	store_put_bytes(&step, slice_of(event->nonce, STORE_NONCE));
	return store_run(s, &step, 1);
}
