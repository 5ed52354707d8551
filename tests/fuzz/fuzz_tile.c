/* SPDX-License-Identifier: Apache-2.0 */
/* Entry bundles and names of tiles. The first byte is the count of entries. */
#include <assert.h>

#include "crypto/tile.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf again = buf_new(1 << 20);
	struct slice bytes = slice_part(slice_of(data, size), 1, size);
	struct slice entries[TILE_WIDTH];
	char path[TILE_PATH];
	struct tile tile;

	if (tile_path_parse(&tile, bytes) == OK) {
		tile_path(path, tile);
		assert(slice_equal(bytes, slice_of_string(path)));
	}
	if (size == 0 || size > 1 << 20 || tile_bundle_split(entries, data[0], bytes) != OK)
		return 0;
	for (size_t i = 0; i < data[0]; i++)
		assert(tile_bundle_add(&again, entries[i]) == OK);
	assert(slice_equal(buf_slice(&again), bytes));
	return 0;
}
