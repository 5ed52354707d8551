/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/serve.h"

#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "schema/wire/control.h"

static struct rules_time time_now(void)
{
	return (struct rules_time){clock_monotonic_ms(), clock_now_ms()};
}

enum err serve_send_key(void *context, const struct keeper_target *target,
			const struct secret *file_key)
{
	struct serve *s = context;
	const struct channel *peer = loop_peer(s->loop, target->role, target->index);
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_handle_key message = {.handle = target->handle};
	enum err result;

	if (!peer)
		return failure(ERR_UNAVAILABLE, "%s %u is not there", role_name(target->role),
			       target->index);
	memcpy(message.key, secret_slice(file_key).data, WIRE_FILE_KEY);
	wire_write_handle_key(&body, &message);
	result = channel_send(peer, target->message, 0, buf_slice(&body), -1);
	secret_wipe(&message, sizeof message);
	secret_wipe(body.data, body.size);
	return result;
}

enum err serve_tell_engine(void *context, unsigned index, enum wire_type type, struct slice body)
{
	struct serve *s = context;
	const struct channel *peer = loop_peer(s->loop, ROLE_ENGINE, index);

	if (!peer)
		return failure(ERR_UNAVAILABLE, "engine %u is not there", index);
	return channel_send(peer, type, 0, body, -1);
}

static enum err on_hello(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf vkey = buf_new(WIRE_MAX_VKEY);
	struct wire_keeper_keys answer = {0};
	struct keeper_facts facts;

	TRY(wire_read_empty(body));
	TRY(keeper_write_vkey(s->keeper, &vkey));
	keeper_facts(s->keeper, &facts);
	memcpy(answer.token_key_id, facts.token_key.id, TOKEN_KEY_ID);
	memcpy(answer.token_public, facts.token_key.public_key, SIGN_PUBLIC);
	memcpy(answer.license_public, facts.license_public, SIGN_PUBLIC);
	answer.log_vkey = buf_slice(&vkey);
	answer.escrow = facts.escrow;
	answer.log_size = facts.log_size;
	wire_write_keeper_keys(out, &answer);
	return buf_done(out);
}

static enum err on_key_create(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);
	struct wire_key_create ask;

	TRY(wire_read_key_create(&ask, body));
	TRY(keeper_key_create(s->keeper, &ask, time_now(), &header));
	wire_write_key_created(out, &(struct wire_key_created){buf_slice(&header)});
	return buf_done(out);
}

static enum err on_key_resume(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_key_resume ask;

	(void)out; /* the answer is empty */
	TRY(wire_read_key_resume(&ask, body));
	return keeper_key_resume(s->keeper, &ask, time_now());
}

static enum err on_key_bind(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind ask;

	TRY(wire_read_key_bind(&ask, body));
	TRY(keeper_key_bind(s->keeper, &ask, time_now(), &header));
	wire_write_key_bound(out, &(struct wire_key_bound){buf_slice(&header)});
	return buf_done(out);
}

static enum err on_key_release(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_key_release ask;

	(void)out; /* the answer is empty */
	TRY(wire_read_key_release(&ask, body));
	return keeper_key_release(s->keeper, &ask, time_now());
}

static enum err on_pass_issue(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_pass_issue ask;

	(void)out; /* the answer is empty */
	TRY(wire_read_pass_issue(&ask, body));
	return keeper_pass_issue(s->keeper, &ask, time_now());
}

static enum err on_license_sign(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_license_sign ask;
	struct wire_license_signed answer;

	TRY(wire_read_license_sign(&ask, body));
	TRY(keeper_license_sign(s->keeper, &ask, time_now(), answer.signature));
	wire_write_license_signed(out, &answer);
	return buf_done(out);
}

static enum err on_license_check(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_license_sign ask;

	(void)out; /* the answer is empty */
	TRY(wire_read_license_sign(&ask, body));
	return keeper_license_check(s->keeper, &ask, time_now());
}

static enum err on_approver_check(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_approver_check ask;

	(void)out; /* the answer is empty */
	TRY(wire_read_approver_check(&ask, body));
	return keeper_approver_check(s->keeper, &ask, time_now());
}

static enum err on_approvers(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_approvers ask;
	struct wire_approvers_are answer;

	TRY(wire_read_approvers(&ask, body));
	keeper_approvers(s->keeper, ask.model, &answer);
	wire_write_approvers_are(out, &answer);
	return buf_done(out);
}

static enum err on_document_sign(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_document_sign ask;
	struct wire_document_signed answer;

	TRY(wire_read_document_sign(&ask, body));
	TRY(keeper_document_sign(s->keeper, &ask, time_now(), answer.signature));
	wire_write_document_signed(out, &answer);
	return buf_done(out);
}

static enum err on_report_sign(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf note = buf_new(WIRE_MAX_NOTE);
	struct wire_report_sign ask;

	TRY(wire_read_report_sign(&ask, body));
	TRY(keeper_report_sign(s->keeper, &ask, time_now(), &note));
	wire_write_report_signed(out, &(struct wire_report_signed){buf_slice(&note)});
	return buf_done(out);
}

static enum err on_visa_keys(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf jwks = buf_new(WIRE_MAX_JWKS);

	TRY(wire_read_empty(body));
	TRY(keeper_visa_keys(s->keeper, &jwks));
	wire_write_visa_keys_are(out, &(struct wire_visa_keys_are){buf_slice(&jwks)});
	return buf_done(out);
}

static enum err on_visa_sign(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf visa = buf_new(WIRE_MAX_VISA);
	struct wire_visa_sign ask;

	TRY(wire_read_visa_sign(&ask, body));
	TRY(keeper_visa_sign(s->keeper, &ask, time_now(), &visa));
	wire_write_visa_signed(out, &(struct wire_visa_signed){buf_slice(&visa)});
	return buf_done(out);
}

static enum err on_token_sign(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf token = buf_new(WIRE_MAX_TOKEN);
	struct wire_token_sign ask;

	TRY(wire_read_token_sign(&ask, body));
	TRY(keeper_token_sign(s->keeper, &ask, time_now(), &token));
	wire_write_token_signed(out, &(struct wire_token_signed){buf_slice(&token)});
	return buf_done(out);
}

static enum err on_log_state(struct serve *s, struct slice body, struct buf *out)
{
	struct wire_log_state_is answer;

	TRY(wire_read_empty(body));
	keeper_log_state(s->keeper, &answer);
	wire_write_log_state_is(out, &answer);
	return buf_done(out);
}

static enum err on_log_append(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf checkpoint = buf_new(WIRE_MAX_CHECKPOINT);
	struct wire_log_append ask;
	struct wire_log_state_is state;

	TRY(wire_read_log_append(&ask, body));
	TRY(keeper_log_append(s->keeper, &ask, time_now(), &checkpoint));
	keeper_log_state(s->keeper, &state);
	wire_write_log_appended(out,
				&(struct wire_log_appended){state.size, buf_slice(&checkpoint)});
	return buf_done(out);
}

static enum err on_entry_reduce(struct serve *s, struct slice body, struct buf *out)
{
	AUTO(buf_free) struct buf facts = buf_new(WIRE_MAX_PAYLOAD);
	struct wire_entry_reduced answer;
	struct wire_entry_reduce ask;
	struct digest seal;

	TRY(wire_read_entry_reduce(&ask, body));
	TRY(keeper_entry_reduce(s->keeper, &ask.entry, &facts, &seal));
	answer.facts = buf_slice(&facts);
	memcpy(answer.seal, seal.bytes, WIRE_DIGEST);
	wire_write_entry_reduced(out, &answer);
	return buf_done(out);
}

static const struct deed {
	enum wire_type call;
	enum wire_type reply;
	enum err (*run)(struct serve *s, struct slice body, struct buf *out);
} deeds[] = {
	{WIRE_KEEPER_HELLO, WIRE_KEEPER_KEYS, on_hello},
	{WIRE_KEY_CREATE, WIRE_KEY_CREATED, on_key_create},
	{WIRE_KEY_RESUME, WIRE_KEY_RESUMED, on_key_resume},
	{WIRE_KEY_BIND, WIRE_KEY_BOUND, on_key_bind},
	{WIRE_KEY_RELEASE, WIRE_KEY_RELEASED, on_key_release},
	{WIRE_PASS_ISSUE, WIRE_PASS_ISSUED, on_pass_issue},
	{WIRE_LICENSE_SIGN, WIRE_LICENSE_SIGNED, on_license_sign},
	{WIRE_LICENSE_CHECK, WIRE_LICENSE_CHECKED, on_license_check},
	{WIRE_APPROVER_CHECK, WIRE_APPROVER_CHECKED, on_approver_check},
	{WIRE_APPROVERS, WIRE_APPROVERS_ARE, on_approvers},
	{WIRE_TOKEN_SIGN, WIRE_TOKEN_SIGNED, on_token_sign},
	{WIRE_DOCUMENT_SIGN, WIRE_DOCUMENT_SIGNED, on_document_sign},
	{WIRE_REPORT_SIGN, WIRE_REPORT_SIGNED, on_report_sign},
	{WIRE_VISA_KEYS, WIRE_VISA_KEYS_ARE, on_visa_keys},
	{WIRE_VISA_SIGN, WIRE_VISA_SIGNED, on_visa_sign},
	{WIRE_ENTRY_REDUCE, WIRE_ENTRY_REDUCED, on_entry_reduce},
	{WIRE_LOG_STATE, WIRE_LOG_STATE_IS, on_log_state},
	{WIRE_LOG_APPEND, WIRE_LOG_APPENDED, on_log_append},
};

static enum err answer(struct serve *s, const struct deed *deed, const struct channel *from,
		       const struct frame *frame)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	enum err result = deed->run(s, frame->body, &out);

	if (result == OK)
		return channel_send(from, deed->reply, frame->call, buf_slice(&out), -1);
	log_warn("keeper.refused", "call=%s kind=%s why=\"%s\"", wire_name(frame->type),
		 err_name(result), failure_text());
	if (result == ERR_IO) {
		/* The journal may have more than we know: the next start reads what it has. */
		log_error("keeper.broken", "why=\"%s\"", failure_text());
		exit(EXIT_FAILURE);
	}
	return channel_send_fail(from, frame->call, result, keeper_code(s->keeper));
}

enum err serve_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct serve *s = context;

	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		if ((unsigned)deeds[i].call == frame->type)
			return answer(s, &deeds[i], from, frame);
	return failure(ERR_DENIED, "%s is not for the keeper", wire_name(frame->type));
}
