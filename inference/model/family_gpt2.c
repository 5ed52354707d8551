/* SPDX-License-Identifier: Apache-2.0 */
/* GPT-2 (Radford et al., 2019). Its matrices lie transposed in the file, q, k and v in one. */
#include "inference/model/family.h"
#include "inference/model/model.h"

/* clang-format off */
static const struct family_key keys[] = {
	FAMILY_COMMON_KEYS,
	{"n_embd",              FAMILY_KEY_SIZE, FAMILY_MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL},
	{"n_inner",             FAMILY_KEY_SIZE, FAMILY_MEMBER(intermediate_size), CONFIG_MAX_WIDTH, NULL},
	{"n_layer",             FAMILY_KEY_SIZE, FAMILY_MEMBER(layers), CONFIG_MAX_LAYERS, NULL},
	{"n_head",              FAMILY_KEY_SIZE, FAMILY_MEMBER(heads), CONFIG_MAX_HEADS, NULL},
	{"n_positions",         FAMILY_KEY_SIZE, FAMILY_MEMBER(context), CONFIG_MAX_CONTEXT, NULL},
	{"layer_norm_epsilon",  FAMILY_KEY_REAL, FAMILY_MEMBER(norm_epsilon), 0, NULL},
	{"activation_function", FAMILY_KEY_ACTIVATION, FAMILY_MEMBER(activation), 0, NULL},
	{"scale_attn_weights",  FAMILY_KEY_NOT,  FAMILY_MEMBER(scores_unscaled), 0, NULL},
	{"scale_attn_by_inverse_layer_idx", FAMILY_KEY_BOOL, FAMILY_MEMBER(scores_by_layer), 0, NULL},
	{"reorder_and_upcast_attn", FAMILY_KEY_IGNORED, 0, 0, NULL}, /* we compute in F32 anyway */
	{"n_ctx",               FAMILY_KEY_IGNORED, 0, 0, NULL}, /* an older name of n_positions */
	{"summary_activation",  FAMILY_KEY_IGNORED, 0, 0, NULL}, /* of a head that we do not have */
	{"summary_first_dropout", FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"summary_proj_to_labels", FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"summary_type",        FAMILY_KEY_IGNORED, 0, 0, NULL},
	{"summary_use_proj",    FAMILY_KEY_IGNORED, 0, 0, NULL},
};

static const char *const required[] = {
	"n_embd", "n_layer", "n_head", "n_positions", "vocab_size", NULL,
};

#define OUTER(member) offsetof(struct model, member)
static const struct family_slot outer_slots[] = {
	{"transformer.wte.weight",  OUTER(embedding),           FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.wpe.weight",  OUTER(positions),           FAMILY_CONTEXT,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.ln_f.weight", OUTER(decoder.norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"transformer.ln_f.bias",   OUTER(decoder.norm.bias),   FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"lm_head.weight",          OUTER(head.weight),         FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_IF_UNTIED, FAMILY_PLAIN},
	{"score.weight",            OUTER(classifier.weight),   FAMILY_LABELS,     FAMILY_HIDDEN, FAMILY_IF_CLASSES, FAMILY_PLAIN},
};

#define LAYER(member) offsetof(struct model_layer, member)
static const struct family_slot layer_slots[] = {
	{"ln_1.weight",        LAYER(attention_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"ln_1.bias",          LAYER(attention_norm.bias),   FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attn.c_attn.weight", LAYER(q.weight),              FAMILY_QKV,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_TRANSPOSED},
	{"attn.c_attn.bias",   LAYER(q.bias),                FAMILY_QKV,    FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"attn.c_proj.weight", LAYER(o.weight),              FAMILY_HIDDEN, FAMILY_HEADS,  FAMILY_ALWAYS, FAMILY_TRANSPOSED},
	{"attn.c_proj.bias",   LAYER(o.bias),                FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"ln_2.weight",        LAYER(mlp_norm.weight),       FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"ln_2.bias",          LAYER(mlp_norm.bias),         FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"mlp.c_fc.weight",    LAYER(up.weight),             FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_TRANSPOSED},
	{"mlp.c_fc.bias",      LAYER(up.bias),               FAMILY_MLP,    FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"mlp.c_proj.weight",  LAYER(down.weight),           FAMILY_HIDDEN, FAMILY_MLP,    FAMILY_ALWAYS, FAMILY_TRANSPOSED},
	{"mlp.c_proj.bias",    LAYER(down.bias),             FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
};
/* clang-format on */

/* The mask of the past, which older files bring along. */
static const char *const needless[] = {".attn.bias", ".attn.masked_bias", NULL};

const struct family family_gpt2 = {
	.name = "gpt2",
	.norm = FAMILY_NORM_LAYER,
	.positions = FAMILY_POSITIONS_LEARNED,
	.keys = keys,
	.key_count = FAMILY_ROWS(keys),
	.required = required,
	.defaults = {.norm_epsilon = 1e-5f,
		     .activation = CONFIG_GELU_TANH,
		     .tied = true,
		     .head = CONFIG_HEAD_LANGUAGE},
	.base = "transformer.",
	.outer = {"", outer_slots, FAMILY_ROWS(outer_slots)},
	.decoder = {"transformer.h.%u.", layer_slots, FAMILY_ROWS(layer_slots)},
	.needless = needless,
};
