/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A revision is recalled: from then on nobody gets it, not even who holds a license, and the keeper
 * gives no key of it. Whoever got files of it is told, and attests that their copies are gone:
 * signed is "sallyport/recall/v1\n" and canonical JSON {"attestation","model","recall","revision"}.
 */
#include "gateway/api/license/recalls.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/license/attest.h"
#include "gateway/api/notice/notify.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/revision.h"

enum { RECALL_DAYS = 14, RECALL_MAX_DAYS = 365 };

enum err recall_tell(struct route_context *context, struct arena *arena,
		     const struct store_recall *r, int64_t now_ms)
{
	struct store_duty *duties;
	size_t count;

	(void)now_ms;
	TRY(store_duties_fill(context->store, arena, &duties, &count, r->id));
	for (size_t i = 0; i < count; i++) {
		struct notice notice = {
			.kind = AUDIT_MODEL_RECALL,
			.model = r->model_name,
			.detail = S("You have files of a revision that was recalled: delete all "
				    "copies, and attest that at /api/v1/recalls."),
		};

		memcpy(notice.person, duties[i].person, STORE_ID);
		TRY(notify(context->store, &notice));
	}
	return OK;
}

static json_t *describe(struct arena *arena, const struct store_recall *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(one, "model", r->model_name);
	json_put_text(one, "revision", r->revision);
	json_put_text(one, "reason", r->reason);
	json_put_text(one, "at", slice_of_string(api_time(arena, r->at_ms)));
	json_put_text(one, "due", slice_of_string(api_time(arena, r->due_ms)));
	return one;
}

static json_t *describe_duty(struct arena *arena, const struct store_duty *d, int64_t due_ms)
{
	json_t *one = json_object_new();

	json_put_text(one, "person", d->person_name);
	json_put_int(one, "files", d->files);
	json_put_text(one, "first", slice_of_string(api_time(arena, d->first_ms)));
	json_put_text(one, "last", slice_of_string(api_time(arena, d->last_ms)));
	json_put_bool(one, "attested", d->attested_ms != 0);
	json_put_bool(one, "overdue", !d->attested_ms && clock_now_ms() > due_ms);
	if (!d->attested_ms)
		return one;
	json_put_text(one, "attested_at", slice_of_string(api_time(arena, d->attested_ms)));
	json_put_text(one, "attestation", d->attestation);
	json_put_bool(one, "signed", !store_id_is_none(d->key));
	return one;
}

static enum err read_recall(struct store_recall *out, struct exchange *x,
			    struct route_context *context, const json_t *body)
{
	struct store_revision revision;
	struct store_model model;
	int64_t days;

	*out = (struct store_recall){.at_ms = clock_now_ms()};
	TRY(api_reason(&out->reason, body));
	if (slice_trim(out->reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: the people will read it");
	TRY(json_get_int_or(&days, body, "due_days", RECALL_DAYS));
	if (days < 1 || days > RECALL_MAX_DAYS)
		return failure(ERR_FORMAT, "\"due_days\" is 1 to %d", RECALL_MAX_DAYS);
	out->due_ms = out->at_ms + days * 24 * 3600 * 1000;
	TRY(store_model_get(context->store, exchange_arena(x), &model, hub_model_name(x)));
	TRY(store_revision_get(context->store, exchange_arena(x), &revision, model.id,
			       exchange_param(x, "revision")));
	random_uuid(out->id, out->at_ms);
	memcpy(out->model, model.id, STORE_ID);
	memcpy(out->recalled_by, authorize_principal(x)->person.id, STORE_ID);
	out->model_name = model.name;
	out->revision = revision.id;
	return OK;
}

static enum err recall(struct store_recall *r, struct exchange *x, struct route_context *context,
		       const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	TRY(read_recall(r, x, context, body));
	audit_event_begin(&event, AUDIT_MODEL_RECALL, who->person.id, who->person.name);
	audit_event_text(&event, "model", r->model_name);
	audit_event_text(&event, "revision", r->revision);
	audit_event_uuid(&event, "recall", r->id);
	audit_event_text(&event, "reason", r->reason);
	audit_event_text(&event, "due", slice_of_string(api_time(exchange_arena(x), r->due_ms)));
	TRY(store_begin(store));
	TRY(store_recall_add(store, r));
	TRY(recall_tell(context, exchange_arena(x), r, r->at_ms));
	TRY(store_recall_get(store, exchange_arena(x), r, r->id));
	audit_event_number(&event, "persons", r->persons);
	return api_finish(x, context, &event);
}

void revision_recall(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_recall r;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = recall(&r, x, context, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &r);
	json_put_int(answer, "persons", r.persons);
	json_put_int(answer, "outstanding", r.outstanding);
	withdraw_wait(x, context, answer);
	reply_json(x, 201, answer);
}

static bool sees_all(const struct exchange *x)
{
	const struct principal *who = authorize_principal(x);

	return principal_holds(who, RIGHT_MODELS_MANAGE) ||
	       principal_holds(who, RIGHT_LICENSES_MANAGE) ||
	       principal_holds(who, RIGHT_AUDIT_READ);
}

/* One's own duties, each with what it is about; those who manage see all recalls with counts. */
static enum err list(json_t *out, struct exchange *x, struct route_context *context)
{
	static const uint8_t any[STORE_ID];
	struct arena *arena = exchange_arena(x);
	struct store_recall *recalls;
	struct store_duty *duties;
	size_t count, own;

	TRY(store_recall_list(context->store, arena, &recalls, &count));
	TRY(store_duty_list(context->store, arena, &duties, &own, any,
			    authorize_principal(x)->person.id));
	for (size_t i = 0; i < count; i++) {
		json_t *one = NULL;

		for (size_t k = 0; k < own; k++)
			if (memcmp(duties[k].recall, recalls[i].id, STORE_ID) == 0) {
				one = describe(arena, &recalls[i]);
				json_put(one, "duty",
					 describe_duty(arena, &duties[k], recalls[i].due_ms));
			}
		if (!one && !sees_all(x))
			continue;
		if (!one)
			one = describe(arena, &recalls[i]);
		if (sees_all(x)) {
			json_put_int(one, "persons", recalls[i].persons);
			json_put_int(one, "outstanding", recalls[i].outstanding);
		}
		json_push(out, one);
	}
	return OK;
}

void recall_list(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *recalls = json_array_new();
	enum err result = list(recalls, x, context);

	if (result != OK)
		reply_failure(x, result);
	else
		reply_list(x, "recalls", json_incref(recalls));
}

void recall_get(struct exchange *x, struct route_context *context)
{
	static const uint8_t any[STORE_ID];
	const struct principal *who = authorize_principal(x);
	struct store_recall r;
	struct store_duty *duties;
	json_t *answer, *list;
	size_t count = 0;
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_recall_get(context->store, exchange_arena(x), &r, id);
	if (result == OK)
		result = store_duty_list(context->store, exchange_arena(x), &duties, &count, id,
					 sees_all(x) ? any : who->person.id);
	if (result == OK && count == 0 && !sees_all(x))
		result = failure(ERR_NOT_FOUND, "there is no such recall");
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &r);
	list = json_array_new();
	json_put(answer, "duties", list);
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_duty(exchange_arena(x), &duties[i], r.due_ms));
	reply_json(x, 200, answer);
}

static enum err attest(struct store_duty *d, struct exchange *x, struct route_context *context,
		       const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(json_auto) json_t *statement = json_object_new();
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct attestation attested;
	struct store_recall r;

	TRY(api_param_uuid(d->recall, x, "id"));
	TRY(store_recall_get(store, exchange_arena(x), &r, d->recall));
	json_put_text(statement, "model", r.model_name);
	json_put_text(statement, "recall", slice_of_string(api_uuid(exchange_arena(x), r.id)));
	json_put_text(statement, "revision", r.revision);
	TRY(attest_read(&attested, x, context, body, S("sallyport/recall/v1\n"), statement));
	d->attested_ms = clock_now_ms();
	d->attestation = attested.text;
	memcpy(d->person, who->person.id, STORE_ID);
	memcpy(d->key, attested.key, STORE_ID);
	memcpy(d->signature, attested.signature, STORE_SIGNATURE);
	audit_event_begin(&event, AUDIT_MODEL_ATTEST, who->person.id, who->person.name);
	audit_event_text(&event, "model", r.model_name);
	audit_event_text(&event, "revision", r.revision);
	audit_event_uuid(&event, "recall", r.id);
	attest_tell(&attested, &event);
	TRY(store_begin(store));
	TRY(store_duty_attest(store, d));
	return api_finish(x, context, &event);
}

void recall_attest(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_duty duty = {0};
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = attest(&duty, x, context, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "recall", slice_of_string(api_uuid(exchange_arena(x), duty.recall)));
	json_put_bool(answer, "attested", true);
	json_put_bool(answer, "signed", !store_id_is_none(duty.key));
	reply_json(x, 200, answer);
}
