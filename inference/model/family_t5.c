/* SPDX-License-Identifier: Apache-2.0 */
/* T5 (Raffel et al., 2020), 1.1 and Flan-T5: an encoder reads, a decoder writes. Scores are not
 * scaled; a bias for the bucket of a distance, learned once for a stack, tells positions. */
#include "inference/model/family.h"
#include "inference/model/model.h"

/* clang-format off */
static const struct family_key keys[] = {
	FAMILY_COMMON_KEYS,
	{"d_model",            FAMILY_KEY_SIZE, FAMILY_MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL},
	{"d_ff",               FAMILY_KEY_SIZE, FAMILY_MEMBER(intermediate_size), CONFIG_MAX_WIDTH, NULL},
	{"d_kv",               FAMILY_KEY_SIZE, FAMILY_MEMBER(head_size), CONFIG_MAX_WIDTH, NULL},
	{"num_layers",         FAMILY_KEY_SIZE, FAMILY_MEMBER(encoder_layers), CONFIG_MAX_LAYERS, NULL},
	{"num_decoder_layers", FAMILY_KEY_SIZE, FAMILY_MEMBER(layers), CONFIG_MAX_LAYERS, NULL},
	{"num_heads",          FAMILY_KEY_SIZE, FAMILY_MEMBER(heads), CONFIG_MAX_HEADS, NULL},
	{"n_positions",        FAMILY_KEY_SIZE, FAMILY_MEMBER(context), CONFIG_MAX_CONTEXT, NULL},
	{"layer_norm_epsilon", FAMILY_KEY_REAL, FAMILY_MEMBER(norm_epsilon), 0, NULL},
	{"relative_attention_num_buckets", FAMILY_KEY_SIZE, FAMILY_MEMBER(buckets), CONFIG_MAX_BUCKETS, NULL},
	{"relative_attention_max_distance", FAMILY_KEY_SIZE, FAMILY_MEMBER(bucket_distance), CONFIG_MAX_CONTEXT, NULL},
	{"feed_forward_proj",  FAMILY_KEY_SPECIAL, 0, 0, NULL},
	{"dense_act_fn",       FAMILY_KEY_IGNORED, 0, 0, NULL}, /* both follow from the one above */
	{"is_gated_act",       FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"decoder_start_token_id", FAMILY_KEY_SPECIAL, 0, 0, NULL},
	{"scale_decoder_outputs", FAMILY_KEY_SPECIAL, 0, 0, NULL},
	{"is_encoder_decoder", FAMILY_KEY_IGNORED, 0, 0, NULL}, /* it always is */
};

static const char *const required[] = {
	"d_model", "d_ff", "d_kv", "num_layers", "num_heads", "vocab_size", NULL,
};

#define OUTER(member) offsetof(struct model, member)
static const struct family_slot outer_slots[] = {
	{"shared.weight",                   OUTER(embedding),           FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"encoder.final_layer_norm.weight", OUTER(encoder.norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"decoder.final_layer_norm.weight", OUTER(decoder.norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", OUTER(encoder.distances), FAMILY_BUCKETS, FAMILY_HEAD_COUNT, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", OUTER(decoder.distances), FAMILY_BUCKETS, FAMILY_HEAD_COUNT, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"lm_head.weight",                  OUTER(head.weight),         FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_IF_UNTIED, FAMILY_PLAIN},
};

#define LAYER(member) offsetof(struct model_layer, member)
#define SELF_SLOTS \
	{"layer.0.layer_norm.weight",      LAYER(attention_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"layer.0.SelfAttention.q.weight", LAYER(q.weight),              FAMILY_HEADS,  FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"layer.0.SelfAttention.k.weight", LAYER(k.weight),              FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"layer.0.SelfAttention.v.weight", LAYER(v.weight),              FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"layer.0.SelfAttention.o.weight", LAYER(o.weight),              FAMILY_HIDDEN, FAMILY_HEADS,  FAMILY_ALWAYS, FAMILY_PLAIN}

#define MLP_SLOTS(layer) \
	{layer "layer_norm.weight",          LAYER(mlp_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{layer "DenseReluDense.wi.weight",   LAYER(up.weight),       FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_UNLESS_GATED, FAMILY_PLAIN}, \
	{layer "DenseReluDense.wi_0.weight", LAYER(gate.weight),     FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_IF_GATED, FAMILY_PLAIN}, \
	{layer "DenseReluDense.wi_1.weight", LAYER(up.weight),       FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_IF_GATED, FAMILY_PLAIN}, \
	{layer "DenseReluDense.wo.weight",   LAYER(down.weight),     FAMILY_HIDDEN, FAMILY_MLP,    FAMILY_ALWAYS, FAMILY_PLAIN}

static const struct family_slot encoder_slots[] = {SELF_SLOTS, MLP_SLOTS("layer.1.")};

static const struct family_slot decoder_slots[] = {
	SELF_SLOTS,
	{"layer.1.layer_norm.weight",        LAYER(cross_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"layer.1.EncDecAttention.q.weight", LAYER(cross_q.weight),    FAMILY_HEADS,  FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"layer.1.EncDecAttention.k.weight", LAYER(cross_k.weight),    FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"layer.1.EncDecAttention.v.weight", LAYER(cross_v.weight),    FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"layer.1.EncDecAttention.o.weight", LAYER(cross_o.weight),    FAMILY_HIDDEN, FAMILY_HEADS,  FAMILY_ALWAYS, FAMILY_PLAIN},
	MLP_SLOTS("layer.2."),
};
/* clang-format on */

/* Copies of the shared embedding, and a table of older files that was never used. */
static const char *const needless[] = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight",
				       ".EncDecAttention.relative_attention_bias.weight", NULL};

const struct family family_t5 = {
	.name = "t5",
	.norm = FAMILY_NORM_RMS,
	.positions = FAMILY_POSITIONS_BUCKETS,
	.keys = keys,
	.key_count = FAMILY_ROWS(keys),
	.required = required,
	.defaults = {.context = 512, /* of its training; distances go on beyond */
		     .norm_epsilon = 1e-6f,
		     .activation = CONFIG_RELU,
		     .tied = true,
		     .scores_unscaled = true,
		     .buckets = 32,
		     .bucket_distance = 128,
		     .head = CONFIG_HEAD_LANGUAGE},
	.base = "",
	.outer = {"", outer_slots, FAMILY_ROWS(outer_slots)},
	.encoder = {"encoder.block.%u.", encoder_slots, FAMILY_ROWS(encoder_slots)},
	.decoder = {"decoder.block.%u.", decoder_slots, FAMILY_ROWS(decoder_slots)},
	.needless = needless,
};
