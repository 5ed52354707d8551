/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/approvals.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/license.h"
#include "schema/store/key.h"

/* How a refusal of the keeper's begins; meaning.c knows it, too. */
#define APPROVALS_MARK "approval: "

enum { APPROVALS_MAX_ENTRY = WIRE_MAX_PAYLOAD };

/* The keeper's own words, marked: meaning.h makes a code of them. */
static enum err keeper_says(enum err result, const struct rpc_reply *reply)
{
	char why[FAILURE_MAX_TEXT];

	if (result == OK || strcmp(reply->code, code_name(CODE_APPROVAL_NEEDED)) != 0)
		return result;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(ERR_DENIED, APPROVALS_MARK "%.400s", why);
}

static enum err ask(struct rpc_reply *reply, struct api *api, enum wire_type type,
		    struct slice body)
{
	return keeper_says(api_ask_keeper(reply, api, type, body), reply);
}

enum err approvals_state(struct approvals_state *out, struct arena *arena, struct api *api,
			 struct slice model)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(2 * WIRE_MAX_MODEL);
	struct wire_approvers_are are;

	wire_write_approvers(&body, &(struct wire_approvers){model});
	TRY(buf_done(&body));
	TRY(ask(&reply, api, WIRE_APPROVERS, buf_slice(&body)));
	TRY(wire_read_approvers_are(&are, buf_slice(&reply.body)));
	*out = (struct approvals_state){are.persons, are.needed, are.floor,
					arena_string(arena, are.gateway)};
	return OK;
}

/* One element of the list, read as "approval" of a body is. */
static enum err read_one(struct issue_approval *out, json_t *one)
{
	AUTO(json_auto) json_t *body = json_object_new();
	bool given;

	json_put(body, "approval", json_incref(one));
	TRY(issue_read_approval(out, &given, body));
	return given ? OK : failure(ERR_FORMAT, "\"approvals\": an element is no object");
}

enum err approvals_read(struct issue_approval out[ISSUE_MAX_APPROVALS], size_t *count,
			const json_t *body)
{
	const json_t *list;
	bool given;

	*count = 0;
	if (!json_has(body, "approvals")) {
		TRY(issue_read_approval(&out[0], &given, body));
		*count = given;
		return OK;
	}
	TRY(json_get_array(&list, body, "approvals"));
	if (json_array_size(list) > ISSUE_MAX_APPROVALS)
		return failure(ERR_FORMAT, "\"approvals\" has at most %d elements",
			       ISSUE_MAX_APPROVALS);
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(read_one(&out[i], json_array_get(list, i)));
	*count = json_array_size(list);
	return OK;
}

enum err approvals_wire(struct wire_approval out[WIRE_MAX_APPROVALS], struct route_context *context,
			struct arena *arena, const struct issue_approval *given, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct store_key key;
		enum err found = store_key_find(context->store, arena, &key, given[i].key_id);

		if (found == ERR_NOT_FOUND)
			return failure(ERR_FORMAT, "\"key_id\" is no enrolled key");
		TRY(found);
		if (!slice_equal(key.kind, S("ed25519")))
			return failure(ERR_FORMAT,
				       "\"key_id\" is a key of kind %.*s: an approver's key is "
				       "Ed25519",
				       SLICE_PRINT(key.kind));
		memcpy(out[i].key, key.public, WIRE_PUBLIC);
		memcpy(out[i].signature, given[i].signature, WIRE_SIGNATURE);
		out[i].statement = given[i].statement;
	}
	return OK;
}

json_t *approvals_describe(struct arena *arena, const struct wire_approval *list, size_t count)
{
	json_t *array = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(
			one, "key",
			slice_of_string(api_base64(arena, slice_of(list[i].key, WIRE_PUBLIC))));
		json_put_text(one, "sig",
			      slice_of_string(api_base64(
				      arena, slice_of(list[i].signature, WIRE_SIGNATURE))));
		json_put_text(one, "statement", list[i].statement);
		json_push(array, one);
	}
	return array;
}

static enum err check_entry(struct api *api, const struct audit_event *event)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf payload = buf_new(APPROVALS_MAX_ENTRY);
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_approver_check question = {
		.kind = slice_of_string(audit_kind_name(event->kind))};

	TRY(json_write_canonical(&payload, event->fields));
	question.payload = buf_slice(&payload);
	wire_write_approver_check(&body, &question);
	TRY(buf_done(&body));
	return ask(&reply, api, WIRE_APPROVER_CHECK, buf_slice(&body));
}

enum err approvals_join(struct audit_event *event, struct exchange *x,
			struct route_context *context, const json_t *body)
{
	struct issue_approval given[ISSUE_MAX_APPROVALS];
	struct wire_approval list[WIRE_MAX_APPROVALS];
	size_t count;

	TRY(approvals_read(given, &count, body));
	TRY(approvals_wire(list, context, exchange_arena(x), given, count));
	if (count)
		audit_event_json(event, "approvals",
				 approvals_describe(exchange_arena(x), list, count));
	return check_entry(context->api, event);
}

enum err approvals_check_license(struct api *api, const struct wire_license_sign *license)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_license_sign(&body, license);
	TRY(buf_done(&body));
	return ask(&reply, api, WIRE_LICENSE_CHECK, buf_slice(&body));
}

enum err approvals_leave(enum err result)
{
	if (result != ERR_DENIED ||
	    !slice_starts_with(slice_of_string(failure_text()), S(APPROVALS_MARK)))
		return result;
	log_info("approval.left", "why=\"%s\"", failure_text());
	return OK;
}

/* What of "a,b" the array has too. */
static struct slice narrow(struct arena *arena, struct slice rights, const json_t *array)
{
	AUTO(buf_free) struct buf list = buf_new(rights.size + 1);
	bool more = rights.size > 0;

	while (more) {
		struct slice one, approved;

		more = slice_cut(rights, ',', &one, &rights);
		for (size_t i = 0; i < json_array_size(array); i++) {
			if (json_text_at(&approved, array, i) != OK || !slice_equal(approved, one))
				continue;
			buf_write_string(&list, list.size ? "," : "");
			buf_write(&list, one);
			break;
		}
	}
	return arena_copy(arena, buf_slice(&list));
}

static enum err read_time(int64_t *out, const json_t *subject, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, subject, name));
	return clock_parse(out, text);
}

static enum err fit_one(struct issue *issue, struct arena *arena, struct slice text)
{
	AUTO(json_auto) json_t *statement = NULL;
	AUTO(json_auto) json_t *subject = NULL;
	struct approval approval;
	int64_t from_ms, until_ms;
	const json_t *rights;

	TRY(approval_parse(&approval, &statement, &subject, text));
	TRY(json_get_array(&rights, subject, "rights"));
	TRY(read_time(&from_ms, subject, "not_before"));
	TRY(read_time(&until_ms, subject, "expires"));
	issue->rights = narrow(arena, issue->rights, rights);
	if (issue->not_before_ms < from_ms)
		issue->not_before_ms = from_ms;
	if (issue->expires_ms > until_ms)
		issue->expires_ms = until_ms;
	return OK;
}

enum err approvals_fit(struct issue *issue, struct arena *arena)
{
	for (size_t i = 0; i < issue->approval_count; i++)
		TRY(fit_one(issue, arena, issue->approvals[i].statement));
	if (issue->rights.size == 0 || issue->expires_ms <= issue->not_before_ms)
		return failure(ERR_DENIED,
			       APPROVALS_MARK "what the approvers signed leaves no right, "
					      "or no time to use it in");
	return OK;
}
