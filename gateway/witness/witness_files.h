/* SPDX-License-Identifier: Apache-2.0 */
/* witness_files.h - the files of a witness's directory, read and made (see witness.h). */
#ifndef GATEWAY_WITNESS_WITNESS_FILES_H
#define GATEWAY_WITNESS_WITNESS_FILES_H

#include "crypto/log_policy.h"

enum { WITNESS_STATE_NAME = 2 * DIGEST_SIZE + 1 };

void witness_state_name(char out[WITNESS_STATE_NAME], struct slice origin);

RESULT witness_key_read(struct sign_key **out, struct note_key *id, char vkey[NOTE_VKEY_MAX + 1],
			int directory);

RESULT witness_logs_read(struct log_policy *out, struct arena *arena, int directory);

/* 0 if there is no file. */
RESULT witness_size_read(uint64_t *out, int state, const char *name);

#endif
