/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - the file keys a process was handed, by handle, in secret memory. A key can be taken into
 * use for eleven minutes, however often, and not later: what was released is not kept alive by
 * using it. A transfer that uses a key keeps it past that, and past its drop. Threads may all use
 * one table.
 */
#ifndef GATEWAY_PORTER_KEYS_H
#define GATEWAY_PORTER_KEYS_H

#include "crypto/secret.h"

enum {
	KEYS_MAX = 4096,
	KEYS_LIFE_MS = 11 * 60 * 1000, /* the edge asks anew after ten */
};

struct keys;
struct key; /* one use of a key */

struct keys *keys_new(void);
void keys_free(struct keys *k); /* wipes; nothing may be in use; NULL is fine */

/* Takes the key out of a HANDLE_KEY and wipes the message where it lies. */
RESULT keys_take(struct keys *k, uint64_t *handle, struct slice body, int64_t now_ms);

/* Takes the secret over. A handle that is there gets the new key. ERR_LIMIT: too many. */
RESULT keys_put(struct keys *k, uint64_t handle, struct secret *file_key, int64_t now_ms);

/* NULL: no such handle, or its time is over. Given back with keys_release. */
struct key *keys_use(struct keys *k, uint64_t handle, int64_t now_ms);
const struct secret *key_secret(const struct key *key);
void keys_release(struct keys *k, struct key *key);

void keys_drop(struct keys *k, uint64_t handle);
void keys_drop_old(struct keys *k, int64_t now_ms); /* those whose time is over */
size_t keys_count(struct keys *k);

#endif
