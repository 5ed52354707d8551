/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/llama_cpp/made.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/inference/gguf_file.h"

const struct made made_models[] = {
	{"wide", "llama", 256, 512, 2, 4, 2, 64, 320, 10000, 0, false, true},
	{"theta", "llama", 96, 160, 2, 6, 1, 16, 200, 500000, 0, false, false},
	{"linear", "llama", 64, 96, 2, 4, 4, 16, 128, 10000, 4, false, true},
	{"factors", "llama", 64, 96, 2, 4, 2, 16, 128, 500000, 0, true, false},
	{"wide-heads", "llama", 64, 96, 2, 4, 2, 32, 128, 10000, 0, false, true},
	{"qwen2", "qwen2", 128, 256, 2, 8, 2, 16, 256, 1000000, 0, false, false},
	{"qwen3", "qwen3", 256, 256, 3, 4, 2, 128, 256, 1000000, 0, false, false},
};
const size_t made_count = sizeof made_models / sizeof *made_models;

/* A file under way: pairs and descriptions are counted before they are put together. */
struct writer {
	const struct made *m;
	struct buf pairs, descriptions, data;
	uint64_t pair_count, tensor_count, random;
};

static float next(struct writer *w)
{
	w->random ^= w->random << 13; /* xorshift64 */
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (float)(w->random >> 40) / (float)(1 << 24) - 0.5f;
}

static void put_real(struct buf *b, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	put_little(b, bits, 4);
}

static void pair_number(struct writer *w, const char *rest, uint32_t value)
{
	char key[96];

	snprintf(key, sizeof key, "%s.%s", w->m->architecture, rest);
	put_key(&w->pairs, key, GGUF_U32);
	put_little(&w->pairs, value, 4);
	w->pair_count++;
}

static void pair_real(struct writer *w, const char *rest, float value)
{
	char key[96];

	snprintf(key, sizeof key, "%s.%s", w->m->architecture, rest);
	put_key(&w->pairs, key, GGUF_F32);
	put_real(&w->pairs, value);
	w->pair_count++;
}

static void pair_text(struct writer *w, const char *key, const char *value)
{
	put_key(&w->pairs, key, GGUF_TEXT);
	put_text(&w->pairs, value);
	w->pair_count++;
}

/* Values around `middle`, `spread` apart; rows 0: a vector. */
static void tensor(struct writer *w, const char *name, uint64_t columns, uint64_t rows,
		   float middle, float spread)
{
	uint64_t count = columns * (rows ? rows : 1);

	put_padding(&w->data, 32);
	put_tensor(&w->descriptions, name, columns, rows, 0, w->data.size);
	for (uint64_t i = 0; i < count; i++)
		put_real(&w->data, middle + spread * next(w));
	w->tensor_count++;
}

static void layer_tensor(struct writer *w, uint32_t layer, const char *name, uint64_t columns,
			 uint64_t rows, float middle, float spread)
{
	char whole[64];

	snprintf(whole, sizeof whole, "blk.%u.%s", layer, name);
	tensor(w, whole, columns, rows, middle, spread);
}

static void put_layer(struct writer *w, uint32_t i)
{
	const struct made *m = w->m;
	uint64_t q = (uint64_t)m->heads * m->head_size, kv = (uint64_t)m->kv_heads * m->head_size;

	layer_tensor(w, i, "attn_norm.weight", m->hidden, 0, 1, 0.5f);
	layer_tensor(w, i, "attn_q.weight", m->hidden, q, 0, 0.4f);
	layer_tensor(w, i, "attn_k.weight", m->hidden, kv, 0, 0.4f);
	layer_tensor(w, i, "attn_v.weight", m->hidden, kv, 0, 0.4f);
	layer_tensor(w, i, "attn_output.weight", q, m->hidden, 0, 0.3f);
	layer_tensor(w, i, "ffn_norm.weight", m->hidden, 0, 1, 0.5f);
	layer_tensor(w, i, "ffn_gate.weight", m->hidden, m->mlp, 0, 0.3f);
	layer_tensor(w, i, "ffn_up.weight", m->hidden, m->mlp, 0, 0.3f);
	layer_tensor(w, i, "ffn_down.weight", m->mlp, m->hidden, 0, 0.3f);
	if (strcmp(m->architecture, "qwen2") == 0) {
		layer_tensor(w, i, "attn_q.bias", q, 0, 0, 1);
		layer_tensor(w, i, "attn_k.bias", kv, 0, 0, 1);
		layer_tensor(w, i, "attn_v.bias", kv, 0, 0, 1);
	}
	if (strcmp(m->architecture, "qwen3") == 0) {
		layer_tensor(w, i, "attn_q_norm.weight", m->head_size, 0, 1, 0.5f);
		layer_tensor(w, i, "attn_k_norm.weight", m->head_size, 0, 1, 0.5f);
	}
}

static void put_pairs(struct writer *w)
{
	const struct made *m = w->m;

	pair_text(w, "general.architecture", m->architecture);
	pair_text(w, "tokenizer.ggml.model", "no_vocab");
	pair_number(w, "vocab_size", m->vocabulary);
	pair_number(w, "context_length", 128);
	pair_number(w, "embedding_length", m->hidden);
	pair_number(w, "feed_forward_length", m->mlp);
	pair_number(w, "block_count", m->layers);
	pair_number(w, "attention.head_count", m->heads);
	pair_number(w, "attention.head_count_kv", m->kv_heads);
	pair_number(w, "attention.key_length", m->head_size);
	pair_number(w, "attention.value_length", m->head_size);
	pair_number(w, "rope.dimension_count", m->head_size);
	pair_real(w, "attention.layer_norm_rms_epsilon", 1e-5f);
	pair_real(w, "rope.freq_base", m->theta);
	if (m->linear > 0)
		pair_real(w, "rope.scaling.factor", m->linear);
	if (m->linear > 0) {
		char key[64];

		snprintf(key, sizeof key, "%s.rope.scaling.type", m->architecture);
		pair_text(w, key, "linear");
	}
}

static void put_tensors(struct writer *w)
{
	const struct made *m = w->m;

	tensor(w, "token_embd.weight", m->hidden, m->vocabulary, 0, 2);
	tensor(w, "output_norm.weight", m->hidden, 0, 1, 0.5f);
	if (m->has_output)
		tensor(w, "output.weight", m->hidden, m->vocabulary, 0, 0.5f);
	if (m->factors)
		tensor(w, "rope_freqs.weight", m->head_size / 2, 0, 4.5f, 7);
	for (uint32_t i = 0; i < m->layers; i++)
		put_layer(w, i);
}

void made_write(struct buf *out, const struct made *m)
{
	struct writer w = {.m = m,
			   .pairs = buf_new(1 << 20),
			   .descriptions = buf_new(1 << 20),
			   .data = buf_new(64 << 20),
			   .random = 88172645463325252u};

	put_pairs(&w);
	put_tensors(&w);
	buf_write_string(out, "GGUF");
	put_little(out, 3, 4);
	put_little(out, w.tensor_count, 8);
	put_little(out, w.pair_count, 8);
	buf_write(out, buf_slice(&w.pairs));
	buf_write(out, buf_slice(&w.descriptions));
	put_padding(out, 32);
	buf_write(out, buf_slice(&w.data));
	buf_free(&w.pairs);
	buf_free(&w.descriptions);
	buf_free(&w.data);
}
