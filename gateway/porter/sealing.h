/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealing.h - plaintext into the store: from a pipe, or from parts that were sealed before. One
 * thread takes it in and hashes it (intake.h), another seals and writes. Blocks until done; on any
 * failure nothing is left of the blob. ERR_FULL: the disk has no room.
 */
#ifndef GATEWAY_PORTER_SEALING_H
#define GATEWAY_PORTER_SEALING_H

#include "crypto/secret.h"
#include "schema/wire/porter.h"

/* Reads exactly ask->size bytes and the end from `pipe`; too few or too many are ERR_FORMAT. */
RESULT sealing_from_pipe(struct wire_porter_sealed *out, int store, const struct secret *file_key,
			 const struct wire_porter_seal *ask, int pipe);

/*
 * The parts of an upload, one after the other, become one blob. Each part is a whole payload under
 * the same file key and a nonce of its own; they stay. ERR_NOT_FOUND: a part is not there;
 * ERR_FORGED: one is damaged or has another size.
 */
RESULT sealing_join(struct wire_porter_sealed *out, int store, const struct secret *file_key,
		    const struct wire_porter_join *ask);

#endif
