/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfers.h - what is open for edges to read: a range of a sealed file, opened on the way out,
 * or a sealed file as it lies. A transfer belongs to the ring over which it is read, and ends with
 * it. Transfers of one handle and blob share descriptor and payload key, so a thousand readers of
 * a file cost one of each. Threads may all use one table.
 */
#ifndef GATEWAY_PORTER_TRANSFERS_H
#define GATEWAY_PORTER_TRANSFERS_H

#include "crypto/age_stream.h"
#include "schema/wire/porter.h"

enum { TRANSFERS_MAX = 4096 };

struct transfers;
struct transfer; /* one use of a transfer */

struct transfers *transfers_new(int store); /* a borrowed directory descriptor */
void transfers_free(struct transfers *t);   /* nothing may be in use; NULL is fine */

/* The ring of an edge, by a number that no other ring had. It takes the place of the one before,
 * whose transfers end. Ending closes what is open on it; ending twice is fine. */
uint32_t transfers_begin_ring(struct transfers *t, unsigned edge);
void transfers_end_ring(struct transfers *t, uint32_t ring);

/* Open one on the edge's ring. ERR_UNAVAILABLE: it has none, or the table is full; ERR_LIMIT: the
 * range is not in the file; ERR_FORGED: the file has not the size that was asked for, or its last
 * chunk is not authentic; ERR_NOT_FOUND. */
RESULT transfers_open(struct wire_porter_opened *out, struct transfers *t, unsigned edge,
		      const struct secret *file_key, const struct wire_porter_open *ask);
RESULT transfers_copy(struct wire_porter_copied *out, struct transfers *t, unsigned edge,
		      const struct wire_porter_copy *ask);

void transfers_close(struct transfers *t, uint32_t ring, uint64_t id); /* unknown ones: nothing */

/* For one fill. NULL: this ring has no such transfer. Given back with transfers_release. */
struct transfer *transfers_use(struct transfers *t, uint32_t ring, uint64_t id);
bool transfer_covers(const struct transfer *r, uint64_t offset, size_t size);
RESULT transfer_read(const struct transfer *r, struct age_reader *reader, uint8_t *out,
		     uint64_t offset, size_t size);
void transfers_release(struct transfers *t, struct transfer *r);

#endif
