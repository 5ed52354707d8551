/* SPDX-License-Identifier: Apache-2.0 */
/* Is it alive, can it do its work, and how is it spoken to? */
#include <stdio.h>

#include "crypto/json.h"
#include "gateway/api/api.h"
#include "gateway/api/facts.h"
#include "gateway/api/lease/cuts.h"
#include "gateway/api/lease/lease.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/slots/slots.h"
#include "gateway/api/witness/witnesses.h"
#include "schema/api/openapi.h"

enum { METRICS_MAX_TEXT = 64 * 1024 };

void health(struct exchange *x, struct route_context *context)
{
	json_t *answer = json_object_new();

	(void)context;
	json_put_text(answer, "status", S("ok"));
	reply_json(x, 200, answer);
}

static struct slice word(bool good)
{
	return good ? S("up") : S("down");
}

void ready(struct exchange *x, struct route_context *context)
{
	struct store_audit_state state = {0};
	bool database = store_audit_state(context->store, exchange_arena(x), &state) == OK;
	bool keeper = rpc_generation(context->api->rpc, ROLE_KEEPER, 0) != 0;
	bool scribe = rpc_generation(context->api->rpc, ROLE_SCRIBE, 0) != 0;
	bool lease = lease_epoch(context->api->lease) != 0;
	bool good = database && keeper && scribe && lease && !state.read_only && !state.is_full;
	json_t *answer = json_object_new();

	json_put_bool(answer, "ready", good);
	json_put_text(answer, "database", word(database));
	json_put_text(answer, "keeper", word(keeper));
	json_put_text(answer, "scribe", word(scribe));
	json_put_text(answer, "lease", word(lease));
	json_put_bool(answer, "read_only", state.read_only);
	json_put_bool(answer, "full", state.is_full);
	if (state.reason.size)
		json_put_text(answer, "reason", state.reason);
	if (atomic_load(&context->api->clock.jumps)) {
		json_put_int(answer, "clock_jumps", atomic_load(&context->api->clock.jumps));
		json_put_int(answer, "clock_jumped_by_ms",
			     atomic_load(&context->api->clock.last_by_ms));
	}
	reply_json(x, good ? 200 : 503, answer);
}

/* Which processes are up, beside what metrics.h counts. */
static void write_processes(struct buf *out, struct api *api, const char *edge)
{
	const struct {
		enum role role;
		unsigned count;
	} rows[] = {
		{ROLE_KEEPER, 1},
		{ROLE_SCRIBE, 1},
		{ROLE_PORTER, (unsigned)api->settings->porters},
		{ROLE_ENGINE, (unsigned)api->settings->engines},
	};
	const char *help = "1 if the process answers its channel";

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (unsigned k = 0; k < rows[i].count; k++) {
			char name[96];

			snprintf(name, sizeof name,
				 "sallyport_process_up{role=\"%s\",index=\"%u\"}",
				 role_name(rows[i].role), k);
			metrics_write_gauge(out, name, help, edge,
					    rpc_generation(api->rpc, rows[i].role, k) != 0);
			help = NULL;
		}
	}
}

/* Of what decisions rest on (facts.h). */
static void write_memory(struct buf *out, struct api *api, const char *edge)
{
	struct keep_usage usage = facts_usage(api->facts);

	metrics_write_gauge(out, "sallyport_facts_entries", "facts remembered", edge,
			    usage.entries);
	metrics_write_gauge(out, "sallyport_facts_bytes", "memory they take", edge, usage.bytes);
	metrics_write_gauge(out, "sallyport_facts_found", "times one was remembered, so far", edge,
			    usage.found);
	metrics_write_gauge(out, "sallyport_facts_missed", "times one was not, so far", edge,
			    usage.missed);
}

/* Of models in service (infer/slots.h): no names of them. */
static void write_engines(struct buf *out, struct api *api, const char *edge)
{
	const struct slots_count c = slots_count(api->slots, api->rpc);
	const struct {
		const char *name, *help;
		uint64_t value;
	} rows[] = {
		{"sallyport_engines{state=\"empty\"}", "engines, by what they do", c.empty},
		{"sallyport_engines{state=\"loading\"}", NULL, c.loading},
		{"sallyport_engines{state=\"ready\"}", NULL, c.ready},
		{"sallyport_engines{state=\"ending\"}", NULL, c.ending},
		{"sallyport_engines_pinned", "of these, with a pinned model", c.pinned},
		{"sallyport_inference_memory_limit_bytes", "memory that engines may take",
		 c.limit_bytes},
		{"sallyport_inference_memory_used_bytes", "memory that is set aside for them",
		 c.used_bytes},
		{"sallyport_model_loads", "loads begun, so far", c.loads},
		{"sallyport_model_evictions", "models that made room for others, so far",
		 c.evictions},
		{"sallyport_model_refusals", "loads refused, as they would not fit, so far",
		 c.refused},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		metrics_write_gauge(out, rows[i].name, rows[i].help, edge, rows[i].value);
}

void metrics(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf out = buf_new(METRICS_MAX_TEXT);
	struct api *api = context->api;
	const char *edge = NULL;

	if (api->settings->edges > 1)
		edge = arena_printf(exchange_arena(x), "%u", api->index);
	metrics_write(&out, &api->metrics, edge);
	write_processes(&out, api, edge);
	metrics_write_gauge(&out, "sallyport_read_only",
			    "1 while nothing can be logged, so that nothing happens", edge,
			    atomic_load(&api->is_read_only));
	metrics_write_gauge(&out, "sallyport_log_full",
			    "1 while a disk that the log needs is full, so that nothing happens",
			    edge, atomic_load(&api->is_full));
	metrics_write_gauge(&out, "sallyport_lease_held",
			    "1 while this edge may rely on what it has read", edge,
			    lease_epoch(api->lease) != 0);
	metrics_write_gauge(&out, "sallyport_clock_jumps",
			    "times the clock was set by more than two seconds, so far", edge,
			    atomic_load(&api->clock.jumps));
	witnesses_write_metrics(&out, api, edge);
	write_memory(&out, api, edge);
	write_engines(&out, api, edge);
	metrics_write_gauge(&out, "sallyport_streams", "downloads and generations under way", edge,
			    cuts_count(api->cuts));
	reply_text(x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&out));
}

void openapi(struct exchange *x, struct route_context *context)
{
	(void)context;
	reply_text(x, 200, "application/json", openapi_text());
}
