/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness.h - a C2SP tlog-witness: it cosigns a checkpoint of a log it knows if, and only if, the
 * log has grown from the last one it cosigned. So a log cannot show it one history today and
 * another one tomorrow.
 *
 * All it has is a directory:
 *
 *     key                  the Ed25519 seed, 64 hex digits, mode 0600
 *     vkey                 what others verify it with: name+id+key
 *     logs                 the logs it knows, lines "log <vkey> [<url>]"; read again when changed
 *     state/HEX            the newest checkpoint it has cosigned, with its own line at the end;
 *                          HEX is the SHA-256 of the origin
 *     state/HEX.size       its size once more: written second, so that a checkpoint put back to an
 *                          earlier one is noticed, and nothing of that log is cosigned any more
 *
 * One process at a time has the directory (a lock on it). Threads may share a witness.
 */
#ifndef GATEWAY_WITNESS_WITNESS_H
#define GATEWAY_WITNESS_WITNESS_H

#include "crypto/base/buf.h"

struct witness;

enum { WITNESS_MAX_ANSWER = 20 * 1024 };

/* Makes the directory's key and files. ERR_CONFLICT: it has a key. *vkey: appended, no newline. */
RESULT witness_init(struct buf *vkey, const char *directory, struct slice name);

/* Adds a line to `logs`. ERR_CONFLICT: its origin is known. `url` may be empty. */
RESULT witness_log_add(const char *directory, struct slice vkey, struct slice url);

/* ERR_CONFLICT: another process has the directory. ERR_FORGED: a file of state/ is not as this
 * witness has written it. */
RESULT witness_open(struct witness **out, const char *directory);
void witness_free(struct witness *w); /* NULL is fine */
AUTO_POINTER(witness)

struct slice witness_vkey(const struct witness *w); /* borrowed */
int witness_directory(const struct witness *w);     /* borrowed */

struct witness_answer {
	unsigned status;
	const char *content_type;
	struct buf body; /* room for WITNESS_MAX_ANSWER; the caller's */
};

/* POST add-checkpoint. Once it says 200 the checkpoint is on the disk. */
void witness_add_checkpoint(struct witness *w, struct witness_answer *out, struct slice body,
			    uint64_t now_seconds);

/* The newest cosigned checkpoint of the origin with this hash (64 hex digits). ERR_NOT_FOUND. */
RESULT witness_read(const struct witness *w, struct buf *out, struct slice hex);

#endif
