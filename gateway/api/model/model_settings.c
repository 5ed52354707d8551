/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PUT /api/models/{id}/settings: the gate, the terms, the files that anyone may read, whether the
 * model is hidden, and whether it may carry pickles. What the body does not name stays as it is.
 */
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/model/settings_version.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "policy/open_paths.h"
#include "schema/store/form.h"

/* Our own "gate", or the Hub's {"gated":false|"auto"|"manual"}. */
static enum err read_gate(struct store_model_change *c, const json_t *body)
{
	const json_t *gated = json_object_get(body, "gated");
	enum model_gate parsed;

	if (json_is_false(gated))
		c->gate = S("no");
	else if (json_is_string(gated))
		c->gate = slice_of_string(json_string_value(gated));
	TRY(json_get_text_or(&c->gate, body, "gate", c->gate));
	c->has_gate = c->gate.data != NULL;
	if (c->has_gate && !model_gate_parse(&parsed, c->gate))
		return failure(ERR_FORMAT,
			       "\"gate\" is \"%.*s\"; manual, auto, no or public expected",
			       SLICE_PRINT(slice_part(c->gate, 0, 40)));
	return OK;
}

static enum err read_terms(struct store_model_change *c, const json_t *body)
{
	struct slice hex;

	TRY(json_get_text_or(&hex, body, "terms_sha256", S("")));
	c->has_terms = hex.size > 0;
	return hex.size ? text_read_hex(c->terms_sha256, STORE_SHA256, hex) : OK;
}

/* ["README.md","LICENSE*"] replaces the list that was there; [] opens nothing. */
static enum err read_open_paths(struct store_model_change *c, struct arena *arena,
				const json_t *body)
{
	AUTO(buf_free) struct buf list = buf_new(OPEN_PATHS_MAX_TEXT);
	const json_t *paths;

	c->has_open_paths = json_has(body, "open_paths");
	if (!c->has_open_paths)
		return OK;
	TRY(json_get_array(&paths, body, "open_paths"));
	if (json_array_size(paths) > OPEN_PATHS_MAX)
		return failure(ERR_FORMAT, "\"open_paths\" has at most %d patterns, not %zu",
			       OPEN_PATHS_MAX, json_array_size(paths));
	for (size_t i = 0; i < json_array_size(paths); i++) {
		struct slice pattern;

		TRY(json_text_at(&pattern, paths, i));
		TRY(open_pattern_check(pattern));
		buf_write_string(&list, i ? "\n" : "");
		buf_write(&list, pattern);
	}
	TRY(buf_done(&list));
	c->open_paths = arena_copy(arena, buf_slice(&list));
	return OK;
}

/* Our own "hidden", or the Hub's "private" or "visibility". */
static enum err read_hidden(struct store_model_change *c, const json_t *body)
{
	struct slice visibility;

	TRY(json_get_text_or(&visibility, body, "visibility", S("")));
	if (visibility.size && !slice_equal(visibility, S("private")) &&
	    !slice_equal(visibility, S("public")))
		return failure(ERR_FORMAT, "\"visibility\" is public or private here");
	c->has_hidden = visibility.size || json_has(body, "private") || json_has(body, "hidden");
	c->hidden = slice_equal(visibility, S("private"));
	TRY(json_get_bool_or(&c->hidden, body, "private", c->hidden));
	return json_get_bool_or(&c->hidden, body, "hidden", c->hidden);
}

/* Whom the Hub's settings tell of requests: kept, and empty where the body does not say. */
struct telling {
	struct slice mode, email;
};

static enum err read_telling(struct telling *out, const json_t *body)
{
	TRY(json_get_text_or(&out->mode, body, "gatedNotificationsMode", S("")));
	TRY(json_get_text_or(&out->email, body, "gatedNotificationsEmail", S("")));
	if (out->mode.size && !slice_equal(out->mode, S("bulk")) &&
	    !slice_equal(out->mode, S("real-time")))
		return failure(ERR_FORMAT, "\"gatedNotificationsMode\" is bulk or real-time");
	if (out->email.size > 320 || slice_find(out->email, '\n') < out->email.size ||
	    (out->email.size && slice_find(out->email, '@') == out->email.size))
		return failure(ERR_FORMAT, "\"gatedNotificationsEmail\" is an address");
	return OK;
}

/* May Python pickles be carried, as files? */
static enum err read_allow_pickle(struct store_model_change *c, const json_t *body)
{
	c->has_allow_pickle = json_has(body, "allow_pickle");
	return json_get_bool_or(&c->allow_pickle, body, "allow_pickle", false);
}

static enum err read_change(struct store_model_change *c, struct arena *arena, const json_t *body)
{
	TRY(read_gate(c, body));
	TRY(read_terms(c, body));
	TRY(read_open_paths(c, arena, body));
	TRY(read_allow_pickle(c, body));
	return read_hidden(c, body);
}

static void describe_change(struct audit_event *event, const struct store_model_change *c)
{
	if (c->has_gate)
		audit_event_text(event, "gate", c->gate);
	if (c->has_terms)
		audit_event_hex(event, "terms_sha256", slice_of(c->terms_sha256, STORE_SHA256));
	if (c->has_open_paths)
		audit_event_json(event, "open_paths", hub_describe_open_paths(c->open_paths));
	if (c->has_hidden)
		audit_event_flag(event, "hidden", c->hidden);
	if (c->has_allow_pickle)
		audit_event_flag(event, "allow_pickle", c->allow_pickle);
}

/* What opens a model, approvers sign; "criteria" is what they sign for a gate that opens by
 * itself (gateway/keeper/standing.h). */
static void describe_criteria(struct audit_event *event, const json_t *body)
{
	if (json_has(body, "criteria"))
		audit_event_json(event, "criteria",
				 json_deep_copy(json_object_get(body, "criteria")));
}

struct slice settings_version(struct arena *arena, const struct store_model *m)
{
	struct slice terms = slice_of(m->terms_sha256, m->has_terms ? STORE_SHA256 : 0);
	const char *text = arena_printf(arena, "%.*s\n%s\n%d%d\n%.*s", SLICE_PRINT(m->gate),
					api_hex(arena, terms), m->hidden, m->allow_pickle,
					SLICE_PRINT(m->open_paths));
	struct digest digest = digest_of(slice_of_string(text));

	return slice_of_string(api_hex(arena, slice_of(digest.bytes, 8)));
}

/* In the transaction: nobody's change in between is overwritten unseen. */
static enum err check_seen(struct exchange *x, struct store *store, const struct store_model *model,
			   const json_t *body)
{
	struct store_model now;
	struct slice seen;

	TRY(json_get_text_or(&seen, body, "seen", S("")));
	if (seen.size == 0)
		return OK;
	TRY(store_model_get(store, exchange_arena(x), &now, model->name));
	if (slice_equal(seen, settings_version(exchange_arena(x), &now)))
		return OK;
	return failure(ERR_CONFLICT, "somebody else has changed the settings meanwhile: look at "
				     "them again");
}

static enum err carry_out(struct exchange *x, struct route_context *context,
			  const struct store_model *model, const struct store_model_change *c,
			  const struct telling *telling, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_SETTINGS, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	describe_change(&event, c);
	describe_criteria(&event, body);
	TRY(approvals_join(&event, x, context, body));
	if (telling->mode.size)
		audit_event_text(&event, "notifications", telling->mode);
	TRY(store_begin(store));
	TRY(check_seen(x, store, model, body));
	TRY(store_model_set(store, c));
	TRY(store_model_set_notifications(store, c->id, telling->mode, telling->email));
	return api_finish(x, context, &event);
}

static void reply_settings(struct exchange *x, struct route_context *context, struct slice name)
{
	struct store_model model;
	enum err result = store_model_get(context->store, exchange_arena(x), &model, name);
	json_t *answer;

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "gate", model.gate);
	json_put(answer, "open_paths", hub_describe_open_paths(model.open_paths));
	json_put_bool(answer, "hidden", model.hidden);
	json_put_bool(answer, "allow_pickle", model.allow_pickle);
	withdraw_wait(x, context, answer); /* it may be narrower than it was */
	reply_json(x, 200, answer);
}

void hub_settings(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model_change change = {.has_gate = false};
	struct telling telling;
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	memcpy(change.id, model.id, STORE_ID);
	result = read_change(&change, exchange_arena(x), body);
	if (result == OK)
		result = read_telling(&telling, body);
	if (result == OK)
		result = carry_out(x, context, &model, &change, &telling, body);
	if (result == OK)
		reply_settings(x, context, model.name);
	else if (result == ERR_NOT_FOUND)
		reply_code(x, CODE_NOT_FOUND,
			   "no terms with this SHA-256; POST the text to /api/v1/terms first",
			   NULL);
	else
		reply_failure(x, result);
}
