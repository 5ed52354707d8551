/* SPDX-License-Identifier: Apache-2.0 */
/* log_tiles.h - the log's files, as the edge reads them. */
#ifndef GATEWAY_API_LOG_TILES_H
#define GATEWAY_API_LOG_TILES_H

#include "crypto/note.h"
#include "crypto/tile.h"

/* A tile_fetch_fn: a tile from its file; `context` is the int of the directory log/. */
RESULT log_tiles_fetch(void *context, struct digest *out, struct tile tile);

/* The newest published checkpoint, whole, and what it says (borrowed from *note). */
RESULT log_checkpoint_read(struct buf *note, struct checkpoint *out, int directory);

#endif
