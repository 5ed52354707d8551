/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/engine_read.h"

static void visit_engine_checked(struct codec *c, struct wire_engine_checked *m)
{
	codec_text(c, &m->tasks, WIRE_MAX_TASKS);
}
WIRE_DEFINE(engine_checked)

static void visit_input(struct codec *c, struct wire_input *m)
{
	codec_bool(c, &m->is_text);
	if (m->is_text)
		codec_text(c, &m->bytes, WIRE_MAX_PROMPT);
	else
		codec_block(c, &m->bytes, WIRE_MAX_PROMPT);
}

static void visit_engine_embed(struct codec *c, struct wire_engine_embed *m)
{
	uint8_t length = (uint8_t)m->length;

	codec_u64(c, &m->pass);
	codec_bool(c, &m->truncates);
	codec_u32(c, &m->truncate);
	codec_u32(c, &m->dimensions);
	codec_below(c, &length, WIRE_LENGTH_COUNT);
	m->length = (enum wire_length)length;
	codec_u32(c, &m->first);
	codec_count(c, &m->count, WIRE_MAX_INPUTS);
	for (unsigned i = 0; i < m->count; i++)
		visit_input(c, &m->inputs[i]);
}
WIRE_DEFINE(engine_embed)

static void visit_engine_vectors(struct codec *c, struct wire_engine_vectors *m)
{
	codec_block(c, &m->values, WIRE_MAX_VECTORS);
}
WIRE_DEFINE(engine_vectors)

static void visit_engine_embedded(struct codec *c, struct wire_engine_embedded *m)
{
	codec_bool(c, &m->is_whole);
	codec_u32(c, &m->width);
	codec_u32(c, &m->tokens);
}
WIRE_DEFINE(engine_embedded)
