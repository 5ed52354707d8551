/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note.h - signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
 *
 *     localhost:8443/log            origin
 *     700                           size
 *     h0MN...=                      root
 *
 *     - localhost:8443/log Uw2Q...  (an em dash) key name, base64(key id 4 || signature)
 */
#ifndef CRYPTO_NOTE_H
#define CRYPTO_NOTE_H

#include "crypto/base/buf.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

enum {
	NOTE_MAX = 64 * 1024,
	NOTE_NAME_MAX = 255,
	NOTE_SIGNATURES_MAX = 64,
	NOTE_KEY_ID = 4,
	NOTE_VKEY_MAX = NOTE_NAME_MAX + 64,
};

enum note_type { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };

/* A verifier key. */
struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[NOTE_KEY_ID];
	enum note_type type;
	uint8_t public_key[SIGN_PUBLIC];
};

RESULT note_key_make(struct note_key *out, struct slice name, enum note_type type,
		     const uint8_t public_key[SIGN_PUBLIC]);
RESULT note_key_parse(struct note_key *out, struct slice vkey); /* name+hex id+base64 */
void note_key_write(struct buf *out, const struct note_key *key);

/* *text becomes the part of `note` that is signed (with its last newline). Lines of unknown
 * keys are ignored. ERR_FORGED if a line of a known key does not verify, ERR_NOT_FOUND if no
 * line is of a known key. */
RESULT note_verify(struct slice *text, struct slice note, const struct note_key *keys,
		   size_t count);

/* The text without any check: for those who verify elsewhere. */
RESULT note_text(struct slice *text, struct slice note);

/* [crypto_sign] Append text, an empty line and one signature line. The text must end in a
 * newline; `name` is the key name. */
RESULT note_sign(struct buf *out, struct slice text, struct slice name, const struct sign_key *key);

/* [crypto_sign] Append one line: a witness's cosignature (cosignature/v1) of a checkpoint's text,
 * made at `seconds` since 1970. `name` is the witness's key name. */
RESULT note_cosign(struct buf *out, struct slice text, struct slice name, uint64_t seconds,
		   const struct sign_key *key);

struct checkpoint {
	struct slice origin; /* borrowed from the text */
	uint64_t size;
	struct digest root;
};

RESULT checkpoint_parse(struct checkpoint *out, struct slice text);
void checkpoint_write(struct buf *out, const struct checkpoint *c);

#endif
