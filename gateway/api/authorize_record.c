/* SPDX-License-Identifier: Apache-2.0 */
/* A decision as it is recorded and shown: what it rested on, by id and as facts. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "policy/decision_record.h"
#include "schema/store/decision.h"

enum { MAX_RECORD = 64 * 1024 };

/* What speaks for the person: the license, the request it came of, the terms it names. */
static void describe_license(json_t *record, struct arena *arena, const struct store_license *l)
{
	json_put_text(record, "license", slice_of_string(api_uuid(arena, l->id)));
	if (!store_id_is_none(l->request))
		json_put_text(record, "request", slice_of_string(api_uuid(arena, l->request)));
	if (l->has_terms)
		json_put_text(
			record, "terms_sha256",
			slice_of_string(api_hex(arena, slice_of(l->terms_sha256, STORE_SHA256))));
}

/* The visas, certificates and answers that were looked at, where any were: by their ids, since what
 * they say of a person is not for every reader of a record. */
static void describe_claims(json_t *record, struct arena *arena, const struct claims *claims)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < claims->count; i++)
		json_push_text(list, slice_of_string(api_uuid(arena, claims->list[i].id)));
	json_put(record, "claims", list);
}

/* The connection's: by its fingerprint, since its subject is no business of a record's reader. */
static void describe_certificate(json_t *record, struct arena *arena, const struct exchange *x)
{
	const struct client_certificate *c = exchange_client_certificate(x);

	if (c)
		json_put_text(
			record, "client_certificate_sha256",
			slice_of_string(api_hex(arena, slice_of(c->sha256, sizeof c->sha256))));
}

json_t *authorize_describe(struct exchange *x, const struct grant *g)
{
	struct arena *arena = exchange_arena(x);
	json_t *record = json_object_new();

	json_put_text(record, "decision", slice_of_string(exchange_request_id(x)));
	json_put_bool(record, "allow", g->decision.allow);
	json_put_text(record, "code", slice_of_string(code_name(g->decision.code)));
	json_put_text(record, "rule", slice_of_string(g->decision.rule));
	json_put_text(record, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->who->authenticated)
		json_put_text(record, "subject",
			      slice_of_string(api_uuid(arena, g->who->person.id)));
	if (g->who->is_capability)
		json_put_text(record, "capability",
			      slice_of_string(api_uuid(arena, g->who->credential_id)));
	describe_certificate(record, arena, x);
	json_put_text(record, "model", g->access.model.name);
	if (g->access.has_revision)
		json_put_text(record, "revision", g->access.revision.id);
	if (g->path.size)
		json_put_text(record, "path", g->path);
	if (g->open_pattern.size)
		json_put_text(record, "pattern", g->open_pattern);
	json_put_text(record, "right", slice_of_string(right_name(g->right)));
	if (g->license)
		describe_license(record, arena, g->license);
	if (g->claims.count)
		describe_claims(record, arena, &g->claims);
	json_put_text(record, "policy", S(DECISION_POLICY));
	json_put_text(record, "at", slice_of_string(api_time(arena, g->now_ms)));
	json_put_text(record, "text", slice_of_string(code_sentence(g->decision.code)));
	json_put(record, "missing", reply_missing(&g->decision));
	json_put(record, "facts", decision_facts_write(&g->facts));
	return record;
}

static enum err fill_decision(struct store_decision *out, struct buf *record, struct exchange *x,
			      const struct grant *g)
{
	AUTO(json_auto) json_t *json = authorize_describe(x, g);

	*out = (struct store_decision){
		.at_ms = g->now_ms,
		.model = g->access.model.name,
		.right = slice_of_string(right_name(g->right)),
		.allow = g->decision.allow,
		.code = slice_of_string(code_name(g->decision.code)),
	};
	TRY(json_write_canonical(record, json));
	TRY(text_read_uuid(out->id, slice_of_string(exchange_request_id(x))));
	out->record = buf_slice(record);
	memcpy(out->person, g->who->person.id, STORE_ID);
	if (g->license)
		memcpy(out->license, g->license->id, STORE_ID);
	return OK;
}

enum err authorize_record(struct store *store, struct exchange *x, const struct grant *g)
{
	AUTO(buf_free) struct buf record = buf_new(MAX_RECORD);
	struct store_decision row;

	TRY(fill_decision(&row, &record, x, g));
	return store_decision_insert(store, &row);
}

enum err authorize_log(struct exchange *x, struct route_context *context, const struct grant *g,
		       struct audit_event *event)
{
	AUTO(buf_free) struct buf record = buf_new(MAX_RECORD);
	struct store_decision decision;
	struct store_event row;

	TRY(fill_decision(&decision, &record, x, g));
	TRY(audit_event_end(event, clock_now_ms()));
	row = audit_event_row(event);
	return api_write(context->api,
			 &(struct store_record){.decision = &decision, .event = &row});
}

enum err authorize_start(struct authorize_entry *e, struct exchange *x,
			 struct route_context *context, const struct grant *g,
			 struct audit_event *event)
{
	AUTO(buf_free) struct buf text = buf_new(MAX_RECORD);
	int64_t begun = clock_monotonic_us();

	TRY(fill_decision(&e->decision, &text, x, g));
	TRY(audit_event_end(event, clock_now_ms()));
	e->event = audit_event_row(event);
	e->record = (struct store_record){.decision = &e->decision, .event = &e->event};
	e->text = text;
	text = buf_new(0); /* given away */
	recorder_start(context->api->recorder, &e->ticket, &e->record);
	e->waited_us = clock_monotonic_us() - begun;
	return OK;
}

enum err authorize_await(struct authorize_entry *e, struct route_context *context)
{
	int64_t begun = clock_monotonic_us();
	enum err result = recorder_await(context->api->recorder, &e->ticket);

	metrics_add_log_wait(&context->api->metrics, e->waited_us + clock_monotonic_us() - begun);
	buf_free(&e->text);
	return result;
}

enum err authorize_note(struct exchange *x, struct route_context *context, const struct grant *g)
{
	AUTO(buf_free) struct buf record = buf_new(MAX_RECORD);
	struct store_decision decision;

	TRY(fill_decision(&decision, &record, x, g));
	return api_write(context->api, &(struct store_record){.decision = &decision});
}
