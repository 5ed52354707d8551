/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - the file keys a process was handed, by handle, in secret memory. A transfer that uses
 * a key keeps it alive past its drop. Threads may all use one table.
 */
#ifndef GATEWAY_PORTER_KEYS_H
#define GATEWAY_PORTER_KEYS_H

#include "crypto/secret.h"

enum {
	KEYS_MAX = 4096,
	KEYS_IDLE_MS = 10 * 60 * 1000, /* unused for so long, a key is wiped */
};

struct keys;
struct key; /* one use of a key */

struct keys *keys_new(void);
void keys_free(struct keys *k); /* wipes; nothing may be in use; NULL is fine */

/* Takes the secret over. A handle that is there gets the new key. ERR_LIMIT: too many. */
RESULT keys_put(struct keys *k, uint64_t handle, struct secret *file_key, int64_t now_ms);

/* NULL: no such handle. Given back with keys_release. */
struct key *keys_use(struct keys *k, uint64_t handle, int64_t now_ms);
const struct secret *key_secret(const struct key *key);
void keys_release(struct keys *k, struct key *key, int64_t now_ms);

void keys_drop(struct keys *k, uint64_t handle);
void keys_drop_idle(struct keys *k, int64_t now_ms);
size_t keys_count(struct keys *k);

#endif
