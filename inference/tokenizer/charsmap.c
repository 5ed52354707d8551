/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charsmap.c - layout: u32 (little endian) size of the trie, the trie's units of u32, then all
 * replacements, each ended by a zero. Replacement goes as in Hugging Face's spm_precompiled: a
 * whole grapheme cluster below six bytes, else its characters one by one; and of several prefixes
 * that the table knows, the shortest counts.
 */
#include "inference/tokenizer/charsmap.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "inference/tokenizer/unicode.h"

enum { CLUSTER_MAX = 6 };

struct charsmap {
	struct buf bytes;
	uint32_t *units;
	size_t unit_count;
	struct slice texts;
};

static uint32_t little_endian(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void charsmap_free(struct charsmap *m)
{
	if (!m)
		return;
	buf_free(&m->bytes);
	free(m->units);
	free(m);
}

enum err charsmap_new(struct charsmap **out, struct slice base64)
{
	AUTO(charsmap_auto) struct charsmap *m = calloc(1, sizeof *m);
	size_t size;

	assert(m);
	m->bytes = buf_new(CHARSMAP_MAX);
	TRY(text_read_base64(&m->bytes, base64, TEXT_BASE64));
	size = m->bytes.size < 4 ? 0 : little_endian(m->bytes.data);
	if (size < 4 || size % 4 != 0 || size > m->bytes.size - 4)
		return failure(ERR_FORMAT, "tokenizer.json: \"precompiled_charsmap\" is cut short");
	m->unit_count = size / 4;
	m->units = calloc(m->unit_count, sizeof *m->units);
	assert(m->units);
	for (size_t i = 0; i < m->unit_count; i++)
		m->units[i] = little_endian(m->bytes.data + 4 + 4 * i);
	m->texts = slice_of(m->bytes.data + 4 + size, m->bytes.size - 4 - size);
	*out = m;
	m = NULL; /* given away */
	return OK;
}

static uint32_t offset_of(uint32_t unit)
{
	return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/* The replacement of the shortest prefix of `text` that the table knows. */
static bool find(const struct charsmap *m, struct slice text, struct slice *out)
{
	uint32_t at = offset_of(m->units[0]);

	for (size_t i = 0; i < text.size && text.data[i] != 0; i++) {
		uint32_t unit;

		at ^= text.data[i];
		if (at >= m->unit_count)
			return false;
		unit = m->units[at];
		if ((unit & (1u << 31 | 0xff)) != text.data[i])
			return false;
		at ^= offset_of(unit);
		if (at >= m->unit_count)
			return false;
		if (unit >> 8 & 1) {
			uint32_t start = m->units[at] & 0x7fffffff;

			*out = slice_part(m->texts, start, m->texts.size);
			out->size = slice_find(*out, 0);
			return true;
		}
	}
	return false;
}

static enum err write_found(struct buf *out, struct slice found)
{
	if (!slice_is_utf8(found))
		return failure(
			ERR_FORMAT,
			"tokenizer.json: \"precompiled_charsmap\" has a text that is not UTF-8");
	buf_write(out, found);
	return OK;
}

enum err charsmap_run(const struct charsmap *m, struct buf *out, struct slice text)
{
	struct slice found;

	for (size_t at = 0; at < text.size;) {
		struct slice cluster = slice_of(text.data + at, text.size - at);

		cluster.size = unicode_grapheme(cluster);
		at += cluster.size;
		if (cluster.size < CLUSTER_MAX && find(m, cluster, &found)) {
			TRY(write_found(out, found));
			continue;
		}
		for (size_t i = 0; i < cluster.size;) {
			struct slice one = slice_part(cluster, i, unicode_size(cluster.data[i]));

			TRY(write_found(out, find(m, one, &found) ? found : one));
			i += one.size;
		}
	}
	return buf_done(out);
}
