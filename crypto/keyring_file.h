/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring_file.h - inside of keyring.c: what a keyring holds, and its sealed file.
 *
 *     "sallyport-keyring/1\n"  nonce 24  XChaCha20-Poly1305 of the content
 *
 * The key is HKDF(root key, "sallyport/keyring/v1"); the first line is covered as associated
 * data. The content is three seeds of 32 bytes (token, license, log), the escrow recipient as a
 * block, a u32 count, and for each KEK: id block, model block, u32 epoch, 32 bytes.
 */
#ifndef CRYPTO_KEYRING_FILE_H
#define CRYPTO_KEYRING_FILE_H

#include "crypto/base/file.h"
#include "crypto/keyring.h"

enum {
	KEYRING_ID_TEXT = 17,
	KEYRING_PATH_MAX = 256,
	KEYRING_FILE_MAX = 4096 + KEYRING_KEKS_MAX * 300,
};

enum keyring_signer { KEYRING_TOKEN, KEYRING_LICENSE, KEYRING_LOG, KEYRING_SIGNERS };

struct keyring_entry {
	char id[KEYRING_ID_TEXT + 1];
	char model[KEYRING_MODEL_MAX + 1];
	uint32_t epoch;
	struct secret *key;
};

struct keyring_content {
	struct sign_key *signers[KEYRING_SIGNERS];
	char escrow[AGE_RECIPIENT_TEXT + 1];
	struct keyring_entry *entries[KEYRING_KEKS_MAX];
	size_t entry_count;
};

void keyring_entry_free(struct keyring_entry *e);      /* NULL is fine */
void keyring_content_clear(struct keyring_content *c); /* fit for AUTO */
RESULT keyring_content_set_escrow(struct keyring_content *c, struct slice recipient);

RESULT keyring_file_root(struct secret **out, const struct secret *root);
RESULT keyring_file_seal(struct buf *out, const struct keyring_content *c,
			 const struct secret *file_root);
RESULT keyring_file_open(struct keyring_content *out, struct slice sealed,
			 const struct secret *file_root);

AUTO_POINTER(keyring_entry)

#endif
