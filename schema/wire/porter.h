/* SPDX-License-Identifier: Apache-2.0 */
/* porter.h - what the edge asks of a porter. PORTER_DISCARDED has an empty body. */
#ifndef SCHEMA_WIRE_PORTER_H
#define SCHEMA_WIRE_PORTER_H

#include "schema/wire/codec.h"

struct wire_porter_seal { /* with the read end of a pipe */
	uint64_t handle;
	uint8_t blob[WIRE_ID];
	uint64_t size; /* of the plaintext that will come: fewer or more is an error */
};
WIRE_DECLARE(porter_seal);

struct wire_porter_sealed {
	uint64_t size;
	uint8_t sha256[WIRE_DIGEST];
	uint8_t git_sha1[20]; /* of "blob <size>\0" and the plaintext */
};
WIRE_DECLARE(porter_sealed);

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

struct wire_porter_discard {
	uint8_t blob[WIRE_ID];
};
WIRE_DECLARE(porter_discard);

#endif
