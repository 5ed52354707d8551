/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are those of llama.cpp's converter (gguf-py's constants.py and tensor_mapping.py), and so
 * is what it does to a tensor: it stores matrices as [outputs][inputs], GPT-2's too; it sorts
 * BLOOM's q, k and v; and in "llama" files it puts the two values of a head that turn together side
 * by side.
 */
#include "inference/model/gguf_names.h"

#include <stdio.h>
#include <string.h>

#define KEY_SIZE(name, member, max) \
	{ \
		name, FAMILY_KEY_SIZE, FAMILY_MEMBER(member), max, NULL \
	}
#define KEY_EPSILON(name) \
	{ \
		name, FAMILY_KEY_REAL, FAMILY_MEMBER(norm_epsilon), 0, NULL \
	}
#define KEY_SPECIAL(name) \
	{ \
		name, FAMILY_KEY_SPECIAL, 0, 0, NULL \
	}
#define KEY_IGNORED(name) \
	{ \
		name, FAMILY_KEY_IGNORED, 0, 0, NULL \
	}

#define COMMON_KEYS(layers) \
	KEY_SIZE("context_length", context, CONFIG_MAX_CONTEXT), \
		KEY_SIZE("embedding_length", hidden_size, CONFIG_MAX_WIDTH), \
		KEY_SIZE("feed_forward_length", intermediate_size, CONFIG_MAX_WIDTH), \
		KEY_SIZE("block_count", layers, CONFIG_MAX_LAYERS), \
		KEY_SIZE("attention.head_count", heads, CONFIG_MAX_HEADS), \
		KEY_SIZE("attention.head_count_kv", kv_heads, CONFIG_MAX_HEADS), \
		KEY_SIZE("attention.key_length", head_size, CONFIG_MAX_WIDTH), \
		KEY_SPECIAL("attention.value_length"), KEY_SPECIAL("vocab_size"), \
		KEY_IGNORED("tensor_data_layout") /* which program wrote it */

static const struct family_key rotary_keys[] = {
	COMMON_KEYS(layers),
	KEY_EPSILON("attention.layer_norm_rms_epsilon"),
	KEY_SPECIAL("rope.freq_base"),
	KEY_SPECIAL("rope.dimension_count"),
	KEY_SPECIAL("rope.scaling.type"),
	KEY_SPECIAL("rope.scaling.factor"),
	KEY_SPECIAL("rope.scale_linear"),                    /* an older name of the factor */
	KEY_IGNORED("rope.scaling.original_context_length"), /* of scalings that are not run */
	KEY_IGNORED("rope.scaling.finetuned"),
};

static const struct family_key layer_norm_keys[] = {
	COMMON_KEYS(layers),
	KEY_EPSILON("attention.layer_norm_epsilon"),
};

static const struct family_key bert_keys[] = {
	COMMON_KEYS(encoder_layers), KEY_EPSILON("attention.layer_norm_epsilon"),
	KEY_SPECIAL("attention.causal"),
	KEY_IGNORED(
		"pooling_type"), /* which of the states a caller would like: they are all there */
};

static const struct family_key t5_keys[] = {
	COMMON_KEYS(encoder_layers),
	KEY_SIZE("decoder_block_count", layers, CONFIG_MAX_LAYERS),
	KEY_EPSILON("attention.layer_norm_rms_epsilon"),
	KEY_IGNORED("attention.layer_norm_epsilon"), /* the same once more */
	KEY_SIZE("attention.relative_buckets_count", buckets, CONFIG_MAX_BUCKETS),
	KEY_SPECIAL("decoder_start_token_id"),
};

#define ROW(ours, theirs) \
	{ \
		ours, theirs, FAMILY_PLAIN \
	}

static const struct gguf_alias llama_outer[] = {
	ROW("model.embed_tokens", "token_embd"),
	ROW("model.norm", "output_norm"),
	ROW("lm_head", "output"),
	ROW("rope_freqs", "rope_freqs"),
};

#define LLAMA_ROWS(layout) \
	ROW("input_layernorm", "attn_norm"), {"self_attn.q_proj", "attn_q", layout}, \
		{"self_attn.k_proj", "attn_k", layout}, ROW("self_attn.v_proj", "attn_v"), \
		ROW("self_attn.o_proj", "attn_output"), \
		ROW("post_attention_layernorm", "ffn_norm"), ROW("mlp.gate_proj", "ffn_gate"), \
		ROW("mlp.up_proj", "ffn_up"), ROW("mlp.down_proj", "ffn_down"), \
		ROW("self_attn.q_norm", "attn_q_norm"), ROW("self_attn.k_norm", "attn_k_norm")

static const struct gguf_alias llama_layer[] = {LLAMA_ROWS(FAMILY_PAIRED)};
static const struct gguf_alias qwen_layer[] = {LLAMA_ROWS(FAMILY_PLAIN)};

static const struct gguf_alias gpt2_outer[] = {
	ROW("transformer.wte", "token_embd"),
	ROW("transformer.wpe", "position_embd"),
	ROW("transformer.ln_f", "output_norm"),
	ROW("lm_head", "output"),
};

static const struct gguf_alias gpt2_layer[] = {
	ROW("ln_1", "attn_norm"), ROW("attn.c_attn", "attn_qkv"), ROW("attn.c_proj", "attn_output"),
	ROW("ln_2", "ffn_norm"),  ROW("mlp.c_fc", "ffn_up"),      ROW("mlp.c_proj", "ffn_down"),
};

static const struct gguf_alias bloom_outer[] = {
	ROW("transformer.word_embeddings", "token_embd"),
	ROW("transformer.word_embeddings_layernorm", "token_embd_norm"),
	ROW("transformer.ln_f", "output_norm"),
	ROW("lm_head", "output"),
};

static const struct gguf_alias bloom_layer[] = {
	ROW("input_layernorm", "attn_norm"),
	ROW("self_attention.query_key_value", "attn_qkv"),
	ROW("self_attention.dense", "attn_output"),
	ROW("post_attention_layernorm", "ffn_norm"),
	ROW("mlp.dense_h_to_4h", "ffn_up"),
	ROW("mlp.dense_4h_to_h", "ffn_down"),
};

static const struct gguf_alias bert_outer[] = {
	ROW("bert.embeddings.word_embeddings", "token_embd"),
	ROW("bert.embeddings.position_embeddings", "position_embd"),
	ROW("bert.embeddings.token_type_embeddings", "token_types"),
	ROW("bert.embeddings.LayerNorm", "token_embd_norm"),
};

static const struct gguf_alias bert_layer[] = {
	ROW("attention.self.query", "attn_q"),
	ROW("attention.self.key", "attn_k"),
	ROW("attention.self.value", "attn_v"),
	ROW("attention.output.dense", "attn_output"),
	ROW("attention.output.LayerNorm", "attn_output_norm"),
	ROW("intermediate.dense", "ffn_up"),
	ROW("output.dense", "ffn_down"),
	ROW("output.LayerNorm", "layer_output_norm"),
};

#define T5_DISTANCES ".block.0.layer.0.SelfAttention.relative_attention_bias"

static const struct gguf_alias t5_outer[] = {
	ROW("shared", "token_embd"),
	ROW("encoder.final_layer_norm", "enc.output_norm"),
	ROW("decoder.final_layer_norm", "dec.output_norm"),
	ROW("encoder" T5_DISTANCES, "enc.blk.0.attn_rel_b"),
	ROW("decoder" T5_DISTANCES, "dec.blk.0.attn_rel_b"),
	ROW("lm_head", "output"),
};

#define T5_ROWS(last) \
	ROW("layer.0.layer_norm", "attn_norm"), ROW("layer.0.SelfAttention.q", "attn_q"), \
		ROW("layer.0.SelfAttention.k", "attn_k"), \
		ROW("layer.0.SelfAttention.v", "attn_v"), \
		ROW("layer.0.SelfAttention.o", "attn_o"), ROW(last "layer_norm", "ffn_norm"), \
		ROW(last "DenseReluDense.wi", "ffn_up"), \
		ROW(last "DenseReluDense.wi_0", "ffn_gate"), \
		ROW(last "DenseReluDense.wi_1", "ffn_up"), \
		ROW(last "DenseReluDense.wo", "ffn_down")

static const struct gguf_alias t5_encoder[] = {T5_ROWS("layer.1.")};

static const struct gguf_alias t5_decoder[] = {
	T5_ROWS("layer.2."),
	ROW("layer.1.layer_norm", "cross_attn_norm"),
	ROW("layer.1.EncDecAttention.q", "cross_attn_q"),
	ROW("layer.1.EncDecAttention.k", "cross_attn_k"),
	ROW("layer.1.EncDecAttention.v", "cross_attn_v"),
	ROW("layer.1.EncDecAttention.o", "cross_attn_o"),
};

#define PART(path, rows) \
	{ \
		path, rows, FAMILY_ROWS(rows) \
	}
#define KEYS(rows) (rows), FAMILY_ROWS(rows)
#define NO_PART \
	{ \
		"", NULL, 0 \
	}

static const struct gguf_family families[] = {
	{"llama", &family_llama, KEYS(rotary_keys), PART("", llama_outer), NO_PART,
	 PART("blk.%u.", llama_layer)},
	{"qwen2", &family_qwen2, KEYS(rotary_keys), PART("", llama_outer), NO_PART,
	 PART("blk.%u.", qwen_layer)},
	{"qwen3", &family_qwen3, KEYS(rotary_keys), PART("", llama_outer), NO_PART,
	 PART("blk.%u.", qwen_layer)},
	{"gpt2", &family_gpt2, KEYS(layer_norm_keys), PART("", gpt2_outer), NO_PART,
	 PART("blk.%u.", gpt2_layer)},
	{"bloom", &family_bloom, KEYS(layer_norm_keys), PART("", bloom_outer), NO_PART,
	 PART("blk.%u.", bloom_layer)},
	{"bert", &family_bert, KEYS(bert_keys), PART("", bert_outer), PART("blk.%u.", bert_layer),
	 NO_PART},
	{"t5", &family_t5, KEYS(t5_keys), PART("", t5_outer), PART("enc.blk.%u.", t5_encoder),
	 PART("dec.blk.%u.", t5_decoder)},
};

const struct gguf_family *gguf_family_find(struct slice architecture)
{
	for (size_t i = 0; i < FAMILY_ROWS(families); i++)
		if (slice_equal(slice_of_string(families[i].architecture), architecture))
			return &families[i];
	return NULL;
}

const struct gguf_family *gguf_family_of(const struct family *family)
{
	for (size_t i = 0; i < FAMILY_ROWS(families); i++)
		if (families[i].family == family)
			return &families[i];
	return NULL;
}

static const struct gguf_part *part_of(const struct family *family,
				       const struct family_tensors *table)
{
	const struct gguf_family *g = gguf_family_of(family);

	if (!g)
		return NULL;
	if (table == &family->encoder)
		return &g->encoder;
	return table == &family->decoder ? &g->decoder : &g->outer;
}

const struct gguf_alias *gguf_alias_of(const struct family *family,
				       const struct family_tensors *table,
				       const struct family_slot *slot)
{
	const struct gguf_part *part = part_of(family, table);
	size_t stem = (size_t)(strrchr(slot->name, '.') - slot->name);

	for (size_t i = 0; part && i < part->count; i++)
		if (strlen(part->rows[i].ours) == stem &&
		    strncmp(part->rows[i].ours, slot->name, stem) == 0)
			return &part->rows[i];
	return NULL;
}

void gguf_write_name(char *out, size_t size, const struct family *family,
		     const struct family_tensors *table, const struct family_slot *slot,
		     uint32_t layer)
{
	const struct gguf_alias *alias = gguf_alias_of(family, table, slot);
	const char *path = alias ? part_of(family, table)->path : "";
	const char *mark = strstr(path, "%u");
	const char *ending = strrchr(slot->name, '.');

	if (!alias) /* nobody's name: it is not found */
		snprintf(out, size, "(%s)", slot->name);
	else if (mark)
		snprintf(out, size, "%.*s%u%s%s%s", (int)(mark - path), path, layer, mark + 2,
			 alias->theirs, ending);
	else
		snprintf(out, size, "%s%s", alias->theirs, ending);
}

bool gguf_is_needless(const char *name)
{
	/* Of older T5 files, never used. */
	return slice_ends_with(slice_of_string(name), S(".cross_attn_rel_b.weight"));
}
