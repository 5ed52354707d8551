/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators decide about models in service: pinned, not pinned, out of memory, in how
 * many bits. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/slots/slots.h"
#include "schema/store/quantize.h"
#include "schema/store/service.h"

/* The revision that is to be in service: the head of main. */
static enum err find_main(struct store_revision *out, struct exchange *x,
			  struct route_context *context, const struct store_model *model)
{
	if (!slice_equal(model->state, S("active")))
		return failure(ERR_CONFLICT, "the model is %.*s", SLICE_PRINT(model->state));
	TRY(store_revision_get(context->store, exchange_arena(x), out, model->id, S("main")));
	if (!out->runnable)
		return failure(ERR_UNSUPPORTED, "this model is download only: %.*s",
			       SLICE_PRINT(out->runnable_reason));
	return OK;
}

/* Nobody has counted what it takes (an import of an older gateway, say): to load it is to know.
 * *later_seconds: it takes its time. */
static enum err learn_need(struct store_need *need, unsigned *later_seconds, struct exchange *x,
			   struct route_context *context, const struct store_model *model,
			   const struct store_revision *revision)
{
	struct slot_wish wish = {.name = model->name, .revision = revision->id};
	unsigned slot;

	memcpy(wish.model, model->id, STORE_ID);
	TRY(slots_enter(&slot, later_seconds, x, context, &wish, NULL));
	slots_leave(context->api->slots, slot);
	return store_need_get(context->store, need, model->id, revision->id);
}

static enum err check_pin(struct store_need *need, unsigned *later_seconds, struct exchange *x,
			  struct route_context *context, const struct store_model *model)
{
	struct store_revision revision;

	TRY(find_main(&revision, x, context, model));
	TRY(store_need_get(context->store, need, model->id, revision.id));
	if (!need->least_bytes)
		TRY(learn_need(need, later_seconds, x, context, model, &revision));
	return slots_fits_pinned(context->api->slots, need, model->id, exchange_arena(x),
				 context->store);
}

static enum err pin(struct exchange *x, struct route_context *context,
		    const struct store_model *model, const struct store_need *need,
		    struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_PIN, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	audit_event_text(&event, "reason", reason);
	audit_event_number(&event, "memory_bytes", (int64_t)need->least_bytes);
	TRY(store_begin(store));
	TRY(store_pin_add(store, model->id, who->person.id, clock_now_ms()));
	return api_finish(x, context, &event);
}

static void reply_pinned(struct exchange *x, const struct store_model *model, bool is_pinned)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "model", model->name);
	json_put_bool(answer, "pinned", is_pinned);
	reply_json(x, 200, answer);
}

void model_pin(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_need need = {0};
	struct store_model model;
	struct slice reason;
	unsigned later_seconds = 0;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = api_reason(&reason, body);
	if (result == OK)
		result = check_pin(&need, &later_seconds, x, context, &model);
	if (result == ERR_TIMEOUT) {
		slots_refuse(x, context->api, result, failure_text(), later_seconds);
		return;
	}
	if (result == OK)
		result = pin(x, context, &model, &need, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	slots_poke(context->api->slots);
	reply_pinned(x, &model, true);
}

static enum err unpin(struct exchange *x, struct route_context *context,
		      const struct store_model *model)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_UNPIN, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	TRY(store_begin(store));
	TRY(store_pin_remove(store, model->id));
	return api_finish(x, context, &event);
}

void model_unpin(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = unpin(x, context, &model);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	slots_poke(context->api->slots);
	reply_pinned(x, &model, false);
}

/* The entry first, as everywhere; what is in memory stays what it is until it is loaded anew. */
static enum err quantize(struct exchange *x, struct route_context *context,
			 const struct store_model *model, enum store_quantize type)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_QUANTIZE, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	audit_event_text(&event, "quantize", store_quantize_name(type));
	TRY(store_begin(store));
	TRY(store_quantize_set(store, model->id, type, who->person.id, clock_now_ms()));
	return api_finish(x, context, &event);
}

void model_quantize(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	enum store_quantize type;
	struct store_model model;
	struct slice name;
	json_t *answer;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = json_get_text(&name, body, "quantize");
	if (result == OK)
		result = store_quantize_of(&type, name);
	if (result == OK)
		result = quantize(x, context, &model, type);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "model", model.name);
	json_put_text(answer, "quantize", store_quantize_name(type));
	reply_json(x, 200, answer);
}

/* {"running":"wait"|"cut"}: what is to become of the calls that use it. */
static enum err read_running(bool *is_cut, const json_t *body)
{
	struct slice running;

	TRY(json_get_text_or(&running, body, "running", S("wait")));
	*is_cut = slice_equal(running, S("cut"));
	if (!*is_cut && !slice_equal(running, S("wait")))
		return failure(ERR_FORMAT, "\"running\" is \"wait\" or \"cut\"");
	return OK;
}

static enum err refuse_pinned(struct exchange *x, struct route_context *context,
			      const struct store_model *model)
{
	struct store_pin *pins;
	size_t count;

	TRY(store_pin_list(context->store, exchange_arena(x), &pins, &count));
	for (size_t i = 0; i < count; i++)
		if (memcmp(pins[i].model, model->id, STORE_ID) == 0)
			return failure(ERR_CONFLICT, "the model is pinned, and would be loaded "
						     "again at once: unpin it first");
	return OK;
}

/* The entry first, then the act; the other edges hear of it from the database. */
static enum err unload(struct exchange *x, struct route_context *context,
		       const struct store_model *model, bool is_cut)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	TRY(refuse_pinned(x, context, model));
	audit_event_begin(&event, AUDIT_MODEL_UNLOAD, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	audit_event_text(&event, "running", is_cut ? S("cut") : S("wait"));
	TRY(store_begin(store));
	TRY(store_unload_add(store, model->id, is_cut));
	return api_finish(x, context, &event);
}

void model_unload(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct api *api = context->api;
	struct store_model model;
	json_t *answer;
	bool is_cut;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = read_running(&is_cut, body);
	if (result == OK)
		result = unload(x, context, &model, is_cut);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "model", model.name);
	json_put_text(answer, "running", is_cut ? S("cut") : S("wait"));
	json_put_int(answer, "sequences", slots_unload(api->slots, api->rpc, model.id, is_cut));
	reply_json(x, 200, answer);
}
