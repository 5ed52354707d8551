/* SPDX-License-Identifier: Apache-2.0 */
/*
 * courier.h - what the edge asks of the courier: one address, its body into a pipe (get); or one
 * call of somebody's interface, with a method, headers and a body (call).
 */
#ifndef SCHEMA_WIRE_COURIER_H
#define SCHEMA_WIRE_COURIER_H

#include "schema/wire/codec.h"

struct wire_courier_get { /* with the write end of a pipe; only a 2xx body is written to it */
	struct slice url;
	struct slice token; /* sent as Bearer to the host of `url` alone; empty: none */
	uint64_t most;      /* bytes of the body; more is an error */
	bool is_exact;      /* and so is less */
};
WIRE_DECLARE(courier_get);

struct wire_courier_moved { /* now and then, while it goes on */
	uint64_t bytes;
};
WIRE_DECLARE(courier_moved);

struct wire_courier_got { /* any status is an answer; a FAIL tells that there was none */
	uint16_t status;
	uint64_t bytes;
	struct slice reason; /* what the host said of a refusal, visible ASCII; may be empty */
	struct slice next;   /* the address of the next page (Link: rel="next"); may be empty */
};
WIRE_DECLARE(courier_got);

struct wire_courier_cancel {
	uint32_t call; /* of the COURIER_GET */
};
WIRE_DECLARE(courier_cancel);

#define WIRE_METHODS(X) \
	X(WIRE_METHOD_GET, "GET") \
	X(WIRE_METHOD_POST, "POST") \
	X(WIRE_METHOD_PUT, "PUT") \
	X(WIRE_METHOD_DELETE, "DELETE")

#define WIRE_METHOD_ENUM(kind, text) kind,
enum wire_method { WIRE_METHODS(WIRE_METHOD_ENUM) WIRE_METHOD_COUNT };
#undef WIRE_METHOD_ENUM

/* With one end of a stream socket: the courier reads body_size bytes from it, and writes the body
 * of the answer, whatever its status, when it has it whole. */
struct wire_courier_call {
	uint8_t method; /* enum wire_method */
	struct slice url;
	struct slice headers;    /* lines "Name: value", each ends with a newline */
	struct slice credential; /* name of one that the courier knows; empty: none */
	uint32_t body_size;
	uint32_t most; /* bytes of the answer; more is an error */
	uint32_t timeout_ms;
	uint8_t redirects; /* how many are followed; of a GET alone */
};
WIRE_DECLARE(courier_call);

struct wire_courier_called { /* any status is an answer; a FAIL tells that there was none */
	uint16_t status;
	uint32_t size;        /* of the body */
	struct slice headers; /* a chosen few, lines as above, names in small letters */
};
WIRE_DECLARE(courier_called);

struct wire_courier_mail {
	struct slice to;      /* one mailbox, without <> */
	struct slice message; /* RFC 5322, lines end with CR LF */
};
WIRE_DECLARE(courier_mail);

struct wire_courier_mailed { /* the server has it, or refuses it; a FAIL: it could not be asked */
	uint16_t status;     /* of SMTP: 250, 452, 550 ... */
};
WIRE_DECLARE(courier_mailed);

#endif
