/* SPDX-License-Identifier: Apache-2.0 */
/* log_fetch.h - where the files of a log come from: a gateway, or a directory with a copy. */
#ifndef GATEWAY_CLI_LOG_FETCH_H
#define GATEWAY_CLI_LOG_FETCH_H

#include "crypto/log_policy.h"
#include "crypto/tile.h"
#include "gateway/cli/client.h"
#include "schema/audit/verify.h"

enum { LOG_FETCH_MAX = 32 * 1024 * 1024, LOG_FETCH_PATIENCE_MS = 10 * 1000 };

struct log_from {
	struct client *client; /* NULL: the directory */
	const char *dir;
	int save_to;           /* a directory that gets a copy of each file; -1: none */
	struct buf checkpoint; /* the newest fetched; no ceiling, none is kept */
	/* A gateway's checkpoint is awaited until this holds for one of so many entries at least,
	 * for LOG_FETCH_PATIENCE_MS at most; then it is the newest. NULL: it is at once. */
	const struct log_policy *policy;
	uint64_t least;
};

/* An audit_fetch_fn; the context is a struct log_from. */
RESULT log_fetch(void *context, struct buf *out, const char *path);

struct log_tiles {
	struct log_from *from;
	uint64_t size; /* of a checkpoint whose files are there */
};

/* A tile_fetch_fn; the context is a struct log_tiles. What comes is what the log says: only a root
 * of it proves it. */
RESULT log_fetch_tile(void *context, struct digest *out, struct tile tile);

/* The verifier key as the log itself tells it: for the first time only. In the arena. */
RESULT log_fetch_vkey(const char **out, struct arena *arena, struct log_from *from);

#endif
