/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/erasure/erase_step.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/authorize.h"
#include "gateway/proc/settings.h"
#include "schema/store/retention_change.h"

enum err erase_look(struct exchange *x, struct route_context *context, const char *what,
		    size_t found)
{
	const struct principal *who = authorize_principal(x);

	if (principal_holds(who, RIGHT_PERSONS_MANAGE))
		return OK;
	if (!principal_holds(who, RIGHT_AUDIT_READ))
		return failure(ERR_DENIED, "this needs persons:manage or audit:read");
	return audit_log_read(x, context, what, (int64_t)found, S(""));
}

enum err erase_periods(struct store_periods *out, struct route_context *context)
{
	const struct settings *s = context->api->settings;

	*out = (struct store_periods){.usage_months = s->retention_usage_months,
				      .record_years = s->retention_record_years};
	return store_retention_periods(context->store, out);
}

static enum err get_event(struct store_event *out, struct api *api, struct arena *arena,
			  const uint8_t id[STORE_ID])
{
	struct store *auditor = api_auditor_take(api);
	enum err result = store_audit_get(auditor, arena, out, id);

	api_auditor_return(api, auditor);
	return result;
}

/* The keeper keeps what its facts follow from: it may need that again. */
static enum err reduce(struct route_context *context, struct arena *arena,
		       const uint8_t id[STORE_ID])
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_entry_reduce ask = {.entry = {.payload = {0}}};
	struct wire_entry_reduced answer;
	struct store_event event;

	TRY(get_event(&event, context->api, arena, id));
	ask.entry.leaf = event.leaf;
	ask.entry.payload = event.payload;
	memcpy(ask.entry.nonce, event.nonce, WIRE_DIGEST);
	wire_write_entry_reduce(&body, &ask);
	TRY(buf_done(&body));
	TRY(api_ask_keeper(&reply, context->api, WIRE_ENTRY_REDUCE, buf_slice(&body)));
	TRY(wire_read_entry_reduced(&answer, buf_slice(&reply.body)));
	return store_reduced_add(context->store, id, answer.facts, answer.seal);
}

static enum err reduce_all(struct route_context *context, struct arena *arena, struct slice list)
{
	uint8_t id[STORE_ID];
	struct slice one;
	bool more = true;

	while (more) {
		more = slice_cut(list, ',', &one, &list);
		TRY(text_read_uuid(id, one));
		TRY(reduce(context, arena, id));
	}
	return OK;
}

/* [[first,last],...], as it was found. */
static enum err put_ranges(struct audit_event *event, struct slice ranges)
{
	AUTO(json_auto) json_t *list = NULL;

	TRY(json_read(&list, ranges, AUDIT_MAX_PAYLOAD));
	audit_event_json(event, "ranges", json_incref(list));
	return OK;
}

static enum err log_step(struct store *store, struct audit_event *event,
			 const struct store_erasure_step *step)
{
	audit_event_number(event, "entries", step->goes);
	TRY(put_ranges(event, step->ranges));
	return api_log(store, event);
}

static enum err look(struct store_erasure_step *out, struct route_context *context,
		     struct arena *arena, const uint8_t id[STORE_ID],
		     const struct store_periods *periods)
{
	TRY(store_erasure_look(context->store, arena, out, id, periods));
	if (!out->is_there || out->reduces.size == 0)
		return OK;
	TRY(reduce_all(context, arena, out->reduces));
	return store_erasure_look(context->store, arena, out, id, periods);
}

static enum err erase_entries(bool *more, struct route_context *context, struct arena *arena,
			      const struct store_erasure *e)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_periods periods;
	struct store_erasure_step step;
	struct store_erasure after;

	TRY(store_begin(store));
	TRY(erase_periods(&periods, context));
	TRY(look(&step, context, arena, e->id, &periods));
	if (!step.is_there)
		return failure(ERR_NOT_FOUND, "this erasure has no more steps");
	if (step.goes) {
		audit_event_begin(&event, AUDIT_ERASURE_RUN, NULL, S("gateway"));
		audit_event_uuid(&event, "erasure", e->id);
		TRY(log_step(store, &event, &step));
	}
	TRY(store_erasure_apply(store, e->id, event.id, &periods));
	TRY(store_erasure_get(store, arena, &after, e->id));
	*more = step.goes > 0 || after.next_place > e->next_place;
	TRY(store_commit(store));
	metrics_add(&context->api->metrics, METRIC_ERASED_ENTRIES, (uint64_t)step.goes);
	return OK;
}

/* What was kept of requests and licenses, once its day has come. */
static enum err erase_file(struct route_context *context, const struct store_erasure *e)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	bool done = false;

	audit_event_begin(&event, AUDIT_ERASURE_RUN, NULL, S("gateway"));
	audit_event_uuid(&event, "erasure", e->id);
	audit_event_number(&event, "entries", 0);
	audit_event_flag(&event, "file", true);
	TRY(store_begin(store));
	TRY(api_log(store, &event));
	TRY(store_erasure_file(store, &done, e->id, event.id));
	return done ? store_commit(store) : OK; /* a hold: nothing was written */
}

enum err erase_step_erasure(bool *more, struct route_context *context, struct arena *arena,
			    const uint8_t id[STORE_ID])
{
	struct store_erasure e;

	TRY(store_erasure_get(context->store, arena, &e, id));
	if (slice_equal(e.state, S("waiting")) && e.file_due_ms && e.file_due_ms <= clock_now_ms())
		TRY(erase_file(context, &e));
	return erase_entries(more, context, arena, &e);
}

static enum err look_rule(struct store_erasure_step *out, struct route_context *context,
			  struct arena *arena, struct slice rule,
			  const struct store_periods *periods)
{
	TRY(store_retention_look(context->store, arena, out, rule, periods));
	if (out->reduces.size == 0)
		return OK;
	TRY(reduce_all(context, arena, out->reduces));
	return store_retention_look(context->store, arena, out, rule, periods);
}

static void begin_run(struct audit_event *event, struct slice rule, const char *unit,
		      int64_t period)
{
	audit_event_begin(event, AUDIT_RETENTION_RUN, NULL, S("gateway"));
	audit_event_text(event, "rule", rule);
	audit_event_number(event, unit, period);
}

enum err erase_step_rule(bool *more, struct route_context *context, struct arena *arena,
			 struct slice rule)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_periods periods;
	bool is_usage = slice_equal(rule, S("usage"));
	struct store_erasure_step step;

	TRY(store_begin(store));
	TRY(erase_periods(&periods, context));
	TRY(look_rule(&step, context, arena, rule, &periods));
	if (step.goes) {
		begin_run(&event, rule, is_usage ? "months" : "years",
			  is_usage ? periods.usage_months : periods.record_years);
		TRY(log_step(store, &event, &step));
	}
	TRY(store_retention_apply(store, more, rule, event.id, &periods));
	TRY(store_commit(store));
	metrics_add(&context->api->metrics, METRIC_RETIRED_ENTRIES, (uint64_t)step.goes);
	return OK;
}

enum err erase_step_sessions(struct route_context *context)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	int64_t days = context->api->settings->retention_session_days, count;

	TRY(store_retention_sessions(store, &count, days));
	if (count == 0)
		return OK;
	begin_run(&event, S("session"), "days", days);
	audit_event_number(&event, "rows", count);
	TRY(store_begin(store));
	TRY(api_log(store, &event));
	TRY(store_retention_sessions_end(store, days, event.id));
	return store_commit(store);
}
