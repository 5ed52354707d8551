/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - plaintext on its way in: a thread takes it from its source and hashes it, while the
 * one that asked for it seals and writes what came before. The two cost about the same, so that a
 * stream passes nearly twice as fast. Plaintext lies in a few slots of secret memory. What fits
 * into one slot is taken without a thread.
 */
#ifndef GATEWAY_PORTER_INTAKE_H
#define GATEWAY_PORTER_INTAKE_H

#include "crypto/bulk.h"

enum { INTAKE_SLOT = 256 * 1024 };

/* Puts 1 to INTAKE_SLOT bytes into the room, or none at the end. Runs on the thread. When `stop`
 * (an eventfd) becomes readable, nobody wants more: it returns soon, with whatever. */
typedef enum err intake_fill_fn(void *context, uint8_t *room, size_t *got, int stop);

struct intake;

/* Takes `bulk` over, also when it fails. `size` is what is expected: more is ERR_FORMAT. */
RESULT intake_new(struct intake **out, struct bulk *bulk, uint64_t size, intake_fill_fn *fill,
		  void *context);

/* The next bytes, until the next call; none at the end. A failure of `fill` is passed on. */
RESULT intake_next(struct slice *out, struct intake *in);

/* After the end. ERR_FORMAT: less than was expected. */
RESULT intake_end(struct intake *in, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT]);
void intake_free(struct intake *in); /* NULL is fine; stops the thread */

AUTO_POINTER(intake)

#endif
