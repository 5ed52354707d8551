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

enum err charsmap_new_bytes(struct charsmap **out, struct slice bytes)
{
	AUTO(charsmap_auto) struct charsmap *m = calloc(1, sizeof *m);
	size_t size;

	assert(m);
	m->bytes = buf_new(CHARSMAP_MAX);
	buf_write(&m->bytes, bytes);
	TRY(buf_done(&m->bytes));
	size = m->bytes.size < 4 ? 0 : little_endian(m->bytes.data);
	if (size < 4 || size % 4 != 0 || size > m->bytes.size - 4)
		return failure(ERR_FORMAT, "\"precompiled_charsmap\" is cut short");
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

enum err charsmap_new(struct charsmap **out, struct slice base64)
{
	AUTO(buf_free) struct buf bytes = buf_new(CHARSMAP_MAX);

	TRY(text_read_base64(&bytes, base64, TEXT_BASE64));
	return charsmap_new_bytes(out, buf_slice(&bytes));
}

static uint32_t offset_of(uint32_t unit)
{
	return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/* A way down the trie. */
struct descent {
	const struct charsmap *map;
	uint32_t at;
};

static struct descent descend(const struct charsmap *m)
{
	return (struct descent){m, offset_of(m->units[0])};
}

/* One byte further; false where the trie ends. `*out`: the replacement of what was walked so far,
 * data NULL if it has none. */
static bool step(struct descent *d, uint8_t byte, struct slice *out)
{
	const struct charsmap *m = d->map;
	uint32_t unit;

	*out = (struct slice){0};
	d->at ^= byte;
	if (byte == 0 || d->at >= m->unit_count)
		return false;
	unit = m->units[d->at];
	if ((unit & (1u << 31 | 0xff)) != byte)
		return false;
	d->at ^= offset_of(unit);
	if (d->at >= m->unit_count)
		return false;
	if (unit >> 8 & 1) {
		uint32_t start = m->units[d->at] & 0x7fffffff;

		*out = slice_part(m->texts, start, m->texts.size);
		out->size = slice_find(*out, 0);
		if (!out->data)
			*out = S("");
	}
	return true;
}

/* The replacement of the shortest prefix of `text` that the table knows. */
static bool find(const struct charsmap *m, struct slice text, struct slice *out)
{
	struct descent d = descend(m);

	for (size_t i = 0; i < text.size && step(&d, text.data[i], out); i++)
		if (out->data)
			return true;
	return false;
}

bool charsmap_longest(const struct charsmap *m, struct slice text, size_t *size, struct slice *out)
{
	struct descent d = descend(m);
	struct slice found;

	*size = 0;
	for (size_t i = 0; i < text.size && step(&d, text.data[i], &found); i++)
		if (found.data && (i + 1 == text.size || (text.data[i + 1] & 0xc0) != 0x80)) {
			*size = i + 1;
			*out = found;
		}
	return *size > 0;
}

static enum err write_found(struct buf *out, struct slice found)
{
	if (!slice_is_utf8(found))
		return failure(ERR_FORMAT, "\"precompiled_charsmap\" has a text that is not UTF-8");
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
