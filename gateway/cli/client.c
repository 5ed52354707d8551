/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/cli/problem.h"
#include "gateway/cli/tree.h"

enum { CLIENT_CONNECT_SECONDS = 10, CLIENT_SILENT_SECONDS = 620, CLIENT_MAX_PROBLEM = 256 * 1024 };

struct client {
	CURL *curl;
	char *url; /* without a slash at its end */
	char *ca;
	char *token;
	struct buf problem;
	client_stop_fn *stop;
};

/* One request under way: what the callbacks need. */
struct transfer {
	struct client *client;
	const struct client_request *request;
	struct client_answer *answer;
	uint64_t left;   /* of an upload */
	enum err result; /* of the sink or the source; its text is the thread's last failure */
};

static char *copy(const char *text)
{
	char *made = text ? strdup(text) : NULL;

	assert(made || !text);
	return made;
}

static enum err check_url(const char *url)
{
	struct slice rest = slice_of_string(url);

	if (!slice_starts_with(rest, S("https://")) || rest.size > CLIENT_MAX_URL / 2)
		return failure(ERR_FORMAT, "url \"%.200s\": https://host:port is expected", url);
	return OK;
}

enum err client_new(struct client **out, const char *url, const char *ca, const char *token)
{
	AUTO(client_auto) struct client *c = calloc(1, sizeof *c);

	assert(c);
	c->problem = buf_new(CLIENT_MAX_PROBLEM);
	TRY(check_url(url));
	c->url = copy(url);
	while (slice_ends_with(slice_of_string(c->url), S("/")))
		c->url[strlen(c->url) - 1] = '\0';
	c->ca = copy(ca);
	c->token = copy(token);
	c->curl = curl_easy_init();
	if (!c->curl)
		return failure(ERR_INTERNAL, "libcurl gives no handle");
	*out = c;
	c = NULL; /* given away */
	return OK;
}

enum err client_clone_as(struct client **out, const struct client *c, const char *token)
{
	TRY(client_new(out, c->url, c->ca, token));
	(*out)->stop = c->stop;
	return OK;
}

enum err client_clone(struct client **out, const struct client *c)
{
	return client_clone_as(out, c, c->token);
}

void client_free(struct client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	buf_free(&c->problem);
	if (c->token)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	free(c->url);
	free(c->ca);
	free(c);
}

void client_stop_when(struct client *c, client_stop_fn *stop)
{
	c->stop = stop;
}

const char *client_url(const struct client *c)
{
	return c->url;
}

struct client_answer client_answer_new(void)
{
	return (struct client_answer){.headers = buf_new(CLIENT_MAX_HEADERS),
				      .body = buf_new(CLIENT_MAX_BODY)};
}

void client_answer_clear(struct client_answer *answer)
{
	buf_free(&answer->headers);
	buf_free(&answer->body);
}

/* A new status line begins a new set of headers (after "100 Continue"). */
static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	struct slice line = slice_of(data, size * count);

	if (slice_starts_with(line, S("HTTP/")))
		buf_reset(&t->answer->headers);
	buf_write(&t->answer->headers, line);
	return t->answer->headers.overflow ? 0 : line.size;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	struct slice bytes = slice_of(data, size * count);
	long status = 0;

	curl_easy_getinfo(t->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (t->request->sink && status >= 200 && status < 300) {
		t->result = t->request->sink(t->request->sink_context, bytes);
		return t->result == OK ? bytes.size : 0;
	}
	buf_write(&t->answer->body, bytes);
	return t->answer->body.overflow ? 0 : bytes.size;
}

static size_t on_read(char *out, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	size_t room = size * count < t->left ? size * count : (size_t)t->left;
	ssize_t got;

	if (room == 0)
		return 0;
	do
		got = read(t->request->upload_fd, out, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		t->result = failure_errno("the file cannot be read");
	else if (got == 0)
		t->result = failure(ERR_CONFLICT, "the file became shorter while it was sent");
	else if (t->request->sent)
		t->result = t->request->sent(t->request->sent_context, slice_of(out, (size_t)got));
	if (t->result != OK)
		return CURL_READFUNC_ABORT;
	t->left -= (uint64_t)got;
	return (size_t)got;
}

/* Addresses the gateway names are taken as paths: what it calls itself may differ from what we
 * call it, and nothing is ever sent elsewhere. */
static const char *path_of(const char *address)
{
	const char *host = strstr(address, "://");
	const char *path = host ? strchr(host + 3, '/') : address;

	return path ? path : "/";
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct client *client = context;

	(void)a, (void)b, (void)c, (void)d;
	return client->stop && client->stop();
}

static enum err make_url(char out[CLIENT_MAX_URL], const struct client *c, const char *address)
{
	int size = snprintf(out, CLIENT_MAX_URL, "%s%s", c->url, path_of(address));

	if (size < 0 || size >= CLIENT_MAX_URL)
		return failure(ERR_LIMIT, "the address is longer than %d bytes", CLIENT_MAX_URL);
	return OK;
}

static void slist_auto(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
	AUTO(buf_free) struct buf line = buf_new(CLIENT_MAX_HEADERS);
	struct curl_slist *longer;

	buf_printf(&line, "%s:%s%s", name, value[0] ? " " : "", value);
	longer = curl_slist_append(*list, buf_string(&line));
	assert(longer);
	*list = longer;
	explicit_bzero(line.data, line.size);
}

static void add_headers(struct curl_slist **list, const struct client *c,
			const struct client_request *r)
{
	AUTO(buf_free) struct buf bearer = buf_new(CLIENT_MAX_HEADERS);

	add_header(list, "Expect", "");
	if (r->content_type)
		add_header(list, "Content-Type", r->content_type);
	if (!c->token || r->is_anonymous)
		return;
	buf_printf(&bearer, "Bearer %s", c->token);
	add_header(list, "Authorization", buf_string(&bearer));
	explicit_bzero(bearer.data, bearer.size);
}

static void set_body(CURL *curl, const struct client_request *r)
{
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	if (strcmp(r->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (r->upload_size > 0) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->upload_size);
		return;
	}
	if (r->body.size > 0 || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				 r->body.data ? (const char *)r->body.data : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.size);
	}
}

static void set_options(struct transfer *t, const char *url, struct curl_slist *headers)
{
	CURL *curl = t->client->curl;

	curl_easy_reset(curl); /* keeps the connection */
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CLIENT_CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
			 t->request->silent_seconds ? (long)t->request->silent_seconds
						    : (long)CLIENT_SILENT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_MAX_RECV_SPEED_LARGE,
			 (curl_off_t)t->request->most_per_second);
	if (t->client->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, t->client->ca);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_RANGE, t->request->range);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t->client);
	set_body(curl, t->request);
}

static enum err explain_failure(const struct transfer *t, CURLcode code)
{
	const char *why = curl_easy_strerror(code);
	const char *url = t->client->url;

	if (t->result != OK)
		return t->result;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return failure(ERR_CLOSED, "interrupted");
	if (t->answer->body.overflow || t->answer->headers.overflow)
		return failure(ERR_LIMIT, "the answer of %s is too large", url);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return failure(ERR_DENIED,
			       "the certificate of %s is not trusted (%s); name its CA with --ca",
			       url, why);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return failure(ERR_FORMAT, "--ca \"%s\" cannot be used: %s", t->client->ca, why);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return failure(ERR_TIMEOUT, "%s did not answer in time", url);
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
		return failure(ERR_UNAVAILABLE, "%s cannot be reached: %s", url, why);
	return failure(ERR_CLOSED, "%s broke off: %s", url, why);
}

enum err client_send(struct client *c, struct client_answer *out,
		     const struct client_request *request)
{
	AUTO(slist_auto) struct curl_slist *headers = NULL;
	struct transfer t = {
		.client = c, .request = request, .answer = out, .left = request->upload_size};
	char url[CLIENT_MAX_URL];
	curl_off_t wait = 0;
	CURLcode code;

	buf_reset(&out->headers);
	buf_reset(&out->body);
	TRY(make_url(url, c, request->path));
	add_headers(&headers, c, request);
	set_options(&t, url, headers);
	code = curl_easy_perform(c->curl);
	for (struct curl_slist *h = headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	if (code != CURLE_OK)
		return explain_failure(&t, code);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &out->status);
	out->retry_after = 0;
	if (curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
		out->retry_after = wait;
	return OK;
}

struct slice client_header(const struct client_answer *answer, const char *name)
{
	struct slice rest = buf_slice(&answer->headers);
	bool more = true;

	while (more) {
		struct slice line, key, value;

		more = slice_cut(rest, '\n', &line, &rest);
		if (line.size && line.data[line.size - 1] == '\r')
			line.size--;
		if (slice_cut(line, ':', &key, &value) &&
		    slice_equal_ignoring_case(key, slice_of_string(name)))
			return slice_trim(value);
	}
	return S("");
}

enum err client_check(struct client *c, const struct client_answer *answer)
{
	buf_reset(&c->problem);
	if (answer->status >= 200 && answer->status < 300)
		return OK;
	buf_write(&c->problem, buf_slice(&answer->body));
	return problem_failure(answer->status, client_header(answer, "X-Error-Code"),
			       buf_slice(&answer->body));
}

enum err client_call(struct client *c, json_t **out, const char *method, const char *path,
		     json_t *body)
{
	AUTO(json_auto) json_t *owned = body;
	AUTO(buf_free) struct buf text = buf_new(CLIENT_MAX_BODY);
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct client_request request = {.method = method, .path = path};

	if (out)
		*out = NULL;
	if (owned) {
		TRY(json_write_canonical(&text, owned));
		TRY(buf_done(&text));
		request.body = buf_slice(&text);
		request.content_type = "application/json";
	}
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	if (!out || answer.body.size == 0)
		return OK;
	return json_read(out, buf_slice(&answer.body), CLIENT_MAX_BODY);
}

/* One page is appended to `list`; *path becomes the next one's, "" after the last. */
static enum err take_page(struct client *c, json_t *list, char path[CLIENT_MAX_URL])
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(json_auto) json_t *page = NULL;
	struct client_request request = {.method = "GET", .path = path};
	struct slice next;

	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	TRY(json_read(&page, buf_slice(&answer.body), CLIENT_MAX_BODY));
	if (!json_is_array(page))
		return failure(ERR_FORMAT, "the answer is no list");
	if (json_array_size(list) + json_array_size(page) > CLIENT_MAX_LISTED)
		return failure(ERR_LIMIT, "the gateway lists more than %d entries",
			       CLIENT_MAX_LISTED);
	if (json_array_extend(list, page) != 0)
		return failure(ERR_INTERNAL, "the list cannot be extended");
	next = tree_next_page(client_header(&answer, "Link"));
	if (next.size >= CLIENT_MAX_URL)
		return failure(ERR_LIMIT, "the address of the next page is too long");
	snprintf(path, CLIENT_MAX_URL, "%.*s", SLICE_PRINT(next));
	return OK;
}

enum err client_list(struct client *c, json_t **out, const char *path)
{
	AUTO(json_auto) json_t *list = json_array_new();
	char page[CLIENT_MAX_URL];

	if (snprintf(page, sizeof page, "%s", path) >= (int)sizeof page)
		return failure(ERR_LIMIT, "the address is longer than %d bytes", CLIENT_MAX_URL);
	for (int i = 0; page[0]; i++) {
		if (i == CLIENT_MAX_PAGES)
			return failure(ERR_LIMIT, "the gateway's list has more than %d pages",
				       CLIENT_MAX_PAGES);
		TRY(take_page(c, list, page));
	}
	*out = list;
	list = NULL; /* given away */
	return OK;
}

void client_take_problem(struct client *c, const struct client *from)
{
	buf_reset(&c->problem);
	buf_write(&c->problem, buf_slice(&from->problem));
}

struct slice client_problem(const struct client *c)
{
	return buf_slice(&c->problem);
}

static const char *encode(struct arena *arena, struct slice text, const char *kept)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, 3 * text.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t b = text.data[i];
		bool plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
			     (b >= '0' && b <= '9') || (b && strchr(kept, b));

		if (plain) {
			out[size++] = (char)b;
			continue;
		}
		out[size++] = '%';
		out[size++] = digits[b >> 4];
		out[size++] = digits[b & 15];
	}
	return out;
}

const char *client_encode_path(struct arena *arena, struct slice text)
{
	return encode(arena, text, "-._~/");
}

const char *client_encode(struct arena *arena, struct slice text)
{
	return encode(arena, text, "-._~");
}
