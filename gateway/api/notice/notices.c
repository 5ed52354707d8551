/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices find whom they concern, and get there: a job. A message that is taken comes back by
 * itself, so one whose edge dies on the way is sent again, under the same id. One run sends a few,
 * of each webhook one at most: neither a slow endpoint nor a dead one holds up the others, nor the
 * other jobs.
 */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "gateway/api/jobs.h"
#include "gateway/api/notice/notice_kinds.h"
#include "gateway/api/notice/notice_text.h"
#include "gateway/api/notice/notify.h"
#include "gateway/api/outbound/outbound_call.h"
#include "gateway/courier/mailbox.h"

enum {
	SPREAD_AT_ONCE = 50,
	SEND_AT_ONCE = 8,
	SEND_SECONDS = 10, /* of one run; what is begun goes on */
	HOOK_MS = 10 * 1000,
	HOOK_MOST = 4 * 1024, /* of an answer that nobody reads */
	MAIL_MS = 35 * 1000,
	KEPT_DAYS = 30,
	RETRY_AFTER_MOST = 3600,
};

/* --- whom it concerns --------------------------------------------------------------------- */

static struct slice offices_of(unsigned audience, struct arena *arena)
{
	static const struct {
		unsigned bit;
		const char *offices;
	} rows[] = {
		{NOTICE_DECIDERS, "requests:decide,requests:handle"},
		{NOTICE_LICENSERS, "licenses:manage"},
		{NOTICE_MODELERS, "models:manage"},
		{NOTICE_KEEPERS, "persons:manage"},
	};
	const char *list = "";

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (audience & rows[i].bit)
			list = arena_printf(arena, "%s%s%s", list, list[0] ? "," : "",
					    rows[i].offices);
	return slice_of_string(list);
}

static enum err spread_one(struct route_context *context, struct arena *arena,
			   const struct store_notice *n)
{
	unsigned alone = slice_equal(n->office, S(NOTIFY_NOBODY_ELSE)) ? NOTICE_PERSON | NOTICE_SELF
								       : ~0U;
	unsigned audience = notice_kind_of(n->kind)->audience & alone;
	struct store_spread spread = {
		.to_person = audience & (NOTICE_PERSON | NOTICE_SELF),
		.to_actor = audience & NOTICE_SELF,
		.to_holders = audience & NOTICE_HOLDERS,
		.offices = offices_of(audience, arena),
		.has_mail = context->api->settings->mail_server[0] != '\0',
	};

	memcpy(spread.notice, n->id, STORE_ID);
	return store_notice_spread(context->store, &spread);
}

static enum err spread_all(struct route_context *context, struct arena *arena)
{
	struct store_notice *notices;
	size_t count;

	TRY(store_notice_new(context->store, arena, &notices, &count, SPREAD_AT_ONCE));
	for (size_t i = 0; i < count; i++)
		TRY(spread_one(context, arena, &notices[i]));
	return OK;
}

/* --- by mail ------------------------------------------------------------------------------ */

/* "example.org" of "gateway@example.org". */
static struct slice domain_of(struct slice mailbox)
{
	struct slice local, domain;

	return slice_cut(mailbox, '@', &local, &domain) ? domain : S("localhost");
}

static enum err write_mail(struct buf *out, const struct settings *s, const struct store_message *m)
{
	AUTO(buf_free) struct buf subject = buf_new(NOTICE_TEXT_MAX);
	AUTO(buf_free) struct buf text = buf_new(NOTICE_TEXT_MAX);
	char id[TEXT_UUID];
	struct mailbox_message message = {.from = slice_of_string(s->mail_from),
					  .to = m->email,
					  .domain = domain_of(slice_of_string(s->mail_from)),
					  .at_seconds = m->notice.at_ms / 1000};

	TRY(mailbox_check(m->email));
	text_uuid(id, m->id);
	notice_write_subject(&subject, m);
	notice_write_text(&text, m, slice_of_string(s->external_url));
	TRY(buf_done(&subject));
	TRY(buf_done(&text));
	message.id = slice_of_string(id);
	message.subject = buf_slice(&subject);
	message.text = buf_slice(&text);
	mailbox_write(out, &message);
	return buf_done(out);
}

static enum err send_mail(unsigned *status, struct api *api, const struct store_message *m)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf message = buf_new(WIRE_MAX_MAIL);
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_courier_mailed mailed;

	TRY(write_mail(&message, api->settings, m));
	wire_write_courier_mail(
		&body, &(struct wire_courier_mail){.to = m->email, .message = buf_slice(&message)});
	TRY(buf_done(&body));
	TRY(rpc_call(api->rpc, ROLE_COURIER, 0, WIRE_COURIER_MAIL, buf_slice(&body), -1, &reply,
		     MAIL_MS));
	TRY(wire_read_courier_mailed(&mailed, buf_slice(&reply.body)));
	*status = mailed.status;
	return OK;
}

static void judge_mail(struct store_outcome *out)
{
	out->is_sent = out->status >= 200 && out->status < 300;
	out->is_hopeless = out->status >= 500;
	if (!out->is_sent)
		out->problem = S("the mail server refuses it");
}

/* --- to a webhook ------------------------------------------------------------------------- */

static enum err call_webhook(struct store_outcome *out, struct route_context *context,
			     struct arena *arena, const struct store_message *m)
{
	AUTO(buf_free) struct buf body = buf_new(NOTICE_TEXT_MAX);
	AUTO(buf_free) struct buf headers = buf_new(NOTICE_TEXT_MAX);
	struct outbound_request ask = {.method = WIRE_METHOD_POST,
				       .url = m->url,
				       .most = HOOK_MOST,
				       .timeout_ms = HOOK_MS};
	struct outbound_answer answer;
	uint64_t wait;

	TRY(notice_write_event(&body, m, slice_of_string(context->api->settings->external_url)));
	notice_write_headers(&headers, m, buf_slice(&body), clock_now_seconds());
	TRY(buf_done(&headers));
	ask.body = buf_slice(&body);
	ask.headers = buf_slice(&headers);
	TRY(outbound_call(&answer, context, arena, &ask));
	out->status = answer.status;
	if (slice_to_u64(outbound_header(&answer, "retry-after"), RETRY_AFTER_MOST, &wait) &&
	    (int64_t)wait * 1000 > out->wait_ms)
		out->wait_ms = (int64_t)wait * 1000;
	return OK;
}

/* 410: it is gone, and says so (Standard Webhooks). A redirect is not followed: who has moved says
 * it to us, not to the wire. */
static void judge_webhook(struct store_outcome *out)
{
	out->is_sent = out->status >= 200 && out->status < 300;
	out->is_hopeless = out->status == 410;
	if (!out->is_sent)
		out->problem = out->status == 410 ? S("the endpoint is gone")
			       : out->status / 100 == 3
				       ? S("the endpoint redirects, which is not followed")
				       : S("the endpoint refuses it");
}

/* The last of a message's tries has failed. An endpoint that nothing comes through to is left. */
static enum err leave_webhook(struct route_context *context, const struct store_message *m,
			      bool at_once)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	bool is_changed;

	TRY(store_begin(store));
	TRY(store_webhook_disable(store, m->webhook, at_once, &is_changed));
	if (!is_changed)
		return store_commit(store);
	log_warn("webhook.disabled", "url=\"%.*s\"", SLICE_PRINT(m->url));
	audit_event_begin(&event, AUDIT_WEBHOOK_DISABLE, NULL, S("gateway"));
	audit_event_uuid(&event, "webhook", m->webhook);
	audit_event_text(&event, "url", m->url);
	return api_commit(context, &event);
}

/* --- both --------------------------------------------------------------------------------- */

static enum err send_one(struct route_context *context, struct arena *arena,
			 const struct store_message *m)
{
	bool is_hook = !store_id_is_none(m->webhook), has_failed;
	struct store_outcome outcome = {.wait_ms = notice_wait_ms(m->attempts), .problem = S("")};
	enum err result = is_hook ? call_webhook(&outcome, context, arena, m)
				  : send_mail(&outcome.status, context->api, m);

	if (result == OK && is_hook)
		judge_webhook(&outcome);
	else if (result == OK)
		judge_mail(&outcome);
	else
		outcome.problem = arena_copy(arena, slice_of_string(failure_text()));
	outcome.is_hopeless |= result == ERR_FORMAT || result == ERR_UNSUPPORTED;
	TRY(store_message_done(context->store, m, &outcome, &has_failed));
	if (!outcome.is_sent)
		log_info("notice.unsent", "kind=%.*s by=%s status=%u try=%lld reason=\"%.*s\"",
			 SLICE_PRINT(m->notice.kind), is_hook ? "webhook" : "mail", outcome.status,
			 (long long)m->attempts, SLICE_PRINT(outcome.problem));
	return has_failed && is_hook ? leave_webhook(context, m, outcome.status == 410) : OK;
}

enum err job_notices(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	int64_t until_ms = clock_monotonic_ms() + SEND_SECONDS * 1000;
	struct store_message *messages;
	size_t count = 1;

	(void)now_ms;
	TRY(spread_all(context, arena));
	for (int sent = 0; sent < SEND_AT_ONCE && clock_monotonic_ms() < until_ms; sent++) {
		TRY(store_message_take(context->store, arena, &messages, &count, 1));
		if (!count)
			return OK;
		TRY(send_one(context, arena, &messages[0]));
	}
	return OK;
}

enum err job_notice_sweep(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	(void)arena;
	(void)now_ms;
	return store_notice_sweep(context->store, KEPT_DAYS);
}
