/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - all lasting keys of a gateway, in one file sealed under the root key: the three
 * signing keys, the escrow recipient (public), and the key-encryption keys (KEKs), one per model
 * and epoch. Only the keeper links this. One thread.
 *
 * Every change is on disk (fsynced, atomic) before the call returns.
 */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "crypto/age_header.h"
#include "crypto/sign.h"
#include "crypto/unseal.h"

enum { KEYRING_MODEL_MAX = 200, KEYRING_KEKS_MAX = 4096 };

struct keyring;

struct keyring_kek {
	struct slice id; /* "k" and 16 hex digits, random: says nothing of the model */
	struct slice model;
	uint32_t epoch; /* from 1; the highest of a model is the one in use */
	const struct secret *key;
};

/* `dir` is the keeper's directory, `path` the keyring inside it. `escrow` is an "age1..."
 * recipient, or empty. ERR_CONFLICT if there is a keyring already. */
RESULT keyring_create(int dir, const char *path, const struct secret *root, struct slice escrow);

/* ERR_FORGED: another root key, or the file was changed. The descriptor is kept, not owned. */
RESULT keyring_open(struct keyring **out, int dir, const char *path, const struct secret *root);
void keyring_free(struct keyring *k); /* NULL is fine */

const struct sign_key *keyring_token_key(const struct keyring *k);
const struct sign_key *keyring_license_key(const struct keyring *k);
const struct sign_key *keyring_log_key(const struct keyring *k);

struct slice keyring_escrow(const struct keyring *k);                 /* "age1..." or empty */
RESULT keyring_set_escrow(struct keyring *k, struct slice recipient); /* empty: none */

/* The KEK in use for a model; made if there is none. What is returned is borrowed until the
 * model is shredded or the keyring freed. The model "" stands for files not yet of a model. */
RESULT keyring_kek(struct keyring_kek *out, struct keyring *k, struct slice model);
RESULT keyring_kek_find(struct keyring_kek *out, const struct keyring *k, struct slice id);
RESULT keyring_rotate(struct keyring_kek *out, struct keyring *k, struct slice model);

/* Destroy every KEK of a model and of what belongs to it ("MODEL:...", its adapters): their files
 * are lost to us for good, in old backups of the database too. What an old copy of keyring and
 * root, or the escrow key, opens stays openable. *count may be NULL. ERR_NOT_FOUND if it has none.
 */
RESULT keyring_shred(struct keyring *k, struct slice model, size_t *count);

AUTO_POINTER(keyring)

#endif
