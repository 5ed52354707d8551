/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - requests to a gateway: HTTPS only, no redirects, the server's certificate checked
 * against the named CA. Answers that refuse become failures whose text holds the code, the
 * detail and what is missing. One thread.
 */
#ifndef GATEWAY_CLI_CLIENT_H
#define GATEWAY_CLI_CLIENT_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/json.h"

enum {
	CLIENT_MAX_BODY = 32 * 1024 * 1024, /* of an answer kept in memory */
	CLIENT_MAX_HEADERS = 64 * 1024,
	CLIENT_MAX_URL = 4096,
	CLIENT_MAX_PAGES = 1000,   /* of a listing */
	CLIENT_MAX_LISTED = 20000, /* entries in all of them */
};

struct client;

/* token may be NULL (anonymous), ca too (the system's authorities). All are copied. ERR_FORMAT if
 * the URL is not https://host[:port]. */
RESULT client_new(struct client **out, const char *url, const char *ca, const char *token);
RESULT client_clone(struct client **out, const struct client *c); /* for another thread */
RESULT client_clone_as(struct client **out, const struct client *c, const char *token);
void client_free(struct client *c); /* NULL is fine */
AUTO_POINTER(client)

const char *client_url(const struct client *c);

/* A transfer ends with ERR_CLOSED once this says true; asked about once a second. */
typedef bool client_stop_fn(void);
void client_stop_when(struct client *c, client_stop_fn *stop);

/* The answer's bytes as they come; any failure ends the transfer and is passed on. */
typedef enum err client_sink_fn(void *context, struct slice bytes);

struct client_request {
	const char *method;
	const char *path;         /* from "/", encoded; of a whole address only the path counts */
	const char *content_type; /* of the body */
	struct slice body;
	int upload_fd; /* when upload_size > 0: the body, from where the descriptor stands */
	uint64_t upload_size;
	client_sink_fn *sent; /* told of each piece of an upload; may be NULL */
	void *sent_context;
	const char *range;    /* "100-", or NULL */
	client_sink_fn *sink; /* takes a 2xx body instead of answer.body */
	void *sink_context;
	bool is_anonymous;        /* send no token */
	unsigned silent_seconds;  /* given up after so long without a byte; 0: as is usual */
	uint64_t most_per_second; /* bytes of the answer; 0: as fast as they come */
};

struct client_answer {
	long status;
	int64_t retry_after; /* seconds that the gateway asks to wait; 0: it does not */
	struct buf headers;  /* lines as received */
	struct buf body;
};

struct client_answer client_answer_new(void);
void client_answer_clear(struct client_answer *answer); /* fit for AUTO */

/* Any status is OK here; ERR_UNAVAILABLE: the gateway cannot be reached; ERR_DENIED: its
 * certificate is not trusted; ERR_CLOSED: it broke off. */
RESULT client_send(struct client *c, struct client_answer *out,
		   const struct client_request *request);

/* A header of the answer, "" if absent. Borrowed from it. */
struct slice client_header(const struct client_answer *answer, const char *name);

/* OK for 2xx; else the failure the answer tells. */
RESULT client_check(struct client *c, const struct client_answer *answer);

/* Send JSON (or nothing) and read JSON: fails unless the answer is 2xx. `body` is taken over;
 * *out may be NULL where nothing is wanted, and becomes NULL for an empty answer. */
RESULT client_call(struct client *c, json_t **out, const char *method, const char *path,
		   json_t *body);

/* GET a list that may come in pages (Link: <...>; rel="next"): all of them in one array, which the
 * caller owns. ERR_LIMIT if there are too many. */
RESULT client_list(struct client *c, json_t **out, const char *path);

/* `from` was refused in place of `c`: its last refusal becomes that of `c`. */
void client_take_problem(struct client *c, const struct client *from);

/* The last refusal as the gateway worded it (its JSON), "" if there was none. */
struct slice client_problem(const struct client *c);

/* Percent-encoding for a path (slashes stay) or for one part of it or of a query. */
const char *client_encode_path(struct arena *arena, struct slice text);
const char *client_encode(struct arena *arena, struct slice text);

#endif
