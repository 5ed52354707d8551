/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PUT /api/models/{id}/settings: the gate, the terms, the files that anyone may read, and whether
 * the model is hidden. What the body does not name stays as it is.
 */
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/withdraw.h"
#include "policy/open_paths.h"

/* What the body asks for, and what it names at all. */
struct change {
	struct store_model model; /* as it shall be */
	bool has_terms, has_paths;
};

/* Our own "gate", or the Hub's {"gated":false|"auto"|"manual"}. */
static enum err read_gate(struct change *c, const json_t *body)
{
	const json_t *gated = json_object_get(body, "gated");
	enum model_gate parsed;

	if (json_is_false(gated))
		c->model.gate = S("no");
	else if (json_is_string(gated))
		c->model.gate = slice_of_string(json_string_value(gated));
	TRY(json_get_text_or(&c->model.gate, body, "gate", c->model.gate));
	if (!model_gate_parse(&parsed, c->model.gate))
		return failure(ERR_FORMAT,
			       "\"gate\" is \"%.*s\"; manual, auto, no or public expected",
			       SLICE_PRINT(slice_part(c->model.gate, 0, 40)));
	return OK;
}

static enum err read_terms(struct change *c, const json_t *body)
{
	struct slice hex;

	TRY(json_get_text_or(&hex, body, "terms_sha256", S("")));
	c->has_terms = hex.size > 0;
	c->model.has_terms = c->has_terms;
	return hex.size ? text_read_hex(c->model.terms_sha256, STORE_SHA256, hex) : OK;
}

/* ["README.md","LICENSE*"] replaces the list that was there; [] opens nothing. */
static enum err read_open_paths(struct change *c, struct arena *arena, const json_t *body)
{
	AUTO(buf_free) struct buf list = buf_new(OPEN_PATHS_MAX_TEXT);
	const json_t *paths;

	c->has_paths = json_has(body, "open_paths");
	if (!c->has_paths)
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
	c->model.open_paths = arena_copy(arena, buf_slice(&list));
	return OK;
}

/* Our own "hidden", or the Hub's "private" or "visibility". */
static enum err read_hidden(struct change *c, const json_t *body)
{
	struct slice visibility;

	TRY(json_get_bool_or(&c->model.hidden, body, "private", c->model.hidden));
	TRY(json_get_text_or(&visibility, body, "visibility", S("")));
	if (slice_equal(visibility, S("private")))
		c->model.hidden = true;
	else if (slice_equal(visibility, S("public")))
		c->model.hidden = false;
	else if (visibility.size)
		return failure(ERR_FORMAT, "\"visibility\" is public or private here");
	return json_get_bool_or(&c->model.hidden, body, "hidden", c->model.hidden);
}

static enum err read_change(struct change *c, struct arena *arena, const json_t *body)
{
	TRY(read_gate(c, body));
	TRY(read_terms(c, body));
	TRY(read_open_paths(c, arena, body));
	return read_hidden(c, body);
}

static enum err carry_out(struct exchange *x, struct route_context *context, const struct change *c)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_SETTINGS, who->person.id, who->person.name);
	audit_event_text(&event, "model", c->model.name);
	audit_event_text(&event, "gate", c->model.gate);
	audit_event_flag(&event, "hidden", c->model.hidden);
	if (c->has_terms)
		audit_event_hex(&event, "terms_sha256", slice_of(c->model.terms_sha256, 32));
	if (c->has_paths)
		audit_event_json(&event, "open_paths",
				 hub_describe_open_paths(c->model.open_paths));
	TRY(store_begin(store));
	TRY(store_model_set(store, &c->model));
	return api_finish(x, context, &event);
}

void hub_settings(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct change change = {.has_terms = false};
	json_t *answer;
	enum err result;

	if (!hub_find_model(&change.model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = read_change(&change, exchange_arena(x), body);
	if (result == OK)
		result = carry_out(x, context, &change);
	if (result == ERR_NOT_FOUND)
		reply_code(x, CODE_NOT_FOUND,
			   "no terms with this SHA-256; POST the text to /api/v1/terms first",
			   NULL);
	if (result != OK && result != ERR_NOT_FOUND)
		reply_failure(x, result);
	if (result != OK)
		return;
	answer = json_object_new();
	json_put_text(answer, "gate", change.model.gate);
	json_put(answer, "open_paths", hub_describe_open_paths(change.model.open_paths));
	json_put_bool(answer, "hidden", change.model.hidden);
	withdraw_wait(x, context, answer); /* it may be narrower than it was */
	reply_json(x, 200, answer);
}
