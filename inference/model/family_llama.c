/* SPDX-License-Identifier: Apache-2.0 */
/* LLaMA 1 to 3, and those that follow it closely: Mistral (a window), Qwen2 (biases of q, k and v)
 * and Qwen3 (norms of q and k). */
#include "inference/model/family.h"
#include "inference/model/model.h"

/* clang-format off */
#define ROTARY_KEYS \
	FAMILY_COMMON_KEYS, \
	{"hidden_act",              FAMILY_KEY_TEXT, 0, 0, "silu"}, \
	{"hidden_size",             FAMILY_KEY_SIZE, FAMILY_MEMBER(hidden_size), CONFIG_MAX_WIDTH, NULL}, \
	{"intermediate_size",       FAMILY_KEY_SIZE, FAMILY_MEMBER(intermediate_size), CONFIG_MAX_WIDTH, NULL}, \
	{"num_hidden_layers",       FAMILY_KEY_SIZE, FAMILY_MEMBER(layers), CONFIG_MAX_LAYERS, NULL}, \
	{"num_attention_heads",     FAMILY_KEY_SIZE, FAMILY_MEMBER(heads), CONFIG_MAX_HEADS, NULL}, \
	{"num_key_value_heads",     FAMILY_KEY_SIZE, FAMILY_MEMBER(kv_heads), CONFIG_MAX_HEADS, NULL}, \
	{"head_dim",                FAMILY_KEY_SIZE, FAMILY_MEMBER(head_size), CONFIG_MAX_WIDTH, NULL}, \
	{"max_position_embeddings", FAMILY_KEY_SIZE, FAMILY_MEMBER(context), CONFIG_MAX_CONTEXT, NULL}, \
	{"rms_norm_eps",            FAMILY_KEY_REAL, FAMILY_MEMBER(norm_epsilon), 0, NULL}, \
	{"rope_theta",              FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"rope_scaling",            FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"rope_parameters",         FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"layer_types",             FAMILY_KEY_SPECIAL, 0, 0, NULL}

/* A window on some layers: Qwen's, which may be switched off. */
#define SWITCHED_WINDOW_KEYS \
	{"sliding_window",          FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"use_sliding_window",      FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"max_window_layers",       FAMILY_KEY_SPECIAL, 0, 0, NULL}

static const struct family_key llama_keys[] = {
	ROTARY_KEYS,
	{"attention_bias",          FAMILY_KEY_BOOL, FAMILY_MEMBER(attention_bias), 0, NULL},
	{"mlp_bias",                FAMILY_KEY_BOOL, FAMILY_MEMBER(mlp_bias), 0, NULL},
};

static const struct family_key mistral_keys[] = {
	ROTARY_KEYS,
	{"sliding_window",          FAMILY_KEY_SPECIAL, 0, 0, NULL},
};

static const struct family_key qwen2_keys[] = {ROTARY_KEYS, SWITCHED_WINDOW_KEYS};

static const struct family_key qwen3_keys[] = {
	ROTARY_KEYS, SWITCHED_WINDOW_KEYS,
	{"attention_bias",          FAMILY_KEY_BOOL, FAMILY_MEMBER(attention_bias), 0, NULL},
};

static const char *const required[] = {
	"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
	"vocab_size", "max_position_embeddings", NULL,
};

#define OUTER(member) offsetof(struct model, member)
static const struct family_slot outer_slots[] = {
	{"model.embed_tokens.weight", OUTER(embedding),           FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"model.norm.weight",         OUTER(decoder.norm.weight), FAMILY_HIDDEN,     FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN},
	{"lm_head.weight",            OUTER(head.weight),         FAMILY_VOCABULARY, FAMILY_HIDDEN, FAMILY_IF_UNTIED, FAMILY_PLAIN},
	{"rope_freqs.weight",         OUTER(rope_factors),        FAMILY_FREQUENCIES, FAMILY_NONE,  FAMILY_IF_FACTORS, FAMILY_PLAIN},
};

#define LAYER(member) offsetof(struct model_layer, member)
#define LAYER_MATRICES \
	{"input_layernorm.weight",          LAYER(attention_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"self_attn.q_proj.weight",         LAYER(q.weight),        FAMILY_HEADS,  FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"self_attn.k_proj.weight",         LAYER(k.weight),        FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"self_attn.v_proj.weight",         LAYER(v.weight),        FAMILY_KV,     FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"self_attn.o_proj.weight",         LAYER(o.weight),        FAMILY_HIDDEN, FAMILY_HEADS,  FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"post_attention_layernorm.weight", LAYER(mlp_norm.weight), FAMILY_HIDDEN, FAMILY_NONE,   FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"mlp.gate_proj.weight",            LAYER(gate.weight),     FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"mlp.up_proj.weight",              LAYER(up.weight),       FAMILY_MLP,    FAMILY_HIDDEN, FAMILY_ALWAYS, FAMILY_PLAIN}, \
	{"mlp.down_proj.weight",            LAYER(down.weight),     FAMILY_HIDDEN, FAMILY_MLP,    FAMILY_ALWAYS, FAMILY_PLAIN}

#define QKV_BIASES(when) \
	{"self_attn.q_proj.bias",   LAYER(q.bias),    FAMILY_HEADS,  FAMILY_NONE, when, FAMILY_PLAIN}, \
	{"self_attn.k_proj.bias",   LAYER(k.bias),    FAMILY_KV,     FAMILY_NONE, when, FAMILY_PLAIN}, \
	{"self_attn.v_proj.bias",   LAYER(v.bias),    FAMILY_KV,     FAMILY_NONE, when, FAMILY_PLAIN}

static const struct family_slot llama_slots[] = {
	LAYER_MATRICES, QKV_BIASES(FAMILY_IF_ATTENTION_BIAS),
	{"self_attn.o_proj.bias",   LAYER(o.bias),    FAMILY_HIDDEN, FAMILY_NONE, FAMILY_IF_ATTENTION_BIAS, FAMILY_PLAIN},
	{"mlp.gate_proj.bias",      LAYER(gate.bias), FAMILY_MLP,    FAMILY_NONE, FAMILY_IF_MLP_BIAS, FAMILY_PLAIN},
	{"mlp.up_proj.bias",        LAYER(up.bias),   FAMILY_MLP,    FAMILY_NONE, FAMILY_IF_MLP_BIAS, FAMILY_PLAIN},
	{"mlp.down_proj.bias",      LAYER(down.bias), FAMILY_HIDDEN, FAMILY_NONE, FAMILY_IF_MLP_BIAS, FAMILY_PLAIN},
};

static const struct family_slot mistral_slots[] = {LAYER_MATRICES};

static const struct family_slot qwen2_slots[] = {LAYER_MATRICES, QKV_BIASES(FAMILY_ALWAYS)};

static const struct family_slot qwen3_slots[] = {
	LAYER_MATRICES, QKV_BIASES(FAMILY_IF_ATTENTION_BIAS),
	{"self_attn.o_proj.bias",   LAYER(o.bias),        FAMILY_HIDDEN,    FAMILY_NONE, FAMILY_IF_ATTENTION_BIAS, FAMILY_PLAIN},
	{"self_attn.q_norm.weight", LAYER(q_norm.weight), FAMILY_HEAD_SIZE, FAMILY_NONE, FAMILY_ALWAYS, FAMILY_PLAIN},
	{"self_attn.k_norm.weight", LAYER(k_norm.weight), FAMILY_HEAD_SIZE, FAMILY_NONE, FAMILY_ALWAYS, FAMILY_PLAIN},
};
/* clang-format on */

static const char *const needless[] = {".rotary_emb.inv_freq", NULL};

#define DEFAULTS \
	.gated = true, .norm_epsilon = 1e-6f, .rope_theta = 10000.0, .head = CONFIG_HEAD_LANGUAGE

#define ROTARY(model_type, key_table, slot_table, ...) \
	{ \
		.name = (model_type), .norm = FAMILY_NORM_RMS, \
		.positions = FAMILY_POSITIONS_ROTARY, .keys = (key_table), \
		.key_count = FAMILY_ROWS(key_table), .required = required, \
		.defaults = {__VA_ARGS__}, .base = "model.", \
		.outer = {"", outer_slots, FAMILY_ROWS(outer_slots)}, \
		.decoder = {"model.layers.%u.", slot_table, FAMILY_ROWS(slot_table)}, \
		.needless = needless, \
	}

const struct family family_llama = ROTARY("llama", llama_keys, llama_slots, DEFAULTS);
const struct family family_mistral = ROTARY("mistral", mistral_keys, mistral_slots, DEFAULTS);
const struct family family_qwen2 = ROTARY("qwen2", qwen2_keys, qwen2_slots, DEFAULTS);
const struct family family_qwen3 = ROTARY("qwen3", qwen3_keys, qwen3_slots, DEFAULTS,
					  .head_size = 128);
