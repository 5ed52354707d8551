/* SPDX-License-Identifier: Apache-2.0 */
/* porter.h - what the edge asks of a porter. PORTER_DISCARDED has an empty body. */
#ifndef SCHEMA_WIRE_PORTER_H
#define SCHEMA_WIRE_PORTER_H

#include "schema/wire/codec.h"

/* What git keeps of a file: its bytes, or a pointer to their SHA-256. */
enum wire_content { WIRE_CONTENT_REGULAR, WIRE_CONTENT_LARGE, WIRE_CONTENT_COUNT };

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

struct wire_porter_open { /* with the write end of a pipe */
	uint64_t handle;
	uint8_t blob[WIRE_ID];
	uint64_t plain_size;
	uint64_t offset;
	uint64_t length;
};
WIRE_DECLARE(porter_open);

struct wire_porter_opened {
	uint64_t bytes;
};
WIRE_DECLARE(porter_opened);

struct wire_porter_drop {
	uint64_t handle;
};
WIRE_DECLARE(porter_drop);

/* The sealed file as it lies in the store, for an export: no key is needed, none is given. */
struct wire_porter_copy { /* with the write end of a pipe */
	uint8_t blob[WIRE_ID];
};
WIRE_DECLARE(porter_copy);

struct wire_porter_copied {
	uint64_t bytes;
};
WIRE_DECLARE(porter_copied);

struct wire_porter_discard {
	uint8_t blob[WIRE_ID];
};
WIRE_DECLARE(porter_discard);

#endif
