/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one request to somebody's interface: method, headers and body as they were asked for,
 * the answer whole in memory. It is never sent twice: whether a call may be repeated only its
 * caller knows. List of hosts, addresses and certificates are judged as for a fetch.
 */
#ifndef GATEWAY_COURIER_CALL_H
#define GATEWAY_COURIER_CALL_H

#include <stdatomic.h>

#include "crypto/base/buf.h"
#include "gateway/courier/guard.h"
#include "schema/wire/courier.h"

struct call {
	const struct guard_rules *rules;
	const struct wire_courier_call *ask;
	struct slice body;
	const atomic_bool *stop;
};

struct call_answer {
	unsigned status;
	struct buf *body;    /* the caller's, as the next; its limit is what is taken at most */
	struct buf *headers; /* lines */
};

/*
 * A redirect is followed only as often as was asked, of a GET alone; on another host the call's
 * own headers are left out, but for Accept. One too many is an answer like any other, with its
 * Location. ERR_DENIED: host not listed, address refused, certificate not trusted. ERR_FORMAT: not
 * an address, a header that may not be, a compressed body. ERR_TIMEOUT. ERR_LIMIT: too large.
 * ERR_UNAVAILABLE: cannot be reached. ERR_CLOSED: stopped.
 */
RESULT call_run(struct call_answer *out, const struct call *call);

#endif
