/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers.h - the channels a process has at this moment, kept up to date from PEER and PEER_GONE.
 * Not for several threads at once: loop and rpc own one each.
 */
#ifndef GATEWAY_PROC_PEERS_H
#define GATEWAY_PROC_PEERS_H

#include "gateway/proc/channel.h"

struct peer {
	struct channel channel; /* fd -1: no such peer now */
	uint32_t generation;    /* grows with every fresh end; 0: there never was one */
};

struct peers {
	enum role self;
	struct peer table[ROLE_COUNT][ROLE_MAX_INDEX];
};

void peers_init(struct peers *p, enum role self);
void peers_clear(struct peers *p); /* closes all */

/* PEER: takes frame->fd, closes what was there before. PEER_GONE: closes. *out is the peer that
 * changed. ERR_DENIED if the two may not speak; ERR_FORMAT. */
RESULT peers_apply(struct peers *p, const struct frame *frame, struct peer **out);

/* The live peer, or NULL. */
struct peer *peers_find(struct peers *p, enum role role, unsigned index);

#endif
