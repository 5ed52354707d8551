/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/request_clock.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/jobs.h"
#include "schema/store/due.h"
#include "schema/store/idempotency.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static void put_time(json_t *object, const char *name, struct arena *arena, int64_t ms)
{
	json_put_text(object, name, slice_of_string(api_time(arena, ms)));
}

json_t *request_clock(struct arena *arena, const struct store_request *r,
		      const struct store_request_more *more, const struct store_committee *c)
{
	json_t *clock;

	if (!r->waiting_ms)
		return json_null();
	clock = json_object_new();
	put_time(clock, "waiting_since", arena, r->waiting_ms);
	json_put_int(clock, "waiting_seconds", (clock_now_ms() - r->waiting_ms) / 1000);
	json_put_int(clock, "ahead", more->ahead);
	if (c->remind_days)
		put_time(clock, "reminder_at", arena, r->waiting_ms + c->remind_days * DAY_MS);
	if (c->escalate_days) {
		put_time(clock, "escalation_at", arena, r->waiting_ms + c->escalate_days * DAY_MS);
		json_put_text(clock, "escalates_to", c->escalate_to_name);
	}
	if (more->reminded_ms)
		put_time(clock, "reminded_at", arena, more->reminded_ms);
	if (more->escalated_ms)
		put_time(clock, "escalated_at", arena, more->escalated_ms);
	return clock;
}

/* The mark, the history and the entry together, so that it is told once. */
static enum err tell(struct route_context *context, const struct store_due *due, int64_t now_ms)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = json_object_new();
	struct request_act act = {.request = &due->request,
				  .kind = due->escalates ? AUDIT_REQUEST_ESCALATE
							 : AUDIT_REQUEST_REMIND,
				  .detail = detail,
				  .concerns = due->escalates ? due->to : NULL,
				  .concerns_name = due->to_name,
				  .by_gateway = true};
	bool is_mine;

	json_put_int(detail, "waiting_days", (now_ms - due->request.waiting_ms) / DAY_MS);
	if (due->escalates)
		json_put_text(detail, "to", due->to_name);
	request_act_entry(&event, NULL, &act);
	if (due->escalates)
		audit_event_text(&event, "escalated_to", due->to_name);
	TRY(store_begin(store));
	TRY(store_due_mark(store, &is_mine, due, now_ms));
	if (!is_mine)
		return OK; /* decided meanwhile, or told by another edge */
	TRY(request_act_store(NULL, store, &act));
	return api_commit(context, &event);
}

enum err job_request_clock(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_due *due;
	size_t count;

	TRY(store_key_sweep(context->store, now_ms));
	TRY(store_due_list(context->store, arena, &due, &count, now_ms));
	for (size_t i = 0; i < count; i++) {
		enum err result = tell(context, &due[i], now_ms);

		if (result == ERR_CONFLICT)
			continue; /* it has gone on */
		TRY(result);
	}
	if (count)
		log_info("requests.clock", "due=%zu", count);
	return OK;
}
