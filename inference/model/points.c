/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/points.h"

#include "crypto/base/buf.h"

/* Which models have it. */
enum having { HAS_ANY, HAS_ROTARY, HAS_NORM_AFTER };

struct name {
	const char *text;
	enum point_kind kind;
	enum forward_point tap;
	enum having having;
};

static const struct name names[] = {
	{"hook_resid_pre", POINT_TAP, FORWARD_RESID_PRE, HAS_ANY},
	{"attn.hook_q", POINT_TAP, FORWARD_Q, HAS_ANY},
	{"attn.hook_k", POINT_TAP, FORWARD_K, HAS_ANY},
	{"attn.hook_v", POINT_TAP, FORWARD_V, HAS_ANY},
	{"attn.hook_rot_q", POINT_TAP, FORWARD_ROT_Q, HAS_ROTARY},
	{"attn.hook_rot_k", POINT_TAP, FORWARD_ROT_K, HAS_ROTARY},
	{"attn.hook_pattern", POINT_PATTERN, FORWARD_Z, HAS_ANY},
	{"attn.hook_z", POINT_TAP, FORWARD_Z, HAS_ANY},
	{"hook_attn_out", POINT_TAP, FORWARD_ATTN_OUT, HAS_ANY},
	{"hook_resid_mid", POINT_TAP, FORWARD_RESID_MID, HAS_ANY},
	{"hook_mlp_out", POINT_TAP, FORWARD_MLP_OUT, HAS_ANY},
	{"hook_resid_post", POINT_TAP, FORWARD_RESID_POST, HAS_ANY},
	{"hook_normalized_resid_post", POINT_TAP, FORWARD_NORMALIZED_POST, HAS_NORM_AFTER},
};

/* Of a model that has both stacks, the encoder is what is read. */
static const char *blocks_of(const struct config *c)
{
	return c->layers && c->encoder_layers ? "encoder." : "blocks.";
}

/* NULL: no norm stands behind all layers. */
static const char *final_of(const struct config *c)
{
	if (c->family->norm_after)
		return NULL;
	return c->encoder_layers ? "encoder_final_ln.hook_normalized" : "ln_final.hook_normalized";
}

static unsigned layers_of(const struct config *c)
{
	return c->encoder_layers ? c->encoder_layers : c->layers;
}

static bool is_had(const struct config *c, enum having having)
{
	switch (having) {
	case HAS_ROTARY:
		return c->family->positions == FAMILY_POSITIONS_ROTARY;
	case HAS_NORM_AFTER:
		return c->family->norm_after;
	case HAS_ANY:
		break;
	}
	return true;
}

static enum err refuse(const struct config *c, struct slice name)
{
	AUTO(buf_free) struct buf list = buf_new(FAILURE_MAX_TEXT);
	const char *final = final_of(c);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_had(c, names[i].having))
			buf_printf(&list, "%s%s", list.size ? ", " : "", names[i].text);
	return failure(ERR_FORMAT,
		       "no \"%.*s\" in this model; it has hook_embed, %s%sand for L of 0 to %u "
		       "%sL with .%s",
		       SLICE_PRINT(slice_part(name, 0, POINT_MAX_NAME)), final ? final : "",
		       final ? ", " : "", layers_of(c) - 1, blocks_of(c), buf_string(&list));
}

/* "12." at the beginning of *name, which goes on behind it; no leading zeros. */
static bool read_layer(unsigned *out, struct slice *name)
{
	size_t end = slice_find(*name, '.');

	*out = 0;
	if (end == 0 || end > 3 || end >= name->size || (end > 1 && name->data[0] == '0'))
		return false;
	for (size_t i = 0; i < end; i++) {
		if (name->data[i] < '0' || name->data[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(name->data[i] - '0');
	}
	*name = slice_part(*name, end + 1, name->size);
	return true;
}

static bool find_outer(struct point *out, const struct config *c, struct slice name)
{
	const char *final = final_of(c);

	*out = (struct point){.kind = POINT_TAP, .tap = FORWARD_EMBED, .width = c->hidden_size};
	if (slice_equal(name, S("hook_embed")))
		return true;
	if (!final || !slice_equal(name, slice_of_string(final)))
		return false;
	out->kind = POINT_FINAL;
	out->tap = FORWARD_RESID_POST;
	out->layer = layers_of(c) - 1;
	return true;
}

static void measure(struct point *p, const struct config *c)
{
	p->width = c->hidden_size;
	if (p->kind == POINT_PATTERN) {
		p->heads = c->heads;
		p->width = 0;
		return;
	}
	if (p->tap == FORWARD_Q || p->tap == FORWARD_ROT_Q || p->tap == FORWARD_Z)
		p->heads = c->heads;
	if (p->tap == FORWARD_K || p->tap == FORWARD_ROT_K || p->tap == FORWARD_V)
		p->heads = c->kv_heads;
	if (p->heads)
		p->width = c->head_size;
}

enum err point_parse(struct point *out, const struct config *c, struct slice name)
{
	struct slice blocks = slice_of_string(blocks_of(c)), rest;
	unsigned layer;

	if (find_outer(out, c, name))
		return OK;
	rest = slice_part(name, blocks.size, name.size);
	if (!slice_equal(slice_part(name, 0, blocks.size), blocks) || !read_layer(&layer, &rest) ||
	    layer >= layers_of(c))
		return refuse(c, name);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct name *n = &names[i];

		if (!is_had(c, n->having) || !slice_equal(rest, slice_of_string(n->text)))
			continue;
		*out = (struct point){.kind = n->kind, .tap = n->tap, .layer = layer};
		measure(out, c);
		return OK;
	}
	return refuse(c, name);
}

bool point_has_lens(const struct point *p, const struct config *c)
{
	if (p->kind != POINT_TAP || (c->layers && c->encoder_layers))
		return false;
	if (c->head == CONFIG_HEAD_MASKED)
		return p->tap == FORWARD_RESID_PRE || p->tap == FORWARD_NORMALIZED_POST;
	return c->head == CONFIG_HEAD_LANGUAGE &&
	       (p->tap == FORWARD_RESID_PRE || p->tap == FORWARD_RESID_MID ||
		p->tap == FORWARD_RESID_POST);
}
