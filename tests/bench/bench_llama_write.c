/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench_llama.h"
#include "tests/unit/inference/gguf_file.h"

enum { ALIGNMENT = 32, CHUNK = 1 << 16 };

static const struct shape {
	const char *name;
	uint32_t hidden, mlp, layers, heads, kv_heads, vocabulary;
	bool is_tied;
} shapes[] = {
	{"S", 288, 768, 6, 6, 6, 32000, true},
	{"M", 768, 2048, 12, 12, 12, 32000, false},
	{"L", 2048, 5632, 22, 32, 4, 32000, false},
};

static const struct {
	enum tensor_type type;
	uint32_t number;
} types[] = {
	{TENSOR_F32, 0},  {TENSOR_F16, 1},   {TENSOR_BF16, 30}, {TENSOR_Q8_0, 8},
	{TENSOR_Q4_0, 2}, {TENSOR_Q4_K, 12}, {TENSOR_Q6_K, 14},
};

/* A file under way: it is gone through twice, for the descriptions and for the numbers. */
struct writer {
	const struct shape *shape;
	enum tensor_type type;
	FILE *out; /* NULL: only descriptions */
	struct buf descriptions;
	uint64_t offset, tensors;
	uint32_t random;
};

static uint32_t number_of(enum tensor_type type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			return types[i].number;
	return 0;
}

static uint32_t next(struct writer *w)
{
	w->random ^= w->random << 13; /* xorshift32 */
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random;
}

/* Small numbers of either sign: those of a norm are 1, else nothing would come through. */
static void write_element(struct writer *w, enum tensor_type type, bool is_norm, uint8_t *out)
{
	size_t size = tensor_type_size(type);
	float value = ((float)(next(w) >> 8) / (1 << 24) - 0.5f) * 0.1f;
	const uint16_t scale = 0x1000; /* 2^-11 as F16 */
	uint32_t bits = 0x3f800000;

	if (!is_norm)
		memcpy(&bits, &value, sizeof bits);
	if (type == TENSOR_F32)
		memcpy(out, &bits, sizeof bits);
	else if (type == TENSOR_BF16)
		memcpy(out, (const uint8_t *)&bits + 2, 2);
	else if (type == TENSOR_F16)
		memcpy(out, &(uint16_t){(uint16_t)(0x2000 | (next(w) & 0x87ff))}, 2);
	for (size_t i = 0; size > sizeof bits && i < size; i++)
		out[i] = (uint8_t)(next(w) >> 24);
	if (size > sizeof bits)
		memcpy(out + (type == TENSOR_Q6_K ? 208 : 0), &scale, sizeof scale);
	if (type == TENSOR_Q4_K)
		memcpy(out + 2, &scale, sizeof scale);
}

static void write_numbers(struct writer *w, enum tensor_type type, bool is_norm, uint64_t bytes)
{
	static uint8_t chunk[CHUNK + TENSOR_MAX_BLOCK];
	size_t size = tensor_type_size(type);

	for (uint64_t done = 0; done < bytes;) {
		size_t used = 0;

		for (; used < CHUNK && done < bytes; used += size, done += size)
			write_element(w, type, is_norm, chunk + used);
		fwrite(chunk, 1, used, w->out);
	}
}

static void tensor(struct writer *w, const char *name, uint64_t columns, uint64_t rows)
{
	enum tensor_type type = rows ? w->type : TENSOR_F32;
	uint64_t bytes = columns * (rows ? rows : 1) / tensor_type_elements(type) *
			 tensor_type_size(type);
	static const uint8_t zeros[ALIGNMENT];

	if (!w->out) {
		put_tensor(&w->descriptions, name, columns, rows, number_of(type), w->offset);
		w->tensors++;
	} else {
		write_numbers(w, type, rows == 0, bytes);
		fwrite(zeros, 1, (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT, w->out);
	}
	w->offset += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void layer(struct writer *w, uint32_t i, const char *name, uint64_t columns, uint64_t rows)
{
	char whole[64];

	snprintf(whole, sizeof whole, "blk.%u.%s.weight", i, name);
	tensor(w, whole, columns, rows);
}

static void tensors(struct writer *w)
{
	const struct shape *s = w->shape;
	uint64_t kv = (uint64_t)s->hidden / s->heads * s->kv_heads;

	tensor(w, "token_embd.weight", s->hidden, s->vocabulary);
	tensor(w, "output_norm.weight", s->hidden, 0);
	if (!s->is_tied)
		tensor(w, "output.weight", s->hidden, s->vocabulary);
	for (uint32_t i = 0; i < s->layers; i++) {
		layer(w, i, "attn_norm", s->hidden, 0);
		layer(w, i, "attn_q", s->hidden, s->hidden);
		layer(w, i, "attn_k", s->hidden, kv);
		layer(w, i, "attn_v", s->hidden, kv);
		layer(w, i, "attn_output", s->hidden, s->hidden);
		layer(w, i, "ffn_norm", s->hidden, 0);
		layer(w, i, "ffn_gate", s->hidden, s->mlp);
		layer(w, i, "ffn_up", s->hidden, s->mlp);
		layer(w, i, "ffn_down", s->mlp, s->hidden);
	}
}

static void pairs(struct buf *b, const struct shape *s)
{
	const struct {
		const char *key;
		uint32_t value;
	} numbers[] = {
		{"llama.vocab_size", s->vocabulary},
		{"llama.context_length", 2048},
		{"llama.embedding_length", s->hidden},
		{"llama.feed_forward_length", s->mlp},
		{"llama.block_count", s->layers},
		{"llama.attention.head_count", s->heads},
		{"llama.attention.head_count_kv", s->kv_heads},
		{"llama.rope.dimension_count", s->hidden / s->heads},
	};
	const float epsilon = 1e-5f;
	uint32_t bits;

	memcpy(&bits, &epsilon, sizeof bits);
	put_key(b, "general.architecture", GGUF_TEXT);
	put_text(b, "llama");
	put_key(b, "tokenizer.ggml.model", GGUF_TEXT);
	put_text(b, "no_vocab");
	put_key(b, "llama.attention.layer_norm_rms_epsilon", GGUF_F32);
	put_little(b, bits, 4);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		put_key(b, numbers[i].key, GGUF_U32);
		put_little(b, numbers[i].value, 4);
	}
}

static bool write_all(struct writer *w, const char *path)
{
	AUTO(buf_free) struct buf head = {0};

	tensors(w);
	head = gguf_begin(3, w->tensors, 3 + 8);
	pairs(&head, w->shape);
	buf_write(&head, buf_slice(&w->descriptions));
	put_padding(&head, ALIGNMENT);
	w->out = fopen(path, "wb");
	if (!w->out || buf_done(&head) != OK)
		return false;
	fwrite(head.data, 1, head.size, w->out);
	tensors(w);
	return fclose(w->out) == 0;
}

bool bench_write(const char *path, const char *shape, enum tensor_type type)
{
	struct writer w = {.type = type, .descriptions = buf_new(1 << 20), .random = 2463534242u};
	bool is_written = false;

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (strcmp(shapes[i].name, shape) == 0)
			w.shape = &shapes[i];
	if (w.shape)
		is_written = write_all(&w, path);
	buf_free(&w.descriptions);
	return is_written;
}
