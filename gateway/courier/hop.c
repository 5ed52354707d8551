/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/hop.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "crypto/base/clock.h"

enum {
	HOP_MAX_IDLE_BODY = 64 * 1024, /* of an answer nobody reads */
	HOP_PIPE_MS = 60 * 1000,
	HOP_STEP_MS = 500,
	HOP_MOVED_MS = 500,
};

static bool is_stopped(const struct fetch *f)
{
	return atomic_load(f->stop);
}

static enum err wait_for_room(const struct fetch *f)
{
	int64_t deadline = clock_monotonic_ms() + HOP_PIPE_MS;
	struct pollfd room = {.fd = f->pipe, .events = POLLOUT};

	while (!is_stopped(f)) {
		if (poll(&room, 1, HOP_STEP_MS) > 0)
			return OK;
		if (clock_monotonic_ms() > deadline)
			return failure(ERR_TIMEOUT, "nobody takes the bytes that are fetched");
	}
	return failure(ERR_CLOSED, "stopped");
}

static enum err write_pipe(const struct fetch *f, struct slice bytes)
{
	while (bytes.size) {
		ssize_t sent = write(f->pipe, bytes.data, bytes.size);

		if (sent > 0)
			bytes = slice_part(bytes, (size_t)sent, bytes.size);
		else if (sent < 0 && errno == EAGAIN)
			TRY(wait_for_room(f));
		else if (sent < 0 && errno != EINTR)
			return failure(ERR_CLOSED, "who takes the bytes went away");
	}
	return OK;
}

static long status_of(const struct hop *h)
{
	long status = 0;

	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* What the host says it will send, against what it said before. */
static enum err check_length(const struct hop *h)
{
	const struct fetch *f = h->tries->fetch;
	uint64_t before = h->skip ? 0 : h->offset;
	curl_off_t length = -1;

	curl_easy_getinfo(h->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length < 0)
		return OK;
	if (f->is_exact && (uint64_t)length + before != f->most)
		return failure(ERR_FORMAT, "the host sends %lld bytes, and had announced %llu",
			       (long long)length, (unsigned long long)f->most);
	if ((uint64_t)length > f->most - before)
		return failure(ERR_LIMIT, "the host sends %lld bytes, at most %llu are taken",
			       (long long)length, (unsigned long long)f->most);
	return OK;
}

/* A host that does not know ranges sends all of it once more: what came already is passed over. */
static enum err begin_body(struct hop *h)
{
	h->is_begun = true;
	if (h->offset && status_of(h) == 200)
		h->skip = h->offset;
	return check_length(h);
}

static enum err take_body(struct hop *h, struct slice bytes)
{
	struct fetch_answer *answer = h->tries->answer;
	const struct fetch *f = h->tries->fetch;
	size_t passed;

	if (!h->is_begun)
		TRY(begin_body(h));
	passed = bytes.size < h->skip ? bytes.size : (size_t)h->skip;
	h->skip -= passed;
	bytes = slice_part(bytes, passed, bytes.size);
	if (bytes.size > f->most - answer->bytes)
		return failure(f->is_exact ? ERR_FORMAT : ERR_LIMIT,
			       "the host sends more than %llu bytes", (unsigned long long)f->most);
	TRY(write_pipe(f, bytes));
	answer->bytes += bytes.size;
	return OK;
}

/* The body that was asked for, not the words of a refusal. */
static bool is_wanted(const struct hop *h)
{
	long status = status_of(h);

	return status == 200 || (status == 206 && h->offset);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct hop *h = context;
	struct slice bytes = slice_of(data, size * count);

	if (is_wanted(h)) {
		h->result = take_body(h, bytes);
		return h->result == OK ? bytes.size : 0;
	}
	h->idle += bytes.size;
	h->is_enough = h->idle > HOP_MAX_IDLE_BODY;
	return h->is_enough ? 0 : bytes.size;
}

static void keep_reason(struct fetch_answer *answer, struct slice value)
{
	size_t size = value.size < WIRE_MAX_TEXT ? value.size : WIRE_MAX_TEXT;

	for (size_t i = 0; i < size; i++)
		answer->reason[i] = (char)(value.data[i] < ' ' || value.data[i] > '~'
						   ? '?'
						   : value.data[i]);
	answer->reason[size] = '\0';
}

/* <https://...>; rel="next" */
static void keep_next(struct hop *h, struct slice value)
{
	struct slice rest = value, head, url;
	struct target target;

	if (!slice_ends_with(value, S("rel=\"next\"")) || !slice_cut(rest, '<', &head, &rest) ||
	    !slice_cut(rest, '>', &url, &rest) || target_parse(&target, url) != OK ||
	    !target_same_place(&target, &h->target))
		return;
	memcpy(h->tries->answer->next, url.data, url.size);
	h->tries->answer->next[url.size] = '\0';
}

/* The same content as before? Weak tags and none say nothing; the hash decides in the end. */
static enum err keep_etag(struct hop *h, struct slice value)
{
	char *etag = h->tries->etag;

	if (!is_wanted(h) || value.size < 3 || value.size > HOP_MAX_ETAG || value.data[0] != '"')
		return OK;
	if (etag[0] && h->offset && !slice_equal(value, slice_of_string(etag)))
		return failure(ERR_CONFLICT, "the file changed while it was fetched");
	memcpy(etag, value.data, value.size);
	etag[value.size] = '\0';
	return OK;
}

static enum err check_range(const struct hop *h, struct slice value)
{
	char range[40];

	snprintf(range, sizeof range, "bytes %llu-", (unsigned long long)h->offset);
	if (status_of(h) != 206 || slice_starts_with(value, slice_of_string(range)))
		return OK;
	return failure(ERR_FORMAT, "the host sends another range than was asked for");
}

/* None was offered; one that comes all the same would have to be unpacked, to any size. */
static enum err check_encoding(struct slice value)
{
	if (slice_equal_ignoring_case(value, S("identity")))
		return OK;
	return failure(ERR_FORMAT, "the host sends a compressed body, which was not asked for");
}

static enum err take_header(struct hop *h, struct slice name, struct slice value)
{
	struct fetch_answer *answer = h->tries->answer;

	if (slice_equal_ignoring_case(name, S("x-error-message")) ||
	    (slice_equal_ignoring_case(name, S("x-hf-warning")) && !answer->reason[0]))
		keep_reason(answer, value);
	if (slice_equal_ignoring_case(name, S("link")))
		keep_next(h, value);
	if (slice_equal_ignoring_case(name, S("etag")))
		return keep_etag(h, value);
	if (slice_equal_ignoring_case(name, S("content-range")))
		return check_range(h, value);
	if (slice_equal_ignoring_case(name, S("content-encoding")) && is_wanted(h))
		return check_encoding(value);
	return OK;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct hop *h = context;
	struct slice line = slice_of(data, size * count), name, value;

	if (!slice_cut(line, ':', &name, &value))
		return line.size;
	while (value.size &&
	       (value.data[value.size - 1] == '\n' || value.data[value.size - 1] == '\r'))
		value.size--;
	h->result = take_header(h, name, slice_trim(value));
	return h->result == OK ? line.size : 0;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct hop *h = context;
	int64_t now = clock_monotonic_ms();

	(void)a, (void)b, (void)c, (void)d;
	if (h->tries->fetch->moved && now - h->told_ms >= HOP_MOVED_MS) {
		h->told_ms = now;
		h->tries->fetch->moved(h->tries->fetch->context, h->tries->answer->bytes);
	}
	return is_stopped(h->tries->fetch);
}

static void add_token(struct curl_slist **list, struct slice token)
{
	char line[WIRE_MAX_SECRET + 32];

	snprintf(line, sizeof line, "Authorization: Bearer %.*s", SLICE_PRINT(token));
	guard_header(list, line);
	explicit_bzero(line, sizeof line);
}

static void set_request(struct hop *h, const char *url, struct curl_slist *headers)
{
	char range[32];
	CURL *curl = h->curl;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sallyport");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	snprintf(range, sizeof range, "%llu-", (unsigned long long)h->offset);
	if (h->offset)
		curl_easy_setopt(curl, CURLOPT_RANGE, range); /* copied */
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, h);
}

static enum err explain(struct hop *h, CURLcode code)
{
	enum err result;

	if (h->result != OK)
		return h->result;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return failure(ERR_CLOSED, "stopped");
	result = guard_explain(&h->guard, code);
	h->tries->is_transient = h->guard.is_transient ||
				 (code == CURLE_COULDNT_RESOLVE_HOST && h->offset);
	return result;
}

enum err hop_run(struct hop *h, char url[WIRE_MAX_URL + 1], bool with_token)
{
	AUTO(guard_curl_auto) CURL *curl = curl_easy_init();
	AUTO(guard_headers_auto) struct curl_slist *headers = NULL;
	char line[HOP_MAX_ETAG + 16];
	char *location = NULL;
	curl_off_t wait = 0;
	CURLcode code;

	if (!curl)
		return failure(ERR_INTERNAL, "libcurl gives no handle");
	h->curl = curl;
	h->guard = (struct guard){.rules = &h->tries->fetch->rules->guard,
				  .host = h->target.host,
				  .deadline_ms = h->tries->deadline_ms};
	guard_header(&headers, "Accept-Encoding: identity");
	if (with_token)
		add_token(&headers, h->tries->fetch->token);
	if (h->offset && h->tries->etag[0]) {
		snprintf(line, sizeof line, "If-Range: %s", h->tries->etag);
		guard_header(&headers, line);
	}
	guard_apply(&h->guard, curl);
	set_request(h, url, headers);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK && !h->is_enough)
		return explain(h, code);
	h->tries->answer->status = (unsigned)status_of(h);
	if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
		h->tries->retry_after = (long)wait;
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	if (h->tries->answer->status < 300 || h->tries->answer->status > 399 || !location)
		return OK;
	h->tries->answer->status = 0;
	if (strlen(location) > WIRE_MAX_URL)
		return failure(ERR_LIMIT, "a redirect to an address that is too long");
	memcpy(url, location, strlen(location) + 1);
	return OK;
}
