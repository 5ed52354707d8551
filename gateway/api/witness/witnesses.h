/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witnesses.h - the log's witnesses, as the gateway sees them. A job sends the newest checkpoint
 * to each of them (C2SP tlog-witness), verifies what they answer, and keeps the cosigned
 * checkpoint; receipts then rest on it.
 *
 * When a witness has seen more of the log than there is here, or another history, then this
 * gateway was put back to a backup, or forked: the log is halted, and with it the gateway. A
 * witness cannot bring that about by lying: what it shows must bear the log's own signature.
 */
#ifndef GATEWAY_API_WITNESS_WITNESSES_H
#define GATEWAY_API_WITNESS_WITNESSES_H

#include "crypto/log_policy.h"
#include "gateway/api/api.h"

struct witnesses;

enum { WITNESSES_CALL_MS = 3000, WITNESSES_MAX_PAUSE_MS = 60 * 1000 };

/* Reads gateway.witness_policy, before the sandbox; "": *out is NULL, and there are none. */
RESULT witnesses_new(struct witnesses **out, const char *path);

/* The newest checkpoint that enough witnesses have cosigned. ERR_NOT_FOUND: none yet, or none are
 * wanted. */
RESULT witnesses_newest(struct slice *note, uint64_t *size, struct route_context *context,
			struct arena *arena);

/* A checkpoint with the cosignatures there are of it, or as it is. In the arena. */
struct slice witnesses_add_lines(struct route_context *context, struct arena *arena,
				 struct slice note);

/* For /metrics. */
void witnesses_write_metrics(struct buf *out, struct api *api, const char *edge);

#endif
