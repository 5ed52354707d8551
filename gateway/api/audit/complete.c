/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/audit/completeness?license=ID|actor=ID: all entries of a license or of a person, with
 * proofs, and evidence that none is left out. JSON Lines:
 *
 *     {"completeness":{"of","id","size","count","last","checkpoint","statement":{a receipt}}}
 *     {"index","entry","nonce","payload","path":[base64, ...]}      the oldest first; of an event
 *                       that shares its entry with others: "row", too, as in a receipt
 *     {"erasure":{a receipt}}       of an entry erasure.run or retention.run; before what it
 * erased:
 *                       {"index","entry","erased":{"by":INDEX},"chain","path"}
 *     {"end":{"count"}}
 *
 * Each payload says which of the license's (or person's) entries it is and where the one before
 * stands (schema/audit/chain.h); so nothing can be missing before the last one. That there is none
 * behind it is said by the statement, an entry written for this answer: of the first `size` entries
 * of the log, `count` are of this license, the last at index `last`. It stands in the log for ever:
 * whoever holds a receipt that it denies can prove that it was a lie.
 */
#include <stdatomic.h>

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/tile.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/authorize.h"
#include "gateway/api/license/receipt.h"
#include "gateway/api/log_tiles.h"
#include "gateway/api/receipt_row.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/witness/witnesses.h"
#include "gateway/http/url.h"
#include "schema/audit/chain.h"
#include "schema/store/audit_batch.h"
#include "schema/store/audit_chain.h"

enum { COMPLETE_PAGE = 200, COMPLETE_MAX_LINE = 512 * 1024, COMPLETE_AT_ONCE = 2 };

struct complete {
	struct exchange *x;
	struct route_context *context;
	struct store_audit_subject subject;
	struct store_audit_head head;
	struct slice note; /* the checkpoint; in the exchange's arena */
	uint64_t size;
	json_t *statement; /* owned until it is sent */
	struct buf line;
	uint8_t erasure[STORE_ID]; /* the event that was last sent as what erased others */
};

static const char *kind_of(const struct complete *c)
{
	return c->subject.is_license ? "license" : "actor";
}

/* A filter would make the answer less than complete: what is not known is refused. */
static enum err check_names(const struct complete *c)
{
	static const char *const names[] = {"license", "actor", "witnessed"};
	struct slice rest = exchange_request(c->x)->query, name, value;
	bool failed = false, given[3] = {false, false, false};

	while (url_form_next(&rest, exchange_arena(c->x), &name, &value, &failed)) {
		size_t i = 0;

		while (i < 3 && !slice_equal(name, slice_of_string(names[i])))
			i++;
		if (i == 3)
			return failure(ERR_FORMAT, "an unknown parameter: only \"license\" or "
						   "\"actor\", and \"witnessed\", may be given");
		if (given[i])
			return failure(ERR_FORMAT, "\"%s\" is given twice", names[i]);
		given[i] = true;
	}
	return failed ? failure(ERR_FORMAT, "the query string cannot be decoded") : OK;
}

static enum err read_subject(struct complete *c)
{
	struct slice license = api_query(c->x, "license"), actor = api_query(c->x, "actor");

	TRY(check_names(c));
	if ((license.size > 0) == (actor.size > 0))
		return failure(ERR_FORMAT, "\"license\" or \"actor\" is to be given, one of them");
	c->subject.is_license = license.size > 0;
	if (text_read_uuid(c->subject.id, license.size ? license : actor) != OK)
		return failure(ERR_FORMAT, "\"%s\" is not an id", kind_of(c));
	return OK;
}

/* Auditors; of a license who holds it; of a person that person. */
static enum err check_right(struct complete *c)
{
	const struct principal *who = authorize_principal(c->x);
	struct store_license license;

	if (!c->subject.is_license) {
		if (principal_holds(who, RIGHT_AUDIT_READ) || principal_is(who, c->subject.id))
			return OK;
		return failure(ERR_DENIED, "this is about somebody else, and needs audit:read");
	}
	TRY(store_license_get(c->context->store, exchange_arena(c->x), &license, c->subject.id));
	if (principal_is(who, license.person) ||
	    principal_holds_on(who, RIGHT_AUDIT_READ, license.model_name))
		return OK;
	return failure(ERR_NOT_FOUND, "there is no such license");
}

/* The newest one; if asked for, the newest that enough witnesses have cosigned. `found`: entries
 * that can be found by whom they are of. */
static enum err choose_checkpoint(struct complete *c, struct store *auditor, uint64_t found)
{
	struct slice witnessed = api_query(c->x, "witnessed");
	struct arena *arena = exchange_arena(c->x);

	if (slice_equal(witnessed, S("yes"))) {
		TRY(witnesses_newest(&c->note, &c->size, c->context, arena));
		if (c->size <= found)
			return OK;
		return failure(ERR_UNAVAILABLE, "%llu entries cannot be found yet; try again",
			       (unsigned long long)(c->size - found));
	}
	if (witnessed.size && !slice_equal(witnessed, S("no")))
		return failure(ERR_FORMAT, "\"witnessed\" is \"yes\" or \"no\"");
	TRY(store_audit_checkpoint(auditor, arena, &c->note, &c->size, found));
	c->note = witnesses_add_lines(c->context, arena, c->note);
	return OK;
}

static enum err count_entries(struct complete *c, struct store *auditor)
{
	static const struct store_audit_filter all;
	struct store_audit_bounds bounds;

	TRY(store_audit_bounds(auditor, &bounds, &all));
	TRY(choose_checkpoint(c, auditor, bounds.published - bounds.is_behind_by));
	return store_audit_head(auditor, &c->head, &c->subject, c->size);
}

static enum err find_head(struct complete *c)
{
	struct store *auditor = api_auditor_take(c->context->api);
	enum err result = count_entries(c, auditor);

	api_auditor_return(c->context->api, auditor);
	return result;
}

/* As in a chain: INDEX, or [INDEX,ROW]. */
static json_t *place_of(uint64_t place)
{
	json_t *index = json_integer((json_int_t)(place / AUDIT_PLACES)), *pair;
	uint64_t row = place % AUDIT_PLACES;

	if (!row)
		return index;
	pair = json_array_new();
	json_push(pair, index);
	json_push(pair, json_integer((json_int_t)row - 1));
	return pair;
}

/* Its word on how many there are, as an entry of the log. */
static enum err state(struct complete *c)
{
	const struct principal *who = authorize_principal(c->x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_AUDIT_QUERY, who->person.id, who->person.name);
	audit_event_text(&event, "read", S("completeness"));
	audit_event_text(&event, "of", slice_of_string(kind_of(c)));
	audit_event_uuid(&event, "id", c->subject.id);
	audit_event_number(&event, "size", (int64_t)c->size);
	audit_event_number(&event, "count", (int64_t)c->head.count);
	if (c->head.count)
		audit_event_json(&event, "last", place_of(c->head.last));
	TRY(api_log(c->context->store, &event));
	TRY(api_publish(c->context->api, event.id));
	exchange_header(c->x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(c->x), event.id));
	return receipt_of(&c->statement, c->x, c->context, event.id);
}

static enum err send_line(struct complete *c, json_t *line)
{
	AUTO(json_auto) json_t *owned = line;

	buf_reset(&c->line);
	TRY(json_write_canonical(&c->line, owned));
	buf_write_u8(&c->line, '\n');
	TRY(buf_done(&c->line));
	return exchange_stream_write(c->x, buf_slice(&c->line));
}

static enum err send_head(struct complete *c)
{
	json_t *head = json_object_new(), *line = json_object_new();

	json_put_text(head, "of", slice_of_string(kind_of(c)));
	json_put_text(head, "id", slice_of_string(api_uuid(exchange_arena(c->x), c->subject.id)));
	json_put_int(head, "size", (int64_t)c->size);
	json_put_int(head, "count", (int64_t)c->head.count);
	json_put(head, "last", c->head.count ? place_of(c->head.last) : json_null());
	json_put_text(head, "checkpoint", c->note);
	json_put(head, "statement", c->statement);
	c->statement = NULL; /* given away */
	json_put(line, "completeness", head);
	exchange_header(c->x, "Cache-Control", "no-store");
	TRY(exchange_stream_begin(c->x, 200, "application/jsonl; charset=utf-8"));
	return send_line(c, line);
}

/* The batch that rows were last sent of: rows of one follow each other. */
struct last_batch {
	bool is_there;
	struct store_batch_entry entry;
};

static enum err find_batch(struct last_batch *last, struct complete *c, struct arena *arena,
			   uint64_t index)
{
	struct store *auditor;
	enum err result;

	if (last->is_there && last->entry.event.index == index)
		return OK;
	auditor = api_auditor_take(c->context->api);
	result = store_audit_batch(auditor, arena, &last->entry, index);
	api_auditor_return(c->context->api, auditor);
	last->is_there = result == OK;
	return result;
}

static void put_opening(json_t *level, struct arena *arena, const struct store_event *e)
{
	json_put_text(level, "payload", e->payload);
	json_put_text(level, "nonce",
		      slice_of_string(api_base64(arena, slice_of(e->nonce, STORE_NONCE))));
}

/* In the place of the payload: what is left of it. */
static void put_erased(json_t *level, const struct store_chained *e)
{
	json_put(level, "erased", audit_describe_erased(&e->event));
	json_put_text(level, "chain", e->chain);
}

static enum err put_path(json_t *line, struct complete *c, struct arena *arena, uint64_t index)
{
	struct tile_source source = {log_tiles_fetch, &c->context->api->log_directory};
	json_t *path = json_array_new();
	struct merkle_proof proof;
	enum err result = tile_inclusion(&proof, &source, index, c->size);

	for (size_t i = 0; result == OK && i < proof.count; i++)
		json_push_text(path,
			       slice_of_string(api_base64(arena, digest_slice(&proof.nodes[i]))));
	json_put(line, "path", path);
	return result;
}

/* An entry of its own, or a row: then its batch, and what leads from that to it. */
static enum err fill_line(json_t *line, struct complete *c, struct arena *arena,
			  struct last_batch *last, const struct store_chained *e)
{
	const struct store_event *entry = &e->event;
	json_t *row = NULL;

	if (e->event.is_row) {
		TRY(find_batch(last, c, arena, e->event.index));
		TRY(receipt_row_of(&row, arena, &e->event, last->entry.hashes));
		if (!e->event.payload.size)
			put_erased(row, e);
		json_put(line, "row", row);
		entry = &last->entry.event;
	}
	json_put_int(line, "index", (int64_t)entry->index);
	json_put_text(line, "entry", entry->leaf);
	if (entry->payload.size)
		put_opening(line, arena, entry);
	else
		put_erased(line, e);
	return put_path(line, c, arena, entry->index);
}

/* Before the first that it erased: the entry that says so, unless it is not published yet. */
static enum err send_erasure(struct complete *c, const struct store_chained *e)
{
	json_t *receipt, *line;
	enum err result;

	if (!e->event.is_erased || memcmp(c->erasure, e->erased_by, STORE_ID) == 0)
		return OK;
	result = receipt_of(&receipt, c->x, c->context, e->erased_by);
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	memcpy(c->erasure, e->erased_by, STORE_ID);
	line = json_object_new();
	json_put(line, "erasure", receipt);
	return send_line(c, line);
}

static enum err send_entry(struct complete *c, struct arena *arena, struct last_batch *last,
			   const struct store_chained *e)
{
	json_t *line;
	enum err result;

	TRY(send_erasure(c, e));
	line = json_object_new();
	result = fill_line(line, c, arena, last, e);
	if (result == OK)
		return send_line(c, line);
	json_free(line);
	return result;
}

static enum err find_page(struct complete *c, struct arena *arena, struct store_chained **out,
			  size_t *count, int64_t behind)
{
	struct store *auditor = api_auditor_take(c->context->api);
	enum err result = store_audit_chained(auditor, arena, out, count, &c->subject, behind,
					      c->size, COMPLETE_PAGE);

	api_auditor_return(c->context->api, auditor);
	return result;
}

static enum err send_entries(struct complete *c, uint64_t *sent)
{
	int64_t behind = -1;
	size_t count;

	*sent = 0;
	do {
		AUTO(arena_free) struct arena arena = {0};
		struct store_chained *page = NULL;
		struct last_batch last = {.is_there = false};

		if (exchange_is_closed(c->x))
			return failure(ERR_CLOSED, "the client has gone");
		TRY(find_page(c, &arena, &page, &count, behind));
		for (size_t i = 0; i < count; i++)
			TRY(send_entry(c, &arena, &last, &page[i]));
		if (count)
			behind = page[count - 1].place;
		*sent += count;
	} while (count == COMPLETE_PAGE);
	return OK;
}

static enum err send_all(struct complete *c)
{
	json_t *end, *line;
	uint64_t sent;

	TRY(send_head(c));
	TRY(send_entries(c, &sent));
	end = json_object_new();
	line = json_object_new();
	json_put_int(end, "count", (int64_t)sent);
	json_put(line, "end", end);
	TRY(send_line(c, line));
	exchange_stream_end(c->x);
	return OK;
}

static enum err begin(struct complete *c)
{
	TRY(read_subject(c));
	TRY(check_right(c));
	TRY(find_head(c));
	return state(c);
}

static void run(struct complete *c)
{
	enum err result = begin(c);

	if (result != OK)
		reply_failure(c->x, result);
	else if (send_all(c) != OK)
		exchange_abort(c->x);
}

void audit_completeness(struct exchange *x, struct route_context *context)
{
	struct complete c = {.x = x, .context = context, .line = buf_new(COMPLETE_MAX_LINE)};

	if (atomic_fetch_add(&context->api->exports, 1) >= COMPLETE_AT_ONCE)
		reply_busy(x, "other exports of the log are running; wait for one to end",
			   COMPLETE_AT_ONCE);
	else
		run(&c);
	atomic_fetch_sub(&context->api->exports, 1);
	json_free(c.statement);
	buf_free(&c.line);
}
