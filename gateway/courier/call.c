/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/call.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "gateway/courier/call_headers.h"
#include "gateway/courier/credentials.h"
#include "gateway/courier/target.h"

enum { CALL_MAX_REDIRECTS = 5 };

/* One request of a call. */
struct leg {
	const struct call *call;
	struct call_answer *answer;
	struct guard guard;
	struct target target;
	bool is_elsewhere; /* another host than the one that was asked for */
	CURL *curl;
	enum err result; /* of a callback; its text is the thread's last failure */
};

static const char *method_name(uint8_t method)
{
#define METHOD_NAME(kind, text) [kind] = text,
	static const char *const names[WIRE_METHOD_COUNT] = {WIRE_METHODS(METHOD_NAME)};
#undef METHOD_NAME

	return names[method];
}

static enum err check_encoding(struct slice value)
{
	if (slice_equal_ignoring_case(value, S("identity")))
		return OK;
	return failure(ERR_FORMAT, "the host sends a compressed body, which was not asked for");
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct leg *l = context;
	struct slice line = slice_of(data, size * count), name, value;

	if (!slice_cut(line, ':', &name, &value)) {
		if (slice_starts_with(line, S("HTTP/"))) /* 100 and the like came before */
			buf_reset(l->answer->headers);
		return line.size;
	}
	while (value.size &&
	       (value.data[value.size - 1] == '\n' || value.data[value.size - 1] == '\r'))
		value.size--;
	value = slice_trim(value);
	call_headers_keep(l->answer->headers, name, value);
	if (slice_equal_ignoring_case(name, S("content-encoding")))
		l->result = check_encoding(value);
	return l->result == OK ? line.size : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct leg *l = context;
	struct buf *body = l->answer->body;

	if (size * count > body->limit - body->size) {
		l->result = failure(ERR_LIMIT, "%.*s sends more than %zu bytes",
				    SLICE_PRINT(l->target.host), body->limit);
		return 0;
	}
	buf_write(body, slice_of(data, size * count));
	return size * count;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct leg *l = context;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(l->call->stop);
}

static void set_method(const struct leg *l)
{
	const struct wire_courier_call *ask = l->call->ask;
	bool has_body = l->call->body.size > 0 || ask->method == WIRE_METHOD_POST ||
			ask->method == WIRE_METHOD_PUT;

	if (has_body) {
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)l->call->body.size);
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDS,
				 l->call->body.size ? (const char *)l->call->body.data : "");
	}
	if (ask->method != WIRE_METHOD_GET)
		curl_easy_setopt(l->curl, CURLOPT_CUSTOMREQUEST, method_name(ask->method));
}

/* To the host it is for, and to no other, redirected or not. */
static enum err set_credential(const struct leg *l, struct curl_slist **list)
{
	AUTO(buf_free) struct buf line = buf_new(16 * CREDENTIALS_MAX_PART);
	struct slice name = l->call->ask->credential;
	enum err result;

	if (!name.size || l->is_elsewhere)
		return OK;
	buf_reserve(&line, line.limit);
	result = credentials_write(&line, l->call->rules->credentials, name, &l->target);
	if (result == OK)
		guard_header(list, buf_string(&line));
	explicit_bzero(line.data, line.capacity);
	return result;
}

static void set_headers(const struct leg *l, struct curl_slist **list)
{
	struct slice lines = l->call->ask->headers, line;
	char text[WIRE_MAX_CALL_HEADERS + 1];

	guard_header(list, "Accept-Encoding: identity");
	guard_header(list, "Expect:");
	while (call_headers_next(&line, &lines)) {
		if (l->is_elsewhere && !slice_starts_with(line, S("Accept:")))
			continue;
		snprintf(text, sizeof text, "%.*s", SLICE_PRINT(line));
		guard_header(list, text);
	}
	explicit_bzero(text, sizeof text);
}

static void set_callbacks(struct leg *l)
{
	curl_easy_setopt(l->curl, CURLOPT_USERAGENT, "sallyport");
	curl_easy_setopt(l->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(l->curl, CURLOPT_HEADERDATA, l);
	curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, l);
	curl_easy_setopt(l->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(l->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(l->curl, CURLOPT_XFERINFODATA, l);
}

static enum err explain(struct leg *l, CURLcode code)
{
	if (l->result != OK)
		return l->result;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return failure(ERR_CLOSED, "stopped");
	return guard_explain(&l->guard, code);
}

/* A redirect's address goes to `url`, and *again is true. */
static enum err run_leg(struct leg *l, char url[WIRE_MAX_URL + 1], bool may_redirect, bool *again)
{
	AUTO(guard_curl_auto) CURL *curl = curl_easy_init();
	AUTO(guard_headers_auto) struct curl_slist *headers = NULL;
	char *location = NULL;
	long status = 0;
	CURLcode code;

	if (!curl)
		return failure(ERR_INTERNAL, "libcurl gives no handle");
	l->curl = curl;
	set_headers(l, &headers);
	TRY(set_credential(l, &headers));
	guard_apply(&l->guard, curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	set_callbacks(l);
	set_method(l);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return explain(l, code);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	l->answer->status = (unsigned)status;
	*again = may_redirect && status >= 300 && status <= 399 && location;
	if (!*again)
		return OK;
	if (strlen(location) > WIRE_MAX_URL)
		return failure(ERR_LIMIT, "a redirect to an address that is too long");
	memcpy(url, location, strlen(location) + 1);
	return OK;
}

static enum err check_host(struct target *target, const struct call *call, const char *url)
{
	TRY(target_parse(target, slice_of_string(url)));
	if (target_is_listed(target, call->rules->allow))
		return OK;
	return failure(ERR_DENIED,
		       "%.*s:%u is not a host the gateway may call; an operator adds it to "
		       "courier.allow",
		       SLICE_PRINT(target->host), target->port);
}

static enum err check_ask(const struct call *call)
{
	const struct wire_courier_call *ask = call->ask;

	TRY(call_headers_check(ask->headers));
	if (call->body.size && !call_headers_have(ask->headers, "content-type"))
		return failure(ERR_FORMAT, "a body needs a Content-Type");
	if (ask->redirects > CALL_MAX_REDIRECTS ||
	    (ask->redirects && ask->method != WIRE_METHOD_GET))
		return failure(ERR_FORMAT, "at most %d redirects, of a GET alone, are followed",
			       CALL_MAX_REDIRECTS);
	if (ask->timeout_ms == 0 || ask->timeout_ms > WIRE_MAX_CALL_MS)
		return failure(ERR_FORMAT, "a call has 1 to %d ms", WIRE_MAX_CALL_MS);
	return OK;
}

enum err call_run(struct call_answer *out, const struct call *call)
{
	int64_t deadline_ms = clock_monotonic_ms() + call->ask->timeout_ms;
	struct target first;
	char url[WIRE_MAX_URL + 1];
	bool was_elsewhere = false, again = true;

	TRY(check_ask(call));
	TRY(target_parse(&first, call->ask->url));
	snprintf(url, sizeof url, "%.*s", SLICE_PRINT(call->ask->url));
	for (unsigned left = call->ask->redirects; again; left--) {
		struct leg leg = {.call = call, .answer = out};

		TRY(check_host(&leg.target, call, url));
		was_elsewhere = was_elsewhere || !target_same_place(&first, &leg.target);
		leg.is_elsewhere = was_elsewhere;
		leg.guard = (struct guard){
			.rules = call->rules, .host = leg.target.host, .deadline_ms = deadline_ms};
		buf_reset(out->body);
		buf_reset(out->headers);
		TRY(run_leg(&leg, url, left > 0, &again));
	}
	return OK;
}
