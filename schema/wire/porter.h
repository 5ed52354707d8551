/* SPDX-License-Identifier: Apache-2.0 */
/*
 * porter.h - what the edge asks of a porter. PORTER_DISCARDED, PORTER_RING and PORTER_RINGED have
 * empty bodies. PORTER_OPEN and PORTER_COPY open a transfer; its bytes then come by the ring, a
 * channel of their own between the edge's loop and the porter's threads: the edge names a segment
 * of their common pool, the porter fills it.
 */
#ifndef SCHEMA_WIRE_PORTER_H
#define SCHEMA_WIRE_PORTER_H

#include "schema/wire/codec.h"

/* What git keeps of a file: its bytes, or a pointer to their SHA-256. */
enum wire_content { WIRE_CONTENT_REGULAR, WIRE_CONTENT_LARGE, WIRE_CONTENT_COUNT };

/* Of a pool. A segment holds eight chunks of a sealed file. */
enum { WIRE_SEGMENT = 512 * 1024, WIRE_MAX_SEGMENTS = 8192 };

struct wire_porter_seal { /* with the read end of a pipe */
	uint64_t handle;
	uint8_t blob[WIRE_ID];
	uint64_t size; /* of the plaintext that will come: fewer or more is an error */
	enum wire_content content;
};
WIRE_DECLARE(porter_seal);

struct wire_porter_sealed { /* PORTER_JOINED too */
	uint64_t size;
	uint8_t sha256[WIRE_DIGEST];
	uint8_t git_sha1[20]; /* of what git keeps */
	bool is_pickle;       /* by its first bytes (policy/pickle.h) */
};
WIRE_DECLARE(porter_sealed);

/* Parts that were sealed before, under the same key, become one blob. */
struct wire_porter_join {
	uint64_t handle;
	uint8_t blob[WIRE_ID];
	uint64_t size;      /* of the whole plaintext */
	uint64_t part_size; /* of each part but the last */
	uint16_t count;
	uint8_t parts[WIRE_MAX_PARTS][WIRE_ID]; /* blobs, in order */
};
WIRE_DECLARE(porter_join);

struct wire_porter_open {
	uint64_t handle;
	uint8_t blob[WIRE_ID];
	uint64_t plain_size;
	uint64_t offset;
	uint64_t length;
};
WIRE_DECLARE(porter_open);

struct wire_porter_opened {
	uint64_t transfer; /* its name on the ring */
	uint64_t size;     /* of the whole plaintext */
};
WIRE_DECLARE(porter_opened);

struct wire_porter_drop {
	uint64_t handle;
};
WIRE_DECLARE(porter_drop);

/* The sealed file as it lies in the store, for an export: no key is needed, none is given. */
struct wire_porter_copy {
	uint8_t blob[WIRE_ID];
};
WIRE_DECLARE(porter_copy);

struct wire_porter_copied {
	uint64_t transfer;
	uint64_t size; /* of the sealed file */
};
WIRE_DECLARE(porter_copied);

struct wire_porter_discard {
	uint8_t blob[WIRE_ID];
};
WIRE_DECLARE(porter_discard);

struct wire_ring_pool { /* with the memory */
	uint32_t segments;
	uint32_t segment_size; /* WIRE_SEGMENT */
};
WIRE_DECLARE(ring_pool);

struct wire_ring_fill {
	uint64_t transfer;
	uint64_t offset; /* in the file; the whole range must be inside the transfer's */
	uint32_t segment;
	uint32_t length; /* 1 .. WIRE_SEGMENT */
};
WIRE_DECLARE(ring_fill);

struct wire_ring_filled {
	uint64_t transfer;
	uint32_t segment;
	enum err result; /* not OK: the segment holds nothing */
};
WIRE_DECLARE(ring_filled);

struct wire_ring_close {
	uint64_t transfer;
};
WIRE_DECLARE(ring_close);

#endif
