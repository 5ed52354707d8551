/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/porter.h"

static void visit_porter_seal(struct codec *c, struct wire_porter_seal *m)
{
	uint8_t content = (uint8_t)m->content;

	codec_u64(c, &m->handle);
	codec_array(c, m->blob, sizeof m->blob);
	codec_u64(c, &m->size);
	codec_below(c, &content, WIRE_CONTENT_COUNT);
	m->content = (enum wire_content)content;
}
WIRE_DEFINE(porter_seal)

static void visit_porter_sealed(struct codec *c, struct wire_porter_sealed *m)
{
	codec_u64(c, &m->size);
	codec_array(c, m->sha256, sizeof m->sha256);
	codec_array(c, m->git_sha1, sizeof m->git_sha1);
	codec_bool(c, &m->is_pickle);
}
WIRE_DEFINE(porter_sealed)

static void visit_porter_join(struct codec *c, struct wire_porter_join *m)
{
	codec_u64(c, &m->handle);
	codec_array(c, m->blob, sizeof m->blob);
	codec_u64(c, &m->size);
	codec_u64(c, &m->part_size);
	codec_count(c, &m->count, WIRE_MAX_PARTS);
	for (unsigned i = 0; i < m->count; i++)
		codec_array(c, m->parts[i], WIRE_ID);
}
WIRE_DEFINE(porter_join)

static void visit_porter_open(struct codec *c, struct wire_porter_open *m)
{
	codec_u64(c, &m->handle);
	codec_array(c, m->blob, sizeof m->blob);
	codec_u64(c, &m->plain_size);
	codec_u64(c, &m->offset);
	codec_u64(c, &m->length);
}
WIRE_DEFINE(porter_open)

static void visit_porter_opened(struct codec *c, struct wire_porter_opened *m)
{
	codec_u64(c, &m->transfer);
	codec_u64(c, &m->size);
}
WIRE_DEFINE(porter_opened)

static void visit_porter_drop(struct codec *c, struct wire_porter_drop *m)
{
	codec_u64(c, &m->handle);
}
WIRE_DEFINE(porter_drop)

static void visit_porter_discard(struct codec *c, struct wire_porter_discard *m)
{
	codec_array(c, m->blob, sizeof m->blob);
}
WIRE_DEFINE(porter_discard)

static void visit_porter_copy(struct codec *c, struct wire_porter_copy *m)
{
	codec_array(c, m->blob, sizeof m->blob);
}
WIRE_DEFINE(porter_copy)

static void visit_porter_copied(struct codec *c, struct wire_porter_copied *m)
{
	codec_u64(c, &m->transfer);
	codec_u64(c, &m->size);
}
WIRE_DEFINE(porter_copied)

static void visit_ring_pool(struct codec *c, struct wire_ring_pool *m)
{
	codec_u32(c, &m->segments);
	codec_u32(c, &m->segment_size);
}
WIRE_DEFINE(ring_pool)

static void visit_ring_fill(struct codec *c, struct wire_ring_fill *m)
{
	codec_u64(c, &m->transfer);
	codec_u64(c, &m->offset);
	codec_u32(c, &m->segment);
	codec_u32(c, &m->length);
}
WIRE_DEFINE(ring_fill)

static void visit_ring_filled(struct codec *c, struct wire_ring_filled *m)
{
	uint8_t result = (uint8_t)m->result;

	codec_u64(c, &m->transfer);
	codec_u32(c, &m->segment);
	codec_below(c, &result, ERR_INTERNAL + 1);
	m->result = (enum err)result;
}
WIRE_DEFINE(ring_filled)

static void visit_ring_close(struct codec *c, struct wire_ring_close *m)
{
	codec_u64(c, &m->transfer);
}
WIRE_DEFINE(ring_close)
