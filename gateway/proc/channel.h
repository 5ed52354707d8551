/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h - one end of a socket pair between two of our processes. Packets keep their
 * boundaries (SOCK_SEQPACKET), so a frame is one packet, sent and received whole, with at most
 * one descriptor. Every frame that comes in is held against the message table first.
 */
#ifndef GATEWAY_PROC_CHANNEL_H
#define GATEWAY_PROC_CHANNEL_H

#include "schema/wire/frame.h"

/* Open data: who is at both ends. Threads may send on one channel at the same time. */
struct channel {
	int fd;
	enum role self;
	enum role peer;
	unsigned index; /* of the peer */
};

/* Where a packet lies until the next one is received. 128 KiB: not for the stack of a thread. */
struct channel_inbox {
	uint8_t bytes[WIRE_MAX_FRAME + 1];
};

enum { CHANNEL_FOREVER = -1, CHANNEL_SEND_MS = 5000 };

/* A connected pair, close-on-exec, with room for a few full frames. */
RESULT channel_pair(int out[2]);

/*
 * Sends one frame; `fd` (-1: none) is duplicated to the peer, and stays open here. Waits up to
 * CHANNEL_SEND_MS for room. ERR_CLOSED: the peer is gone. ERR_TIMEOUT: it does not read.
 * ERR_LIMIT: the body is over the ceiling. ERR_INTERNAL: the table does not have it.
 */
RESULT channel_send(const struct channel *c, enum wire_type type, uint32_t call, struct slice body,
		    int fd);

/* The same for a loop: never waits. ERR_TIMEOUT: there is no room, the peer does not read. */
RESULT channel_send_now(const struct channel *c, enum wire_type type, uint32_t call,
			struct slice body);

/* FAIL with this kind, a code of the closed list or "", and failure_text(). */
RESULT channel_send_fail(const struct channel *c, uint32_t call, enum err kind, const char *code);

/*
 * Waits up to timeout_ms (0: only look; CHANNEL_FOREVER) for a frame. The body lives until the
 * next use of the inbox; out->fd belongs to the caller. ERR_TIMEOUT: nothing came. ERR_CLOSED:
 * the peer is gone. ERR_DENIED, ERR_FORMAT: the frame broke a rule; close the channel.
 */
RESULT channel_receive(const struct channel *c, struct channel_inbox *inbox, struct frame *out,
		       int timeout_ms);

/* A second descriptor of the same channel, for a thread that may outlive the peer's entry. */
RESULT channel_duplicate(struct channel *out, const struct channel *c);
void channel_close(struct channel *c); /* the fd becomes -1; closing twice is fine */

#endif
