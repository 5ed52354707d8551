/* SPDX-License-Identifier: Apache-2.0 */
/* BLOOM (BigScience, 2022): no positions but a bias that falls with distance, a norm behind the
 * embedding, and q, k and v in one matrix, head by head. */
#include "inference/model/family.h"
#include "inference/model/model.h"

/* clang-format off */
static const struct family_key keys[] = {
	FAMILY_COMMON_KEYS,
	{"hidden_size",         FAMILY_KEY_SIZE, FAMILY_MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL},
	{"n_embed",             FAMILY_KEY_SIZE, FAMILY_MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL},
	{"n_inner",             FAMILY_KEY_SIZE, FAMILY_MEMBER(intermediate_size), CONFIG_MAX_WIDTH, NULL},
	{"n_layer",             FAMILY_KEY_SIZE, FAMILY_MEMBER(layers), CONFIG_MAX_LAYERS, NULL},
	{"num_hidden_layers",   FAMILY_KEY_SIZE, FAMILY_MEMBER(layers), CONFIG_MAX_LAYERS, NULL},
	{"n_head",              FAMILY_KEY_SIZE, FAMILY_MEMBER(heads), CONFIG_MAX_HEADS, NULL},
	{"num_attention_heads", FAMILY_KEY_SIZE, FAMILY_MEMBER(heads), CONFIG_MAX_HEADS, NULL},
	{"seq_length",          FAMILY_KEY_SIZE, FAMILY_MEMBER(context), CONFIG_MAX_CONTEXT, NULL},
	{"layer_norm_epsilon",  FAMILY_KEY_REAL, FAMILY_MEMBER(norm_epsilon), 0, NULL},
	/* How other programs compute the same. */
	{"attention_softmax_in_fp32", FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"bias_dropout_fusion", FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"masked_softmax_fusion", FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"offset_alibi",        FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"skip_bias_add",       FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"skip_bias_add_qkv",   FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"slow_but_exact",      FAMILY_KEY_IGNORED, 0, 0, NULL},
};

static const char *const required[] = {"vocab_size", NULL};

#define OUTER(member) offsetof(struct model, member)
static const struct family_slot outer_slots[] = {
	{"transformer.word_embeddings.weight",           OUTER(embedding),             FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.word_embeddings_layernorm.weight", OUTER(embedding_norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.word_embeddings_layernorm.bias",   OUTER(embedding_norm.bias),   FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.ln_f.weight",                      OUTER(decoder.norm.weight),   FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.ln_f.bias",                        OUTER(decoder.norm.bias),     FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"lm_head.weight",                               OUTER(head.weight),           FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_IF_UNTIED, FAMILY_PLAIN},
};

#define LAYER(member) offsetof(struct model_layer, member)
static const struct family_slot layer_slots[] = {
	{"input_layernorm.weight",                LAYER(attention_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"input_layernorm.bias",                  LAYER(attention_norm.bias),   FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"self_attention.query_key_value.weight", LAYER(q.weight),              FAMILY_QKV,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_INTERLEAVED},
	{"self_attention.query_key_value.bias",   LAYER(q.bias),                FAMILY_QKV,    FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_INTERLEAVED},
	{"self_attention.dense.weight",           LAYER(o.weight),              FAMILY_HIDDEN, FAMILY_HEADS,  FAMILY_ALWAYS, FAMILY_PLAIN},
	{"self_attention.dense.bias",             LAYER(o.bias),                FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"post_attention_layernorm.weight",       LAYER(mlp_norm.weight),       FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"post_attention_layernorm.bias",         LAYER(mlp_norm.bias),         FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"mlp.dense_h_to_4h.weight",              LAYER(up.weight),             FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"mlp.dense_h_to_4h.bias",                LAYER(up.bias),               FAMILY_MLP,    FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"mlp.dense_4h_to_h.weight",              LAYER(down.weight),           FAMILY_HIDDEN, FAMILY_MLP,    FAMILY_ALWAYS, FAMILY_PLAIN},
	{"mlp.dense_4h_to_h.bias",                LAYER(down.bias),             FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
};
/* clang-format on */

static const char *const needless[] = {NULL};

const struct family family_bloom = {
	.name = "bloom",
	.norm = FAMILY_NORM_LAYER,
	.positions = FAMILY_POSITIONS_SLOPES,
	.keys = keys,
	.key_count = FAMILY_ROWS(keys),
	.required = required,
	.defaults = {.context = 2048, /* the one that the released models were trained with */
		     .norm_epsilon = 1e-5f,
		     .activation = CONFIG_GELU_TANH,
		     .tied = true,
		     .head = CONFIG_HEAD_LANGUAGE},
	.base = "transformer.",
	.outer = {"", outer_slots, FAMILY_ROWS(outer_slots)},
	.decoder = {"transformer.h.%u.", layer_slots, FAMILY_ROWS(layer_slots)},
	.needless = needless,
};
