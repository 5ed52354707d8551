/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/lease/withdraw.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/download/release.h"
#include "gateway/api/slots/slots.h"

static void apply(void *context, const struct store_cut *cut, uint64_t epoch)
{
	struct api *api = context;

	cuts_apply(api->cuts, cut, epoch);
	switch (cut->kind) {
	case STORE_CUT_LICENSE:
		releases_drop_license(api, cut->subject);
		break;
	case STORE_CUT_MODEL:
		releases_drop_model(api, cut->subject);
		slots_drop_model(api->slots, api->rpc, cut->subject);
		break;
	case STORE_CUT_REVISION:
		releases_drop_revision(api, cut->subject);
		slots_drop_revision(api->slots, api->rpc, cut->subject);
		break;
	case STORE_CUT_ADAPTER:
		slots_drop_adapter(api->slots, api->rpc, cut->subject);
		break;
	case STORE_CUT_GATE:
		releases_drop_model(api, cut->subject);
		break;
	case STORE_CUT_PERSON: /* their keys open nothing without a decision */
	case STORE_CUT_TOKEN:
	case STORE_CUT_COUNT:
		break;
	}
}

static void lapse(void *context, uint64_t epoch)
{
	struct api *api = context;

	cuts_apply_all(api->cuts, epoch);
	releases_drop_all(api);
}

static void tick(void *context)
{
	struct api *api = context;

	cuts_expire(api->cuts, clock_now_ms(), clock_monotonic_ms());
}

struct lease_options withdraw_options(struct api *api)
{
	return (struct lease_options){
		.lease_ms = api->settings->lease_seconds * 1000,
		.cut = apply,
		.lapse = lapse,
		.tick = tick,
		.context = api,
	};
}

struct cut_basis withdraw_basis(const struct grant *g)
{
	struct cut_basis basis = {0};

	if (g->decision.basis == BASIS_LICENSE)
		memcpy(basis.license, g->license->id, STORE_ID);
	memcpy(basis.model, g->access.model.id, STORE_ID);
	memcpy(basis.person, g->who->person.id, STORE_ID);
	memcpy(basis.token, g->who->credential_id, STORE_ID);
	memcpy(basis.maker, g->who->made_by, STORE_ID);
	cuts_revision(basis.revision, g->access.model.id, g->access.revision.id);
	return basis;
}

struct cut_entry withdraw_entry(const struct grant *g, enum cut_what what)
{
	return (struct cut_entry){
		.what = what,
		.basis = withdraw_basis(g),
		.until_ms = g->decision.basis == BASIS_LICENSE ? g->license->expires_ms : 0,
	};
}

void withdraw_wait(struct exchange *x, struct route_context *context, json_t *answer)
{
	struct metrics *metrics = &context->api->metrics;
	struct lease_cut cut;

	lease_wait_cut(&cut, context->api->lease, context->store);
	metrics_add(metrics, METRIC_WITHDRAWALS, 1);
	metrics_add(metrics, METRIC_WITHDRAWAL_MS, (uint64_t)cut.took_ms);
	metrics_add(metrics, METRIC_WITHDRAWAL_LAPSES, cut.lapsed);
	log_info("access.withdrawn", "request=%s edges=%u confirmed=%u lapsed=%u ms=%lld",
		 exchange_request_id(x), cut.edges, cut.confirmed, cut.lapsed,
		 (long long)cut.took_ms);
	if (answer) {
		json_t *told = json_object_new();

		json_put_int(told, "edges", cut.edges);
		json_put_int(told, "confirmed", cut.confirmed);
		json_put_int(told, "lapsed", cut.lapsed);
		json_put(answer, "cut", told);
	} else {
		exchange_header(x, "X-Cut", "edges=%u confirmed=%u lapsed=%u", cut.edges,
				cut.confirmed, cut.lapsed);
	}
}
