/* SPDX-License-Identifier: Apache-2.0 */
/* What was confirmed to be erased, and what is to go because its time is over. */
#include "crypto/base/log.h"
#include "gateway/api/erasure/erase_step.h"
#include "gateway/api/jobs.h"

/* One that fails holds up no other. */
enum err job_erasures(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	uint8_t(*due)[STORE_ID];
	size_t count;

	(void)now_ms;
	TRY(store_erasure_due(context->store, arena, &due, &count));
	for (size_t i = 0; i < count; i++) {
		bool more = true;

		for (int step = 0; more && step < ERASE_STEPS; step++) {
			if (erase_step_erasure(&more, context, arena, due[i]) == OK)
				continue;
			log_warn("erasure.failed", "reason=\"%s\"", failure_text());
			store_rollback(context->store);
			break;
		}
	}
	return OK;
}

static enum err run_rule(struct route_context *context, struct arena *arena, struct slice rule)
{
	bool more = true;

	for (int step = 0; more && step < ERASE_STEPS; step++)
		TRY(erase_step_rule(&more, context, arena, rule));
	return OK;
}

enum err job_retention(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	(void)now_ms;
	TRY(run_rule(context, arena, S("usage")));
	TRY(run_rule(context, arena, S("record")));
	TRY(erase_step_sessions(context));
	metrics_add(&context->api->metrics, METRIC_RETENTION_RUNS, 1);
	return OK;
}
