/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/problem.h"

#include "crypto/json.h"

enum { PROBLEM_MAX_BODY = 256 * 1024, PROBLEM_MAX_TEXT = 480 };

static enum err kind_of(long status)
{
	switch (status) {
	case 401:
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 413:
	case 429:
		return ERR_LIMIT;
	case 501:
		return ERR_UNSUPPORTED;
	case 503:
		return ERR_UNAVAILABLE;
	}
	return status >= 500 ? ERR_INTERNAL : ERR_FORMAT;
}

static struct slice text_of(const json_t *object, const char *name)
{
	struct slice text;

	if (!json_is_object(object) || json_get_text_or(&text, object, name, S("")) != OK)
		return S("");
	return text;
}

static void write_need(struct buf *out, const json_t *one, bool is_first)
{
	struct slice need = json_is_string(one) ? slice_of_string(json_string_value(one))
						: text_of(one, "need");
	struct slice href = text_of(one, "href");

	if (need.size == 0)
		return;
	buf_write_string(out, is_first ? "; missing: " : ", ");
	buf_write(out, need);
	if (href.size)
		buf_printf(out, " (%.*s)", SLICE_PRINT(href));
}

/* A list of {"need","href"}, or just one. */
static void write_missing(struct buf *out, const json_t *missing)
{
	if (json_is_object(missing))
		write_need(out, missing, true);
	for (size_t i = 0; i < json_array_size(missing); i++)
		write_need(out, json_array_get(missing, i), i == 0);
}

/* problem+json, else the Hub's or OpenAI's "error". */
static void write_problem(struct buf *out, const json_t *body, struct slice header_code)
{
	const json_t *error = json_object_get(body, "error");
	struct slice code = text_of(body, "code");
	struct slice detail = text_of(body, "detail");

	if (json_is_string(error))
		detail = slice_of_string(json_string_value(error));
	if (json_is_object(error)) {
		code = text_of(error, "reason");
		if (code.size == 0)
			code = text_of(error, "code");
		detail = text_of(error, "message");
	}
	if (detail.size == 0)
		detail = text_of(body, "title");
	if (code.size == 0)
		code = header_code;
	if (code.size)
		buf_printf(out, "%.*s%s", SLICE_PRINT(code), detail.size ? ": " : "");
	buf_write(out, detail);
	write_missing(out, json_object_get(body, "missing"));
}

enum err problem_failure(long status, struct slice header_code, struct slice body)
{
	AUTO(json_auto) json_t *parsed = NULL;
	AUTO(buf_free) struct buf text = buf_new(PROBLEM_MAX_BODY);

	if (json_read(&parsed, body, PROBLEM_MAX_BODY) == OK)
		write_problem(&text, parsed, header_code);
	else if (header_code.size)
		buf_write(&text, header_code);
	if (text.size == 0)
		buf_write_string(&text, "no reason was given");
	return failure(kind_of(status), "%.*s (HTTP %ld)",
		       SLICE_PRINT(slice_part(buf_slice(&text), 0, PROBLEM_MAX_TEXT)), status);
}
