/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/call_log.h"

#include "crypto/base/log.h"
#include "schema/store/adapter.h"

static struct slice right_of(const struct call *c)
{
	return slice_of_string(right_name(c->kind->right));
}

static enum audit_kind kind_of(enum right right)
{
	if (right == RIGHT_INTERNALS_READ)
		return AUDIT_INFER_INTERNALS;
	return right == RIGHT_INFER_EMBED ? AUDIT_INFER_EMBED : AUDIT_INFER_GENERATE;
}

static enum metric metric_of(enum right right)
{
	if (right == RIGHT_INTERNALS_READ)
		return METRIC_INTERNALS;
	return right == RIGHT_INFER_EMBED ? METRIC_EMBEDDINGS : METRIC_GENERATIONS;
}

static void tell_adapter(const struct store_adapter *a, struct audit_event *event)
{
	audit_event_uuid(event, "adapter", a->id);
	audit_event_text(event, "adapter_name", a->name);
	audit_event_hex(event, "adapter_sha256", slice_of(a->sha256, STORE_SHA256));
}

/* The entry (class B). */
static void tell_begin(struct call *c, struct audit_event *event)
{
	const struct grant *g = c->grant;

	audit_event_begin(event, kind_of(c->kind->right),
			  g->who->authenticated ? g->who->person.id : NULL, g->who->person.name);
	audit_event_text(event, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(event, "license", g->license->id);
	audit_event_text(event, "model", g->access.model.name);
	audit_event_text(event, "revision", g->access.revision.id);
	audit_event_text(event, "right", right_of(c));
	audit_event_text(event, "route", slice_of_string(c->kind->route));
	if (c->adapter)
		tell_adapter(c->adapter, event);
	if (c->kind->tell_begin)
		c->kind->tell_begin(c, event);
	audit_event_text(event, "decision", slice_of_string(exchange_request_id(c->x)));
	audit_event_text(event, "address", exchange_client_address(c->x));
	audit_event_preset_id(event, c->event);
}

/* The scribe finds it by itself, with others: being told of each, it would write all the time, on
 * the disk that the next calls wait for. */
static void note_durable(struct call *c)
{
	c->is_logged = true;
	exchange_header(c->x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(c->x), c->event));
}

enum err call_log_begin(struct call *c)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	tell_begin(c, &event);
	TRY(authorize_log(c->x, c->context, c->grant, &event));
	note_durable(c);
	return OK;
}

enum err call_log_start(struct call *c, struct call_entry *entry)
{
	enum err result;

	*entry = (struct call_entry){0};
	tell_begin(c, &entry->event);
	result = authorize_start(&entry->row, c->x, c->context, c->grant, &entry->event);
	if (result != OK)
		audit_event_clear(&entry->event);
	return result;
}

bool call_log_is_late(const struct call *c, const struct call_entry *entry)
{
	return !recorder_is_done(c->context->api->recorder, &entry->row.ticket);
}

enum err call_log_await(struct call *c, struct call_entry *entry)
{
	enum err result = authorize_await(&entry->row, c->context);

	audit_event_clear(&entry->event);
	if (result == OK)
		note_durable(c);
	return result;
}

void call_log_end(struct call *c, enum err result)
{
	const struct grant *g = c->grant;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_usage usage = {
		.right = right_of(c),
		.calls = 1,
		.prompt_tokens = c->prompt_tokens,
		.completion_tokens = c->completion_tokens,
		.bytes = c->revealed_bytes,
	};
	enum err (*write)(struct api *, struct audit_event *, const struct store_usage *);

	metrics_add(&c->context->api->metrics, metric_of(c->kind->right), 1);
	metrics_add(&c->context->api->metrics, METRIC_PROMPT_TOKENS, c->prompt_tokens);
	metrics_add(&c->context->api->metrics, METRIC_COMPLETION_TOKENS, c->completion_tokens);
	audit_event_begin(&event, AUDIT_INFER_END, g->who->authenticated ? g->who->person.id : NULL,
			  g->who->person.name);
	audit_event_uuid(&event, "call", c->event);
	if (g->license)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "right", right_of(c));
	audit_event_text(&event, "finish",
			 slice_of_string(result == OK ? c->finish : err_name(result)));
	audit_event_number(&event, "prompt_tokens", (int64_t)c->prompt_tokens);
	audit_event_number(&event, "completion_tokens", (int64_t)c->completion_tokens);
	if (c->kind->tell_end)
		c->kind->tell_end(c, &event);
	memcpy(usage.person, g->who->person.id, STORE_ID);
	memcpy(usage.model, g->access.model.id, STORE_ID);
	write = c->is_in_crowd ? api_record_late : api_record;
	if (write(c->context->api, &event, g->who->authenticated ? &usage : NULL) != OK)
		log_error("infer.unrecorded", "request=%s reason=\"%s\"", exchange_request_id(c->x),
			  failure_text());
}
