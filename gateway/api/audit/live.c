/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/audit/live: events as they are published, as server-sent events, for a minute; then
 * who goes on asks again with the last id, and is asked again who they are. Each such minute is one
 * entry of the log: a page asked for every second would be an entry every second, which the next
 * page would show.
 */
#include <stdatomic.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/audit/chain.h"

enum {
	LIVE_SECONDS = 60,
	LIVE_LOOK_MS = 500,
	LIVE_TELL_MS = 5000, /* that it goes on, and how far it is */
	LIVE_PAGE = 100,
	LIVE_AT_ONCE = 8, /* each holds a worker */
	LIVE_MAX_PIECE = 4 * AUDIT_MAX_JOINED,
};

struct live {
	struct exchange *x;
	struct route_context *context;
	struct audit_asked asked;
	int64_t told_ms;
};

static enum err send_event(struct live *l, struct arena *arena, const char *name, int64_t place,
			   const json_t *data)
{
	AUTO(buf_free) struct buf out = buf_new(LIVE_MAX_PIECE);

	buf_printf(&out, "event: %s\nid: %s\ndata: ", name, audit_cursor(arena, place));
	TRY(json_write_canonical(&out, data));
	buf_write_string(&out, "\n\n");
	TRY(buf_done(&out));
	l->told_ms = clock_now_ms();
	return exchange_stream_write(l->x, buf_slice(&out));
}

/* Everything up to here has been looked at. */
static enum err send_place(struct live *l, struct arena *arena)
{
	AUTO(json_auto) json_t *data = json_object_new();

	json_put_int(data, "size", (int64_t)l->asked.query.bounds.published);
	return send_event(l, arena, "place", l->asked.query.cursor, data);
}

static enum err find(struct live *l, struct arena *arena, struct store_audit_page *page)
{
	struct store_audit_query *query = &l->asked.query;
	struct store *auditor = api_auditor_take(l->context->api);
	enum err result = store_audit_bounds(auditor, &query->bounds, &query->filter);

	if (result == OK)
		result = store_audit_find(auditor, arena, page, query);
	api_auditor_return(l->context->api, auditor);
	return result;
}

static enum err look(struct live *l)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_audit_query *query = &l->asked.query;
	struct store_audit_page page;

	do {
		TRY(find(l, &arena, &page));
		for (size_t i = 0; i < page.count; i++) {
			AUTO(json_auto) json_t *event = audit_describe(&arena, &page.events[i]);

			TRY(send_event(l, &arena, "event", page.events[i].place, event));
		}
		if (page.has_more)
			query->cursor = page.cursor;
		else if (query->bounds.end > query->cursor)
			query->cursor = query->bounds.end - 1;
	} while (page.has_more && !exchange_is_closed(l->x));
	return clock_now_ms() - l->told_ms >= LIVE_TELL_MS ? send_place(l, &arena) : OK;
}

/* Behind the time that is asked for nothing comes any more. */
static int64_t end_of(const struct live *l)
{
	int64_t end_ms = clock_now_ms() + LIVE_SECONDS * 1000, to_ms = l->asked.query.filter.to_ms;

	return to_ms && to_ms < end_ms ? to_ms : end_ms;
}

static enum err stream(struct live *l)
{
	const struct timespec pause = {.tv_nsec = LIVE_LOOK_MS * 1000000L};
	int64_t end_ms = end_of(l);

	exchange_header(l->x, "Cache-Control", "no-store");
	TRY(exchange_stream_begin(l->x, 200, "text/event-stream; charset=utf-8"));
	TRY(look(l));
	while (clock_now_ms() < end_ms && !exchange_is_closed(l->x)) {
		nanosleep(&pause, NULL);
		TRY(look(l));
	}
	exchange_stream_end(l->x);
	return OK;
}

static enum err begin(struct live *l)
{
	static const char *const own[] = {"cursor", "saved", NULL};
	struct store_audit_query *query = &l->asked.query;

	TRY(audit_asked_read(&l->asked, l->x, l->context, own));
	query->is_forward = true;
	query->limit = LIVE_PAGE;
	if (!query->has_cursor) {
		query->has_cursor = true;
		query->cursor = query->bounds.end > 0 ? query->bounds.end - 1 : 0;
	}
	return audit_log_read(l->x, l->context, "live", 0, S(""));
}

static void run(struct live *l)
{
	enum err result = begin(l);

	if (result != OK)
		reply_failure(l->x, result);
	else if (stream(l) != OK)
		exchange_abort(l->x);
}

void audit_live(struct exchange *x, struct route_context *context)
{
	struct live l = {.x = x, .context = context};

	if (atomic_fetch_add(&context->api->lives, 1) >= LIVE_AT_ONCE)
		reply_busy(x, "others are watching the log live; wait for one to end", 10);
	else
		run(&l);
	atomic_fetch_sub(&context->api->lives, 1);
	audit_asked_clear(&l.asked);
}
