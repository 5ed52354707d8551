/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/log_tiles.h"

#include "crypto/base/file.h"

/* A partial tile may have been replaced by a wider one since. */
enum err log_tiles_fetch(void *context, struct digest *out, struct tile tile)
{
	const int *directory = context;
	AUTO(buf_free) struct buf bytes = buf_new(TILE_BYTES);
	char path[TILE_PATH];
	enum err result;

	tile_path(path, tile);
	result = file_read(&bytes, *directory, path);
	if (result == ERR_NOT_FOUND && tile.width < TILE_WIDTH) {
		struct tile full = tile;

		full.width = TILE_WIDTH;
		tile_path(path, full);
		result = file_read(&bytes, *directory, path);
	}
	TRY(result);
	if (bytes.size < tile.width * (size_t)DIGEST_SIZE)
		return failure(ERR_FORMAT, "log: file %s is too short", path);
	memcpy(out, bytes.data, tile.width * (size_t)DIGEST_SIZE);
	return OK;
}

enum err log_checkpoint_read(struct buf *note, struct checkpoint *out, int directory)
{
	struct slice text;

	TRY(file_read(note, directory, "checkpoint"));
	TRY(note_text(&text, buf_slice(note)));
	return checkpoint_parse(out, text);
}
