/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - one file through the porter on its way in: from a pipe, sealed, into the store.
 * Blocks until done; runs on a thread of its own. The way out is transfers.h.
 */
#ifndef GATEWAY_PORTER_TRANSFER_H
#define GATEWAY_PORTER_TRANSFER_H

#include "crypto/secret.h"
#include "schema/wire/porter.h"

/* Reads exactly ask->size bytes and the end from `pipe`. On any failure (too few, too many, no
 * room, a broken pipe) nothing is left of the blob. */
RESULT transfer_seal(struct wire_porter_sealed *out, int store, const struct secret *file_key,
		     const struct wire_porter_seal *ask, int pipe);

#endif
