/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/engine_look.h"

static void visit_range(struct codec *c, struct wire_look_range *m)
{
	codec_u32(c, &m->first);
	codec_u32(c, &m->end);
	codec_bool(c, &m->ends_text);
}

static void visit_ask(struct codec *c, struct wire_look_ask *m)
{
	uint8_t reduce = (uint8_t)m->reduce;

	codec_text(c, &m->at, WIRE_MAX_POINT);
	codec_count(c, &m->range_count, WIRE_MAX_LOOK_RANGES);
	for (unsigned i = 0; i < m->range_count; i++)
		visit_range(c, &m->ranges[i]);
	codec_count(c, &m->head_count, WIRE_MAX_LOOK_HEADS);
	for (unsigned i = 0; i < m->head_count; i++)
		codec_u16(c, &m->heads[i]);
	codec_below(c, &reduce, WIRE_REDUCE_COUNT);
	m->reduce = (enum wire_reduce)reduce;
	codec_u32(c, &m->top);
}

static void visit_engine_look(struct codec *c, struct wire_engine_look *m)
{
	codec_u64(c, &m->pass);
	codec_bool(c, &m->input.is_text);
	if (m->input.is_text)
		codec_text(c, &m->input.bytes, WIRE_MAX_LOOK_INPUT);
	else
		codec_block(c, &m->input.bytes, WIRE_MAX_LOOK_INPUT);
	codec_count(c, &m->reads, WIRE_MAX_LOOKS);
	codec_count(c, &m->count, WIRE_MAX_LOOKS);
	for (unsigned i = 0; i < m->count; i++)
		visit_ask(c, &m->asks[i]);
}
WIRE_DEFINE(engine_look)

static void visit_engine_seen(struct codec *c, struct wire_engine_seen *m)
{
	codec_block(c, &m->bytes, WIRE_MAX_VECTORS);
}
WIRE_DEFINE(engine_seen)

static void visit_tensor(struct codec *c, struct wire_look_tensor *m)
{
	codec_bool(c, &m->is_lens);
	codec_below(c, &m->dim_count, 4);
	for (unsigned i = 0; i < m->dim_count; i++)
		codec_u32(c, &m->dims[i]);
}

static void visit_engine_looked(struct codec *c, struct wire_engine_looked *m)
{
	codec_bool(c, &m->is_whole);
	codec_u32(c, &m->tokens);
	codec_count(c, &m->count, WIRE_MAX_LOOKS);
	for (unsigned i = 0; i < m->count; i++)
		visit_tensor(c, &m->tensors[i]);
}
WIRE_DEFINE(engine_looked)
