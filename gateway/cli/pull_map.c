/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull_map.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/reader.h"

#define PULL_MAP_MARK S("sallyport-pull/1")

void pull_map_init(struct pull_map *out, const struct digest *content, uint64_t size)
{
	uint64_t whole = size / PULL_MAP_PIECES / PULL_MAP_PIECE;

	*out = (struct pull_map){
		.content = *content, .size = size, .piece = (whole + 1) * PULL_MAP_PIECE};
	out->count = (size_t)(size / out->piece + (size % out->piece != 0));
	out->done = calloc(out->count + 1, sizeof *out->done);
	assert(out->done);
}

void pull_map_clear(struct pull_map *m)
{
	free(m->done);
	*m = (struct pull_map){.done = NULL};
}

void pull_map_reset(struct pull_map *m)
{
	memset(m->done, 0, m->count * sizeof *m->done);
}

uint64_t pull_map_begin(const struct pull_map *m, size_t index)
{
	return index * m->piece;
}

uint64_t pull_map_length(const struct pull_map *m, size_t index)
{
	uint64_t left = m->size - pull_map_begin(m, index);

	return left < m->piece ? left : m->piece;
}

bool pull_map_is_done(const struct pull_map *m, size_t index)
{
	return m->done[index] == pull_map_length(m, index);
}

uint64_t pull_map_missing(const struct pull_map *m)
{
	uint64_t missing = m->size;

	for (size_t i = 0; i < m->count; i++)
		missing -= m->done[i];
	return missing;
}

uint64_t pull_map_cell(size_t index)
{
	return PULL_MAP_HEAD + 8 * (uint64_t)index;
}

void pull_map_write(struct buf *out, const struct pull_map *m)
{
	buf_write(out, PULL_MAP_MARK);
	buf_write(out, digest_slice(&m->content));
	buf_write_u64(out, m->size);
	buf_write_u64(out, m->piece);
	for (size_t i = 0; i < m->count; i++)
		buf_write_u64(out, m->done[i]);
}

static enum err read_head(struct reader *r, const struct pull_map *m)
{
	struct slice mark = read_bytes(r, PULL_MAP_MARK.size);
	struct slice content = read_bytes(r, DIGEST_SIZE);
	uint64_t size = read_u64(r), piece = read_u64(r);

	if (r->failed || !slice_equal(mark, PULL_MAP_MARK))
		return failure(ERR_FORMAT, "the map of a part is none");
	if (!slice_equal(content, digest_slice(&m->content)) || size != m->size ||
	    piece != m->piece)
		return failure(ERR_CONFLICT, "the map of a part is of another content");
	return OK;
}

enum err pull_map_read(struct pull_map *m, struct slice text)
{
	struct reader r = reader_of(text), cells;

	TRY(read_head(&r, m));
	cells = r;
	for (size_t i = 0; i < m->count; i++)
		if (read_u64(&cells) > pull_map_length(m, i))
			return failure(ERR_FORMAT, "the map of a part says more than there is");
	TRY(reader_done(&cells));
	for (size_t i = 0; i < m->count; i++)
		m->done[i] = read_u64(&r);
	return OK;
}
