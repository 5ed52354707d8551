/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - one file through the porter: from a pipe, sealed, into the store; or out of the
 * store, opened, into a pipe. Blocks until done; runs on a thread of its own.
 */
#ifndef GATEWAY_PORTER_TRANSFER_H
#define GATEWAY_PORTER_TRANSFER_H

#include "crypto/secret.h"
#include "schema/wire/porter.h"

/* Reads exactly ask->size bytes and the end from `pipe`. On any failure (too few, too many, no
 * room, a broken pipe) nothing is left of the blob. */
RESULT transfer_seal(struct wire_porter_sealed *out, int store, const struct secret *file_key,
		     const struct wire_porter_seal *ask, int pipe);

/* Writes the range into `pipe`. Each byte was authenticated before it is written; ERR_FORGED
 * names the chunk that was not. ERR_CLOSED: the reader went. */
RESULT transfer_open(struct wire_porter_opened *out, int store, const struct secret *file_key,
		     const struct wire_porter_open *ask, int pipe);

/* Writes the sealed file as it lies in the store into `pipe`. ERR_CLOSED: the reader went. */
RESULT transfer_copy(struct wire_porter_copied *out, int store, const struct wire_porter_copy *ask,
		     int pipe);

#endif
