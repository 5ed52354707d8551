/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/reply.h"

#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/meaning.h"

enum { REPLY_MAX = 16 * 1024 * 1024, REPLY_WAIT_SECONDS = 1 };

enum dialect { DIALECT_PROBLEM, DIALECT_HUB, DIALECT_OPENAI };

static enum dialect dialect_of(struct slice path)
{
	if (slice_starts_with(path, S("/v1/")) || slice_equal(path, S("/tokenize")) ||
	    slice_equal(path, S("/detokenize")))
		return DIALECT_OPENAI;
	if (slice_starts_with(path, S("/api/v1/")) || slice_equal(path, S("/healthz")) ||
	    slice_equal(path, S("/readyz")) || slice_starts_with(path, S("/log/")))
		return DIALECT_PROBLEM;
	return DIALECT_HUB;
}

/* The usual "in a moment"; who knows better says so instead (reply_quota). */
static void ask_to_wait(struct exchange *x, unsigned status)
{
	if (status == 429 || status == 503)
		exchange_header(x, "Retry-After", "%d", REPLY_WAIT_SECONDS);
	if (status == 429) /* as huggingface_hub parses it */
		exchange_header(x, "ratelimit", "\"api\";r=0;t=%d", REPLY_WAIT_SECONDS);
}

static void send_as(struct exchange *x, unsigned status, const char *type, json_t *body)
{
	AUTO(json_auto) json_t *owned = body;
	AUTO(buf_free) struct buf text = buf_new(REPLY_MAX);
	char *dump = json_dumps(owned, JSON_COMPACT | JSON_ENCODE_ANY);

	if (status == 401) /* RFC 9110 section 11.6.1 */
		exchange_header(x, "WWW-Authenticate",
				"Bearer realm=\"Authentication required\", charset=\"UTF-8\"");
	if (dump)
		buf_write_string(&text, dump);
	free(dump);
	if (!dump || buf_done(&text) != OK)
		exchange_answer(x, 500, "text/plain", S("the answer is too large\n"));
	else
		exchange_answer(x, status, type, buf_slice(&text));
}

void reply_json(struct exchange *x, unsigned status, json_t *body)
{
	ask_to_wait(x, status);
	send_as(x, status, "application/json", body);
}

void reply_list(struct exchange *x, const char *name, json_t *list)
{
	json_t *body = json_object_new();

	json_put(body, name, list);
	reply_json(x, 200, body);
}

void reply_text(struct exchange *x, unsigned status, const char *type, struct slice text)
{
	exchange_answer(x, status, type, text);
}

void reply_empty(struct exchange *x, unsigned status)
{
	exchange_answer(x, status, NULL, S(""));
}

/* A header's value must be one line of visible ASCII; anything else would be cut by a client or
 * refused by the writer. */
static const char *header_text(struct exchange *x, const char *sentence)
{
	char *copy = arena_string(exchange_arena(x), slice_of_string(sentence));

	for (char *p = copy; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return copy;
}

static json_t *problem_of(unsigned status, const char *code, const char *sentence,
			  const char *request_id)
{
	json_t *body = json_object_new();

	json_put_text(body, "type", S("about:blank"));
	json_put_text(body, "title", slice_of_string(code));
	json_put_int(body, "status", status);
	json_put_text(body, "detail", slice_of_string(sentence));
	json_put_text(body, "code", slice_of_string(code));
	json_put_text(body, "request_id", slice_of_string(request_id));
	return body;
}

json_t *reply_missing(const struct decision *d)
{
	json_t *missing = json_array_new();

	if (d->need) {
		json_t *one = json_object_new();

		json_put_text(one, "need", slice_of_string(d->need));
		if (d->href)
			json_put_text(one, "href", slice_of_string(d->href));
		json_push(missing, one);
	}
	return missing;
}

void reply_later(struct exchange *x, const char *sentence, int64_t seconds)
{
	AUTO(json_auto)
	json_t *body = problem_of(429, code_name(CODE_RATE_LIMITED), sentence,
				  exchange_request_id(x));
	char *text = json_dumps(body, JSON_COMPACT);

	exchange_header(x, "Retry-After", "%lld", (long long)seconds);
	exchange_answer(x, 429, "application/problem+json", slice_of_string(text));
	free(text);
}

static void reply_problem(struct exchange *x, enum code code, const char *sentence,
			  const struct decision *d)
{
	json_t *body = problem_of(code_status(code), code_name(code), sentence,
				  exchange_request_id(x));

	if (d) {
		json_put_text(body, "decision", slice_of_string(exchange_request_id(x)));
		json_put_text(body, "rule", slice_of_string(d->rule));
		json_put(body, "missing", reply_missing(d));
	}
	send_as(x, code_status(code), "application/problem+json", body);
}

/* OpenAI's own word for a code of ours: what its clients switch on. */
static const char *openai_code(enum code code)
{
	static const struct {
		enum code code;
		const char *name;
	} known[] = {
		{CODE_QUOTA_EXCEEDED, "insufficient_quota"},
		{CODE_RATE_LIMITED, "rate_limit_exceeded"},
		{CODE_NOT_FOUND, "model_not_found"},
		{CODE_CONTENT_BLOCKED, "content_filter"},
		{CODE_TOO_LARGE, "context_length_exceeded"},
		{CODE_UNSUPPORTED, "unsupported_parameter"},
		{CODE_MODEL_NOT_READY, "model_not_ready"},
	};

	if (code_status(code) == 401)
		return "invalid_api_key";
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].code == code)
			return known[i].name;
	return code_status(code) == 403 ? "access_denied" : NULL;
}

static const char *openai_type(unsigned status)
{
	switch (status) {
	case 401:
		return "authentication_error";
	case 403:
		return "permission_error";
	case 429:
		return "rate_limit_error";
	default:
		return status >= 500 ? "server_error" : "invalid_request_error";
	}
}

static void put_or_null(json_t *object, const char *name, const char *text)
{
	if (text)
		json_put_text(object, name, slice_of_string(text));
	else
		json_put(object, name, json_null());
}

static json_t *openai_error(unsigned status, const char *code, const char *reason,
			    const char *sentence, const char *param)
{
	json_t *error = json_object_new();

	json_put_text(error, "message", slice_of_string(sentence));
	json_put_text(error, "type", slice_of_string(openai_type(status)));
	put_or_null(error, "param", param);
	put_or_null(error, "code", code);
	json_put_text(error, "reason", slice_of_string(reason));
	return error;
}

static void reply_openai(struct exchange *x, enum code code, const char *sentence,
			 const char *param, const struct decision *d)
{
	unsigned status = code == CODE_TOO_LARGE ? 400 : code_status(code);
	json_t *error = openai_error(status, openai_code(code), code_name(code), sentence, param);
	json_t *body = json_object_new();

	if (d)
		json_put(error, "missing", reply_missing(d));
	json_put(body, "error", error);
	send_as(x, status, "application/json", body);
}

static void send_hub(struct exchange *x, unsigned status, const char *error_code,
		     const char *sentence)
{
	bool is_head = slice_equal(exchange_request(x)->method, S("HEAD"));
	json_t *body = json_object_new();

	if (error_code)
		exchange_header(x, "X-Error-Code", "%s", error_code);
	exchange_header(x, "X-Error-Message", "%s", header_text(x, sentence));
	json_put_text(body, "error", slice_of_string(sentence));
	/* Told "JSON", @huggingface/hub reads a body that no HEAD has, and fails over that. */
	send_as(x, status, is_head ? "text/plain" : "application/json", body);
}

void reply_hub(struct exchange *x, unsigned status, const char *error_code, const char *sentence)
{
	ask_to_wait(x, status);
	send_hub(x, status, error_code, sentence);
}

/* Which of the Hub's codes makes its clients raise the right exception. Without one, a 401 is
 * read as "no such repository". */
static const char *hub_code(enum code code)
{
	unsigned status = code_status(code);

	if (code == CODE_MODEL_DISABLED)
		return NULL; /* recognized by its message */
	return status == 401 || status == 403 ? "GatedRepo" : NULL;
}

static void reply_hub_code(struct exchange *x, enum code code, const char *sentence,
			   const struct decision *d)
{
	const char *text = arena_printf(exchange_arena(x), "%s (%s)", sentence, code_name(code));

	if (code == CODE_MODEL_DISABLED)
		text = "Access to this resource is disabled.";
	if (d)
		exchange_header(x, "X-HF-Warning", "access; %s",
				header_text(x, arena_printf(exchange_arena(x), "%s%s%s", text,
							    d->need ? "; needed: " : "",
							    d->need ? d->need : "")));
	send_hub(x, code_status(code), hub_code(code), text);
}

static void send_any(struct exchange *x, enum code code, const char *sentence, const char *param,
		     const struct decision *d)
{
	switch (dialect_of(exchange_request(x)->path)) {
	case DIALECT_PROBLEM:
		reply_problem(x, code, sentence, d);
		return;
	case DIALECT_HUB:
		reply_hub_code(x, code, sentence, d);
		return;
	case DIALECT_OPENAI:
		reply_openai(x, code, sentence, param, d);
		return;
	}
}

static void reply_any(struct exchange *x, enum code code, const char *sentence, const char *param,
		      const struct decision *d)
{
	ask_to_wait(x, code_status(code));
	send_any(x, code, sentence, param, d);
}

void reply_code(struct exchange *x, enum code code, const char *sentence, const char *param)
{
	reply_any(x, code, sentence ? sentence : code_sentence(code), param, NULL);
}

void reply_not_ready(struct exchange *x, const char *sentence, unsigned seconds)
{
	exchange_header(x, "Retry-After", "%u", seconds);
	send_any(x, CODE_MODEL_NOT_READY, sentence, NULL, NULL);
}

void reply_busy(struct exchange *x, const char *sentence, unsigned at_once)
{
	exchange_header(x, "ratelimit-policy", "\"fixed window\";\"api\";q=%u;w=%d", at_once,
			REPLY_WAIT_SECONDS);
	reply_code(x, CODE_RATE_LIMITED, sentence, NULL);
}

void reply_denied(struct exchange *x, const struct decision *d, struct slice model)
{
	const char *sentence = code_sentence(d->code);

	if (model.size)
		sentence = arena_printf(exchange_arena(x), "model %.*s: %s", SLICE_PRINT(model),
					sentence);
	reply_any(x, d->code, sentence, NULL, d);
}

void reply_recalled(struct exchange *x, struct slice reason)
{
	const char *sentence = arena_printf(exchange_arena(x), "this revision was recalled: %.*s",
					    SLICE_PRINT(reason));

	if (dialect_of(exchange_request(x)->path) == DIALECT_HUB)
		exchange_header(x, "X-HF-Warning", "recall; %s", header_text(x, sentence));
	reply_any(x, CODE_MODEL_DISABLED, sentence, NULL, NULL);
}

bool reply_speaks_hub(const struct exchange *x)
{
	return dialect_of(exchange_request(x)->path) == DIALECT_HUB;
}

/* What has not enough left, and how much it has. */
static const char *quota_text(struct arena *arena, const struct quota_fact *q, int64_t wait_seconds)
{
	char what[QUOTA_TEXT];
	const char *left;

	quota_fact_write(what, q);
	left = arena_printf(arena, "%s: limit %lld, %lld left, %lld asked for", what,
			    (long long)q->max, (long long)q->left, (long long)q->asked);
	return wait_seconds ? arena_printf(arena, "%s; it begins anew in %lld s", left,
					   (long long)wait_seconds)
			    : left;
}

/* In OpenAI's own words, which its clients and their users know: what passes within a minute is a
 * rate limit, and worth another try; the rest is a quota, and is not. */
static void reply_openai_quota(struct exchange *x, const struct decision *d,
			       const struct quota_fact *q, const char *text)
{
	bool is_rate = quota_passes_soon(q);
	const char *sentence = arena_printf(
		exchange_arena(x), "%s (%s)",
		is_rate ? "Rate limit reached" : "You exceeded your current quota", text);
	json_t *error = openai_error(429, is_rate ? "rate_limit_exceeded" : "insufficient_quota",
				     code_name(d->code), sentence, NULL);
	json_t *body = json_object_new();

	json_put_text(error, "type",
		      is_rate ? slice_of_string(quota_measure_name(q->measure))
			      : S("insufficient_quota"));
	json_put(error, "missing", reply_missing(d));
	json_put(body, "error", error);
	exchange_header_text(x, "x-should-retry", is_rate ? S("true") : S("false"));
	send_as(x, 429, "application/json", body);
}

void reply_quota(struct exchange *x, const struct decision *d, const struct quota_fact *q,
		 struct slice model, int64_t wait_seconds)
{
	struct arena *arena = exchange_arena(x);
	/* What runs now may end at any moment. */
	int64_t retry = q->measure == LICENSE_CONCURRENT ? REPLY_WAIT_SECONDS : wait_seconds;
	const char *text = quota_text(arena, q, wait_seconds);

	if (retry)
		exchange_header(x, "Retry-After", "%lld", (long long)retry);
	if (dialect_of(exchange_request(x)->path) == DIALECT_OPENAI)
		reply_openai_quota(x, d, q, text);
	else
		send_any(x, d->code,
			 arena_printf(arena, "model %.*s: %s (%s)", SLICE_PRINT(model),
				      code_sentence(d->code), text),
			 NULL, d);
}

void reply_failure(struct exchange *x, enum err kind)
{
	struct meaning m = meaning_of(kind, slice_of_string(failure_text()));

	if (m.code == CODE_INTERNAL)
		log_error("route.failed", "request=%s kind=%s reason=\"%s\"",
			  exchange_request_id(x), err_name(kind), failure_text());
	else if (m.is_inner)
		log_info("route.refused", "request=%s kind=%s reason=\"%s\"",
			 exchange_request_id(x), err_name(kind), failure_text());
	reply_code(x, m.code, m.is_inner ? NULL : failure_text(), NULL);
}

json_t *reply_describe_failure(enum err kind)
{
	struct meaning m = meaning_of(kind, slice_of_string(failure_text()));
	json_t *one = json_object_new();

	if (m.is_inner)
		log_info("item.refused", "kind=%s reason=\"%s\"", err_name(kind), failure_text());
	json_put_text(one, "code", slice_of_string(code_name(m.code)));
	json_put_int(one, "status", code_status(m.code));
	json_put_text(one, "detail",
		      slice_of_string(m.is_inner ? code_sentence(m.code) : failure_text()));
	return one;
}

static const char *code_of_status(unsigned status)
{
	switch (status) {
	case 404:
		return "NOT_FOUND";
	case 405:
		return "METHOD_NOT_ALLOWED";
	case 413:
		return "TOO_LARGE";
	case 501:
	case 505:
		return "UNSUPPORTED";
	case 503:
		return "RATE_LIMITED";
	default:
		return status >= 500 ? "INTERNAL" : "BAD_REQUEST";
	}
}

void reply_write_problem(struct buf *out, unsigned status, const char *reason,
			 const char *request_id, struct slice path)
{
	const char *code = code_of_status(status);
	AUTO(json_auto) json_t *body = problem_of(status, code, reason, request_id);
	char *dump;

	switch (dialect_of(path)) {
	case DIALECT_PROBLEM:
		break;
	case DIALECT_HUB:
		json_put_text(body, "error", slice_of_string(reason));
		break;
	case DIALECT_OPENAI:
		json_put(body, "error", openai_error(status, NULL, code, reason, NULL));
		break;
	}
	dump = json_dumps(body, JSON_COMPACT);
	if (dump)
		buf_write_string(out, dump);
	free(dump);
}
