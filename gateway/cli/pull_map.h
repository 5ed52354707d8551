/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_map.h - how far each piece of a file is that several connections fetch at a time. It stands
 * beside the part as a small file, whose cells are overwritten as bytes come: whatever ends the
 * process, the next run asks for what is missing and for no more. Pure. A map that is damaged, or
 * of another content, counts as none: then the file begins anew, and its SHA-256 is checked in the
 * end whatever the map said.
 *
 *     "sallyport-pull/1"  content id 32  size u64  piece size u64  { bytes done u64 } x count
 */
#ifndef GATEWAY_CLI_PULL_MAP_H
#define GATEWAY_CLI_PULL_MAP_H

#include "crypto/base/buf.h"
#include "crypto/digest.h"

enum {
	PULL_MAP_PIECE = 64 * 1024 * 1024, /* large enough that a request for it costs nothing */
	PULL_MAP_PIECES = 4096,            /* of a file; larger ones have larger pieces */
	PULL_MAP_HEAD = 16 + DIGEST_SIZE + 8 + 8,
	PULL_MAP_MAX = PULL_MAP_HEAD + 8 * (PULL_MAP_PIECES + 1),
};

struct pull_map {
	struct digest content;
	uint64_t size;  /* of the file */
	uint64_t piece; /* bytes of each but the last */
	size_t count;   /* 0 for an empty file */
	uint64_t *done; /* of each, from its beginning */
};

/* Nothing is done yet. */
void pull_map_init(struct pull_map *out, const struct digest *content, uint64_t size);
void pull_map_clear(struct pull_map *m);
void pull_map_reset(struct pull_map *m); /* nothing is done, once more */

uint64_t pull_map_begin(const struct pull_map *m, size_t index); /* of the piece, in the file */
uint64_t pull_map_length(const struct pull_map *m, size_t index);
bool pull_map_is_done(const struct pull_map *m, size_t index);
uint64_t pull_map_missing(const struct pull_map *m); /* bytes */
uint64_t pull_map_cell(size_t index);                /* where its u64 stands in the small file */

void pull_map_write(struct buf *out, const struct pull_map *m);

/* Into a map that was made for this content. ERR_FORMAT, ERR_CONFLICT (another content, or other
 * pieces); the map is then as it was. */
RESULT pull_map_read(struct pull_map *m, struct slice text);

#endif
