/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h - one client's connection, as the loop sees it. Only the loop's thread touches
 * these. connection.c has the table of states and moves from one to the next; receive.c has the
 * steps that take a request in, send.c those that give an answer out.
 */
#ifndef GATEWAY_EDGE_CONNECTION_H
#define GATEWAY_EDGE_CONNECTION_H

#include "gateway/edge/stream.h"
#include "gateway/edge/tls.h"
#include "gateway/edge/workers.h"
#include "gateway/http/body.h"

enum connection_state {
	STATE_HANDSHAKE,
	STATE_IDLE,
	STATE_HEAD,
	STATE_BODY,
	STATE_WORKING,
	STATE_PUMPING,
	STATE_ANSWERING,
	STATE_FEEDING,
	STATE_H2, /* all that HTTP/2 does, see h2.h */
	STATE_LINGER,
	STATE_CLOSED,
};

/* STEP_AGAIN: something changed, run the (new) state's step at once. STEP_WAIT: for what wants_*
 * say, a deadline, or the worker. STEP_YIELD: more can be done; let the others have a turn. */
enum step { STEP_AGAIN, STEP_WAIT, STEP_YIELD };

struct connection {
	struct loop *loop;
	struct connection *previous, *next; /* all that are open */
	struct connection *next_other;      /* in the list of those that yielded, or are closed */
	bool has_yielded;
	enum connection_state state;
	int fd;
	struct tls *tls;
	struct watch socket_watch;
	uint32_t armed; /* epoll events of the socket: what is wanted, and perhaps more */
	bool wants_read, wants_write, wants_hangup;

	int64_t deadline_ms; /* 0: none */
	uint64_t progress;   /* bytes since the deadline was last moved */

	bool is_readable; /* epoll said so, and nothing was read since */
	struct buf input; /* decrypted, not yet used */
	struct http_scan scan;
	struct http_body body;
	struct h2 *h2;        /* NULL: HTTP/1.1 */
	struct stream stream; /* HTTP/1.1's only one; without an exchange between requests */

	size_t pump_ready; /* bytes at the front of input that are body already */
	struct buf sending;
	size_t sent;  /* of sending */
	bool closes;  /* after what is in sending */
	bool is_slow; /* its socket took less than was gathered, last time */
	char address[EXCHANGE_ADDRESS];
};

struct loop {
	struct edge_shared *shared;
	struct router *router;
	struct tls_context *tls;
	struct workers *workers;
	int epoll_fd;
	struct watch listener_watch, mail_watch, stop_watch;
	struct connection *connections, *yielded, *closed;
	struct stream *dead_streams;
	struct ring *rings, *broken_rings;
	bool ring_is_short;          /* feeds wait for segments */
	struct channel_inbox *inbox; /* of whichever ring is read now */
	unsigned connection_count;
	size_t body_memory; /* of all buffered bodies */
	bool is_accepting;
	int64_t now_ms; /* monotonic, once a round */
	int64_t next_sweep_ms;
	unsigned refused; /* since it was last told */
	int64_t refused_due_ms;
	int64_t drain_deadline_ms; /* 0: not draining */
	uint8_t random[1024];      /* for ids: those not taken yet stand in front */
	size_t random_left;
	uint8_t *scratch; /* LOOP_SCRATCH bytes for whoever runs now */
};

enum {
	LOOP_SCRATCH = 64 * 1024,
	CONNECTION_READ = 16 * 1024, /* one read: the size of a TLS record */
	CONNECTION_MAX_INPUT = 64 * 1024,
	CONNECTION_MAX_IDLE = 2 * 1024, /* a larger buffer is given back while nothing happens */
	CONNECTION_TURN = 256 * 1024,   /* bytes moved before others have their turn */
	CONNECTION_REFUSED_MS = 60000,  /* refusals are counted, a line a minute */
	CONNECTION_PROGRESS = 4 * 1024, /* bytes that count as progress */
};

/* connection.c */
struct connection *connection_new(struct loop *loop, int fd, const char *address); /* takes fd */
void connection_enter(struct connection *c, enum connection_state state);
void connection_service(struct connection *c); /* run steps until there is something to wait for */
void connection_rearm(struct connection *c);   /* an event came that is not wanted */
void connection_expire(struct connection *c);  /* its deadline has passed */
void connection_close(struct connection *c);   /* frees what it holds; the loop frees *c later */
void connection_reset(struct connection *c);   /* close so that the peer sees an error */
void connection_progress(struct connection *c, size_t bytes);  /* moves the deadline */
void connection_retire(struct loop *loop, struct exchange *x); /* both sides have let go of it */

/* h1.c */
extern const struct stream_kind h1_stream_kind;

/* h2_step.c */
bool h2_begin(struct connection *c); /* after the handshake */
enum step step_h2(struct connection *c);
void expire_h2(struct connection *c);
void h2_drain(struct connection *c);

/* receive.c */
enum step step_handshake(struct connection *c);
enum step step_idle(struct connection *c);
enum step step_head(struct connection *c);
enum step step_body(struct connection *c);
enum step step_pumping(struct connection *c);
void expire_head(struct connection *c);
void expire_body(struct connection *c);
void expire_pumping(struct connection *c);

/* send.c */
enum step step_working(struct connection *c);
enum step step_answering(struct connection *c);
enum step step_feeding(struct connection *c);
enum step step_linger(struct connection *c);
void connection_refuse(struct connection *c, unsigned status, const char *reason, bool closes);
void connection_continue(struct connection *c); /* "100 Continue" if it is waited for */

#endif
