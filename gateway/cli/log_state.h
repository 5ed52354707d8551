/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_state.h - what this user remembers of a log: its verifier key and the last checkpoint that
 * was verified, so that a log that is shortened or rewritten later is found out. One JSON file a
 * log, ${XDG_STATE_HOME:-~/.local/state}/sallyport/log-<origin hash>.json.
 */
#ifndef GATEWAY_CLI_LOG_STATE_H
#define GATEWAY_CLI_LOG_STATE_H

#include "crypto/base/arena.h"
#include "schema/audit/verify.h"

struct log_state {
	const char *vkey; /* NULL: nothing is remembered */
	struct audit_remembered checkpoint;
};

/* The usual file for the log that is read at `origin` (a URL or a directory). */
RESULT log_state_path(const char **out, struct arena *arena, const char *origin);

/* OK with vkey NULL if there is no file. */
RESULT log_state_read(struct log_state *out, struct arena *arena, const char *path);
RESULT log_state_write(const struct log_state *state, const char *path);

#endif
