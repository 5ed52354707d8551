/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange_shared.h - what the loop and a worker share of an exchange, and who may touch what.
 *
 * Life: the loop makes it when a head is complete, hands it to a worker (workers_submit), and
 * owns it again when the worker posts it as finished. Between the two they meet only in the part
 * guarded by `lock`. If the stream dies first, the loop sets is_closed and lets go; the
 * exchange is retired when the worker has finished. If the route asked for `done`, retiring hands
 * it to a worker once more. The loop frees it: somebody may have posted a cut of it meanwhile.
 */
#ifndef GATEWAY_EDGE_EXCHANGE_SHARED_H
#define GATEWAY_EDGE_EXCHANGE_SHARED_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/base/text.h"
#include "gateway/edge/answer.h"
#include "gateway/edge/edge.h"
#include "gateway/edge/exchange.h"
#include "gateway/edge/mailbox.h"
#include "gateway/edge/ring_desk.h"
#include "gateway/edge/router.h"

struct stream;
struct stream_kind;

enum {
	EXCHANGE_ADDRESS = 46,
	EXCHANGE_MAX_HEADERS = 16 * 1024,     /* of an answer */
	EXCHANGE_MAX_OUT = 128 * 1024 * 1024, /* an answer that is not a stream */
	EXCHANGE_MAX_SPARE = 64,
	EXCHANGE_MAX_KEPT = 8 * 1024,      /* larger buffers are not kept in spare ones */
	EXCHANGE_STREAM_HIGH = 256 * 1024, /* a stream waits while this much is not taken */
};

/* One for the whole edge: known to the loop and to all workers. */
struct edge_shared {
	struct edge_options options; /* defaults filled in; never written after the start */
	struct mailbox mailbox;
	struct ring_desk ring_desk;
	struct workers *workers; /* set before the first of them runs */
	atomic_bool draining;
	atomic_size_t exchanges; /* alive */
	struct exchange
		*spare; /* the loop's own: ended, for requests to come; linked by next_job */
	size_t spare_count;
};

enum pump_state { PUMP_NONE, PUMP_WANTED, PUMP_DONE };

struct exchange {
	/* Written by the loop before the worker has it; then read-only. */
	struct edge_shared *edge;
	const struct stream_kind *kind; /* how its answer is framed */
	struct http_request request;
	struct router_match match;
	struct buf body;
	char request_id[TEXT_UUID];
	char address[EXCHANGE_ADDRESS];
	struct client_certificate *certificate; /* a copy, in the arena; NULL: none was shown */

	/* The worker's own. */
	struct arena arena; /* the loop's before and after */
	struct buf headers; /* of the answer, as lines */
	void *subject;
	bool has_request_id; /* among headers */
	bool is_answered;
	bool is_stream;  /* begun and not ended */
	bool drops_body; /* HEAD, 204, 304 */
	bool is_quick;   /* runs a quick route, and has waited for nothing so far */

	/* Guarded by lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* loop -> worker: is_closed, room in out, pump done */
	atomic_bool is_closed;  /* written under lock; may be read without */
	struct buf head;        /* of the answer, if the kind keeps it apart */
	struct buf out;         /* to be sent, in order */
	bool is_ended;          /* nothing comes after `out` (and the file) */
	bool is_let_go;         /* then nobody waits for the worker */
	bool is_aborted;        /* reset the stream */
	bool is_cut;            /* the same, at once, whatever it is doing */
	bool is_chunked;        /* the kind's own */
	bool closes;            /* this answer is the last on its connection */
	enum pump_state pump;
	int pump_fd;
	uint64_t pump_bytes;
	enum err pump_result;
	bool has_file; /* a transfer to be closed */
	bool is_fed;   /* from it, after `out` */
	struct exchange_file file;
	exchange_done_fn *done;
	void *done_context;

	/* Guarded by the mailbox. */
	struct exchange *next_post;
	bool is_posted;
	bool was_finished;
	bool was_done;

	/* Guarded by the workers' queue. */
	struct exchange *next_job;
	bool is_done_job;
	int64_t queued_ms;

	/* The loop's own. */
	struct stream *stream; /* NULL: it is gone */
	bool is_finished;
	bool is_retired;
	bool is_done;  /* nobody has it any more */
	uint64_t sent; /* of the file; read by the done job */
};

/* On the loop. */
struct exchange *exchange_new(struct edge_shared *edge, const struct stream_kind *kind);
void exchange_free(struct exchange *x);
void exchange_free_spare(struct edge_shared *edge);

/* On a worker: the whole of one job. True: it was quick from beginning to end; the answer lies in
 * the mailbox, and the loop is yet to be told (mailbox_ring). */
bool exchange_run(struct exchange *x, struct route_context *context);

#endif
