/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - one file out of the store through the porter, opened or as it lies there, into a
 * pipe. Blocks until done; runs on a thread of its own. The way in is sealing.h.
 */
#ifndef GATEWAY_PORTER_TRANSFER_H
#define GATEWAY_PORTER_TRANSFER_H

#include "crypto/secret.h"
#include "schema/wire/porter.h"

/* Writes the range into `pipe`. Each byte was authenticated before it is written; ERR_FORGED
 * names the chunk that was not. ERR_CLOSED: the reader went. */
RESULT transfer_open(struct wire_porter_opened *out, int store, const struct secret *file_key,
		     const struct wire_porter_open *ask, int pipe);

/* Writes the sealed file as it lies in the store into `pipe`. ERR_CLOSED: the reader went. */
RESULT transfer_copy(struct wire_porter_copied *out, int store, const struct wire_porter_copy *ask,
		     int pipe);

#endif
