/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/audit_chain.h"

#include "schema/audit/chain.h"
#include "schema/store/query.h"

static void put_end(struct store_step *step, uint64_t size)
{
	uint64_t most = INT64_MAX / STORE_AUDIT_PLACES;

	store_put_int(step, (int64_t)(size < most ? size : most) * STORE_AUDIT_PLACES);
}

enum err store_audit_head(struct store *s, struct store_audit_head *out,
			  const struct store_audit_subject *subject, uint64_t size)
{
	static const struct store_statement of_actor = {
		"audit_head_actor", "SELECT count(*), coalesce(max(place), 0) FROM auditor_entry "
				    "WHERE actor = $1 AND place < $2::bigint"};
	static const struct store_statement of_license = {
		"audit_head_license", "SELECT count(*), coalesce(max(place), 0) FROM auditor_entry "
				      "WHERE license = $1 AND place < $2::bigint"};
	AUTO(store_step_clear)
	struct store_step step = {.statement = subject->is_license ? &of_license : &of_actor};

	store_put_id(&step, subject->id);
	put_end(&step, size);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "a count has no row");
	out->count = (uint64_t)store_take_int(&step);
	out->last = (uint64_t)store_take_int(&step);
	return OK;
}

enum err store_audit_checkpoint(struct store *s, struct arena *arena, struct slice *note,
				uint64_t *out, uint64_t size)
{
	static const struct store_statement find = {
		"audit_checkpoint", "SELECT size, note FROM auditor_checkpoint "
				    "WHERE size <= $1::bigint ORDER BY size DESC LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_int(&step, size < INT64_MAX ? (int64_t)size : INT64_MAX);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "there is no checkpoint yet");
	*out = (uint64_t)store_take_int(&step);
	*note = store_take_text(&step);
	return OK;
}

static struct slice join(struct arena *arena, struct slice payload, struct slice chain)
{
	AUTO(buf_free) struct buf joined = buf_new(AUDIT_MAX_JOINED);

	if (!payload.size || !chain.size || audit_chain_join(&joined, payload, chain) != OK)
		return payload;
	return arena_copy(arena, buf_slice(&joined));
}

static void take_chained(struct store_step *step, void *out)
{
	struct store_chained *one = out;
	struct store_event *event = &one->event;
	struct slice payload;

	*one = (struct store_chained){.place = store_take_int(step)};
	event->index = (uint64_t)one->place / STORE_AUDIT_PLACES;
	event->is_row = one->place % STORE_AUDIT_PLACES != 0;
	event->row = event->is_row ? (uint32_t)(one->place % STORE_AUDIT_PLACES - 1) : 0;
	store_take_id(step, event->id);
	event->leaf = store_take_text(step);
	payload = store_take_text(step);
	one->chain = store_take_text(step);
	event->payload = join(step->arena, payload, one->chain);
	store_take_bytes(step, event->nonce, STORE_NONCE);
	event->is_erased = !event->payload.size;
	store_take_id(step, one->erased_by);
	event->erased_by = (uint64_t)store_take_int(step);
}

/* Of each class the next ones, in the order of its index (audit_search.c), merged. */
#define CHAINED(subject) \
	"SELECT e.place, r.id, r.leaf, r.payload, r.chain, r.nonce, x.erased_by, " \
	"coalesce(x.erased_by_seq, -1) FROM (" \
	"SELECT l.place FROM auditor_class c, LATERAL (" \
	"SELECT e.place FROM auditor_entry e WHERE e." subject " = $1 " \
	"AND (e.class, e.place) > (c.id, $2::bigint) AND (e.class, e.place) < (c.id, $3::bigint) " \
	"ORDER BY e.class, e.place LIMIT $4::bigint) l ORDER BY l.place LIMIT $4::bigint) p " \
	"JOIN auditor_entry e ON e.place = p.place JOIN auditor_row r ON r.id = e.event " \
	"LEFT JOIN auditor_erased x ON x.id = e.event " \
	"ORDER BY e.place"

enum err store_audit_chained(struct store *s, struct arena *arena, struct store_chained **out,
			     size_t *count, const struct store_audit_subject *subject,
			     int64_t behind, uint64_t size, unsigned limit)
{
	static const struct store_statement of_actor = {"audit_chained_actor", CHAINED("actor")};
	static const struct store_statement of_license = {"audit_chained_license",
							  CHAINED("license")};
	AUTO(store_step_clear)
	struct store_step step = {.statement = subject->is_license ? &of_license : &of_actor,
				  .arena = arena};

	if (limit == 0 || limit > STORE_AUDIT_MAX_EXPORT)
		return failure(ERR_LIMIT, "a page has 1 to %d entries", STORE_AUDIT_MAX_EXPORT);
	store_put_id(&step, subject->id);
	store_put_int(&step, behind);
	put_end(&step, size);
	store_put_int(&step, limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_chained);
	return OK;
}
