/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/fetch.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "gateway/courier/address.h"
#include "gateway/courier/target.h"

enum {
	FETCH_MAX_HOPS = 6,
	FETCH_MAX_RESUMES = 5,
	FETCH_MAX_IDLE_BODY = 64 * 1024, /* of an answer nobody reads */
	FETCH_CONNECT_SECONDS = 15,
	FETCH_SLOW_BYTES = 512, /* a second: fewer is a stall */
	FETCH_PIPE_MS = 60 * 1000,
	FETCH_STEP_MS = 500,
	FETCH_MOVED_MS = 250,
};

/* One request under way: what the callbacks need. */
struct hop {
	const struct fetch *fetch;
	struct fetch_answer *answer;
	CURL *curl;
	struct target target;
	uint64_t offset; /* where a broken transfer goes on */
	size_t idle;     /* bytes of the body that were dropped */
	bool is_refused_address;
	bool is_enough;
	enum err result; /* of a callback; its text is the thread's last failure */
	int64_t told_ms;
};

static void curl_auto(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

/* The headers may hold a token. */
static void slist_auto(struct curl_slist **list)
{
	for (struct curl_slist *h = *list; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(*list);
}

static bool is_stopped(const struct fetch *f)
{
	return atomic_load(f->stop);
}

/* Every connection passes here with the address that was really resolved. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct hop *h = context;
	enum address_kind kind = address_kind_of(&address->addr, address->addrlen);

	if (purpose != CURLSOCKTYPE_IPCXN || kind == ADDRESS_NEVER ||
	    (kind == ADDRESS_PRIVATE && !h->fetch->rules->allow_private)) {
		h->is_refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static enum err wait_for_room(const struct fetch *f)
{
	int64_t deadline = clock_monotonic_ms() + FETCH_PIPE_MS;
	struct pollfd room = {.fd = f->pipe, .events = POLLOUT};

	while (!is_stopped(f)) {
		if (poll(&room, 1, FETCH_STEP_MS) > 0)
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
	const struct fetch *f = h->fetch;
	curl_off_t length = -1;

	curl_easy_getinfo(h->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length < 0)
		return OK;
	if (f->is_exact && (uint64_t)length + h->offset != f->most)
		return failure(ERR_FORMAT, "the host sends %lld bytes, and had announced %llu",
			       (long long)length, (unsigned long long)f->most);
	if ((uint64_t)length > f->most - h->offset)
		return failure(ERR_LIMIT, "the host sends %lld bytes, at most %llu are taken",
			       (long long)length, (unsigned long long)f->most);
	return OK;
}

static enum err take_body(struct hop *h, struct slice bytes)
{
	struct fetch_answer *answer = h->answer;

	if (answer->bytes == h->offset)
		TRY(check_length(h));
	if (bytes.size > h->fetch->most - answer->bytes)
		return failure(h->fetch->is_exact ? ERR_FORMAT : ERR_LIMIT,
			       "the host sends more than %llu bytes",
			       (unsigned long long)h->fetch->most);
	TRY(write_pipe(h->fetch, bytes));
	answer->bytes += bytes.size;
	return OK;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct hop *h = context;
	struct slice bytes = slice_of(data, size * count);

	if (status_of(h) == (h->offset ? 206 : 200)) {
		h->result = take_body(h, bytes);
		return h->result == OK ? bytes.size : 0;
	}
	h->idle += bytes.size;
	h->is_enough = h->idle > FETCH_MAX_IDLE_BODY;
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
	memcpy(h->answer->next, url.data, url.size);
	h->answer->next[url.size] = '\0';
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
	if (slice_equal_ignoring_case(name, S("x-error-message")))
		keep_reason(h->answer, slice_trim(value));
	if (slice_equal_ignoring_case(name, S("link")))
		keep_next(h, slice_trim(value));
	return line.size;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct hop *h = context;
	int64_t now = clock_monotonic_ms();

	(void)a, (void)b, (void)c, (void)d;
	if (h->fetch->moved && now - h->told_ms >= FETCH_MOVED_MS) {
		h->told_ms = now;
		h->fetch->moved(h->fetch->context, h->answer->bytes);
	}
	return is_stopped(h->fetch);
}

static void add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	assert(longer);
	*list = longer;
}

static void add_token(struct curl_slist **list, struct slice token)
{
	char line[WIRE_MAX_SECRET + 32];

	snprintf(line, sizeof line, "Authorization: Bearer %.*s", SLICE_PRINT(token));
	add_header(list, line);
	explicit_bzero(line, sizeof line);
}

static void set_safety(struct hop *h)
{
	const struct fetch_rules *rules = h->fetch->rules;
	struct curl_blob authorities = {.data = (void *)(uintptr_t)rules->authorities.data,
					.len = rules->authorities.size,
					.flags = CURL_BLOB_NOCOPY};
	CURL *curl = h->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &authorities);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_SLOW_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, rules->stall_seconds);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, rules->max_seconds);
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

static enum err explain(const struct hop *h, CURLcode code)
{
	struct slice host = h->target.host;
	const char *why = curl_easy_strerror(code);

	if (h->result != OK)
		return h->result;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return failure(ERR_CLOSED, "stopped");
	if (h->is_refused_address)
		return failure(ERR_DENIED,
			       "%.*s is at an address that must not be connected to (private, "
			       "link-local or reserved); see courier.allow_private",
			       SLICE_PRINT(host));
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return failure(ERR_DENIED,
			       "the certificate of %.*s is not trusted (%s); see "
			       "courier.ca_file",
			       SLICE_PRINT(host), why);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return failure(ERR_TIMEOUT, "%.*s stalled, or took too long", SLICE_PRINT(host));
	return failure(ERR_UNAVAILABLE, "%.*s: %s", SLICE_PRINT(host), why);
}

static enum err check_hop(struct hop *h, const char *url)
{
	TRY(target_parse(&h->target, slice_of_string(url)));
	if (target_is_listed(&h->target, h->fetch->rules->allow))
		return OK;
	return failure(ERR_DENIED,
		       "%.*s:%u is not a host that may be imported from; an operator adds it to "
		       "courier.allow",
		       SLICE_PRINT(h->target.host), h->target.port);
}

/* One request. A redirect leaves the next address in `url`, and status 0 in the answer. */
static enum err run_hop(struct hop *h, char url[WIRE_MAX_URL + 1], bool with_token)
{
	AUTO(curl_auto) CURL *curl = curl_easy_init();
	AUTO(slist_auto) struct curl_slist *headers = NULL;
	char *location = NULL;
	CURLcode code;

	if (!curl)
		return failure(ERR_INTERNAL, "libcurl gives no handle");
	h->curl = curl;
	if (with_token)
		add_token(&headers, h->fetch->token);
	set_safety(h);
	set_request(h, url, headers);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK && !h->is_enough)
		return explain(h, code);
	h->answer->status = (unsigned)status_of(h);
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	if (h->answer->status < 300 || h->answer->status > 399 || !location)
		return OK;
	h->answer->status = 0;
	if (strlen(location) > WIRE_MAX_URL)
		return failure(ERR_LIMIT, "a redirect to an address that is too long");
	memcpy(url, location, strlen(location) + 1);
	return OK;
}

static enum err follow(struct fetch_answer *out, const struct fetch *f)
{
	uint64_t offset = out->bytes;
	struct target first;
	char url[WIRE_MAX_URL + 1];
	bool with_token = f->token.size > 0; /* never again once another host was met */

	TRY(target_parse(&first, f->url));
	snprintf(url, sizeof url, "%.*s", SLICE_PRINT(f->url));
	for (unsigned i = 0; i < FETCH_MAX_HOPS; i++) {
		struct hop h = {.fetch = f, .answer = out, .offset = offset};

		out->reason[0] = out->next[0] = '\0';
		TRY(check_hop(&h, url));
		with_token = with_token && target_same_place(&first, &h.target);
		TRY(run_hop(&h, url, with_token));
		if (out->status)
			return OK;
	}
	return failure(ERR_LIMIT, "more than %d redirects", FETCH_MAX_HOPS - 1);
}

static enum err check_request(const struct fetch *f)
{
	if (f->url.size > WIRE_MAX_URL || f->token.size > WIRE_MAX_SECRET)
		return failure(ERR_LIMIT, "the address or the token is too long");
	if (f->is_exact && f->most > f->rules->most)
		return failure(ERR_LIMIT, "a file of %llu bytes; courier.max_file_bytes is %llu",
			       (unsigned long long)f->most, (unsigned long long)f->rules->most);
	for (size_t i = 0; i < f->token.size; i++)
		if (f->token.data[i] <= ' ' || f->token.data[i] > '~')
			return failure(ERR_FORMAT, "the token has a character no token has");
	return OK;
}

/* A connection that broke after some bytes: worth another try from there. */
static bool is_worth_resuming(enum err result, uint64_t before, const struct fetch_answer *now)
{
	return result == ERR_UNAVAILABLE && now->bytes > before;
}

enum err fetch_run(struct fetch_answer *out, const struct fetch *f)
{
	enum err result = ERR_UNAVAILABLE;

	*out = (struct fetch_answer){0};
	TRY(check_request(f));
	if (fcntl(f->pipe, F_SETFL, O_NONBLOCK) != 0)
		return failure_errno("the pipe cannot be used");
	for (unsigned i = 0; i <= FETCH_MAX_RESUMES; i++) {
		uint64_t before = out->bytes;

		result = follow(out, f);
		if (!is_worth_resuming(result, before, out))
			break;
	}
	TRY(result);
	if (out->status == 206)
		out->status = 200; /* the rest of what was broken off */
	if (out->status == 200 && f->is_exact && out->bytes != f->most)
		return failure(ERR_FORMAT, "the host sent %llu bytes, and had announced %llu",
			       (unsigned long long)out->bytes, (unsigned long long)f->most);
	return OK;
}
