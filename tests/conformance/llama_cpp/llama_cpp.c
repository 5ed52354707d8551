/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama_cpp.c - our reading of GGUF files beside llama.cpp's, in one process.
 *
 *	llama_cpp FOLDER blocks             random blocks of every type, bit by bit
 *	llama_cpp FOLDER made NAME OUT      writes a model with random weights
 *	llama_cpp FOLDER quantize FILE TYPE OUT
 *	llama_cpp FOLDER model FILE TYPE SCRATCH
 *	llama_cpp FOLDER blocks_of FILE TYPE SCRATCH
 *	llama_cpp FOLDER pair OURS THEIRS   the one read by us, the other by llama.cpp
 *
 * FOLDER holds the library. `model` lets llama.cpp quantize FILE to TYPE and back to F32 (below
 * SCRATCH), and compares its logits of the latter with ours of the former by plain C, which takes
 * weights for the very numbers that they stand for. `blocks_of` compares both programs' kernels
 *over the quantized file: both quantize activations, too, ours with scales of F32, its with scales
 *of F16. One line of JSON each; 0 if all is within the tolerance.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inference/format/blocks.h"
#include "inference/model/family.h"
#include "tests/conformance/llama_cpp/library.h"
#include "tests/conformance/llama_cpp/made.h"
#include "tests/conformance/llama_cpp/ours.h"

enum { POSITIONS = 24, BLOCKS = 20000, MAX_OUT = 1 << 22, PATH_SIZE = 1024 };

static const double tolerance = 1e-3, tolerance_of_blocks = 3e-2;

static int complain(void)
{
	fprintf(stderr, "llama_cpp: %s\n", failure_text());
	return 2;
}

/* Scales of a block are F16 at these places; what is random there may be no number. */
static bool has_wild_scales(enum tensor_type type, const uint8_t *block)
{
	static const struct {
		enum tensor_type type;
		size_t at[2];
	} scales[] = {
		{TENSOR_Q4_0, {0, 0}},   {TENSOR_Q4_1, {0, 2}},     {TENSOR_Q5_0, {0, 0}},
		{TENSOR_Q5_1, {0, 2}},   {TENSOR_Q8_0, {0, 0}},     {TENSOR_IQ4_NL, {0, 0}},
		{TENSOR_Q2_K, {80, 82}}, {TENSOR_Q3_K, {108, 108}}, {TENSOR_Q4_K, {0, 2}},
		{TENSOR_Q5_K, {0, 2}},   {TENSOR_Q6_K, {208, 208}},
	};

	for (size_t i = 0; i < FAMILY_ROWS(scales); i++)
		for (size_t j = 0; scales[i].type == type && j < 2; j++)
			if ((block[scales[i].at[j] + 1] & 0x7c) == 0x7c)
				return true; /* infinity or no number */
	return false;
}

static size_t compare_blocks(struct library *l, enum tensor_type type, uint64_t *random)
{
	uint8_t block[TENSOR_MAX_BLOCK];
	float ours[TENSOR_MAX_ELEMENTS], theirs[TENSOR_MAX_ELEMENTS];
	size_t count = tensor_type_elements(type), different = 0;

	for (int n = 0; n < BLOCKS; n++) {
		for (size_t i = 0; i < tensor_type_size(type); i++) {
			*random = *random * 6364136223846793005u + 1442695040888963407u;
			block[i] = (uint8_t)(*random >> 56);
		}
		if (has_wild_scales(type, block))
			continue;
		blocks_widen(type, block, ours);
		library_widen(l, type)(block, theirs, (int64_t)count);
		different += memcmp(ours, theirs, count * sizeof *ours) != 0;
	}
	return different;
}

/* Random numbers as blocks: those that its reference makes. */
static size_t compare_quantized(struct library *l, enum packed_type packed, enum tensor_type type,
				uint64_t *random)
{
	uint8_t ours[TENSOR_MAX_BLOCK] = {0}, theirs[TENSOR_MAX_BLOCK] = {0};
	float values[PACKED_BLOCK];
	size_t different = 0;

	for (int n = 0; n < BLOCKS; n++) {
		for (size_t i = 0; i < PACKED_BLOCK; i++) {
			*random = *random * 6364136223846793005u + 1442695040888963407u;
			values[i] = (float)((double)(int64_t)*random * 0x1p-63) *
				    (n % 5 ? 1 : 1e-6f);
		}
		packed_quantize(packed, values, ours);
		library_quantizer(l, type)(values, theirs, PACKED_BLOCK);
		different += memcmp(ours, theirs, tensor_type_size(type)) != 0;
	}
	printf("{\"quantized\":\"%s\",\"blocks\":%d,\"different\":%zu}\n", tensor_type_name(type),
	       BLOCKS, different);
	return different;
}

static int check_blocks(struct library *l)
{
	uint64_t random = 1;
	size_t bad = 0;

	for (int type = TENSOR_Q4_0; type <= TENSOR_MXFP4; type++) {
		size_t different;

		if (!blocks_can((enum tensor_type)type))
			continue;
		if (!library_widen(l, (enum tensor_type)type)) {
			fprintf(stderr, "the library reads no %s\n",
				tensor_type_name((enum tensor_type)type));
			return 2;
		}
		different = compare_blocks(l, (enum tensor_type)type, &random);
		printf("{\"type\":\"%s\",\"blocks\":%d,\"different\":%zu}\n",
		       tensor_type_name((enum tensor_type)type), BLOCKS, different);
		bad += different;
	}
	bad += compare_quantized(l, PACKED_Q8_0, TENSOR_Q8_0, &random);
	bad += compare_quantized(l, PACKED_Q4_0, TENSOR_Q4_0, &random);
	return bad ? 1 : 0;
}

static int make(const char *name, const char *path)
{
	AUTO(buf_free) struct buf bytes = buf_new(64 << 20);
	const struct made *m = NULL;
	FILE *out;

	for (size_t i = 0; i < made_count; i++)
		if (strcmp(made_models[i].name, name) == 0)
			m = &made_models[i];
	if (!m) {
		for (size_t i = 0; i < made_count; i++)
			printf("%s\n", made_models[i].name);
		return strcmp(name, "list") == 0 ? 0 : 2;
	}
	made_write(&bytes, m);
	out = fopen(path, "wb");
	if (!out || fwrite(bytes.data, 1, bytes.size, out) != bytes.size || fclose(out) != 0) {
		perror(path);
		return 2;
	}
	return 0;
}

/* max|a-b| / max|b|; ours may have to be brought to their scale. */
static double distance(const float *ours, const float *theirs, size_t count, float scale)
{
	double difference = 0, largest = 0;

	for (size_t i = 0; i < count; i++) {
		difference = fmax(difference, fabs((double)ours[i] * scale - theirs[i]));
		largest = fmax(largest, fabs((double)theirs[i]));
	}
	return difference / largest;
}

static enum library_way way_of(const struct config *c)
{
	if (c->encoder_layers && c->layers)
		return LIBRARY_BOTH;
	return c->encoder_layers ? LIBRARY_ENCODE : LIBRARY_DECODE;
}

/* What was found. */
struct verdict {
	double distance;
	size_t tensors; /* of the type that was asked for */
};

static enum err compare(struct verdict *out, struct library *l, const char *quantized,
			const char *plain, enum tensor_type type, const struct operators *row)
{
	static float theirs[MAX_OUT];
	struct ours ours;
	size_t width;
	enum err result = ours_run(&ours, quantized, row, POSITIONS);

	if (result == OK)
		result = library_run(l, theirs, MAX_OUT, &width, plain, way_of(&ours.config),
				     ours.ids, ours.count);
	if (result == OK && width != ours.width)
		result = failure(ERR_FORMAT, "%zu numbers at each position, %zu there", ours.width,
				 width);
	if (result == OK) /* it leaves out the scale of T5's head */
		out->distance = distance(
			ours.out, theirs, ours.count * width,
			ours.config.logits_scaled ? sqrtf((float)ours.config.hidden_size) : 1);
	out->tensors = ours.tensors[type];
	free(ours.out);
	return result;
}

static enum err check_model(struct verdict *out, struct library *l, const char *file,
			    const char *name, const char *scratch)
{
	char quantized[PATH_SIZE], plain[PATH_SIZE];
	enum tensor_type type;

	if (!tensor_type_of_name(&type, name))
		return failure(ERR_NOT_FOUND, "no type %s", name);
	if (type == TENSOR_F32)
		return compare(out, l, file, file, type, &operators_onednn);
	snprintf(quantized, sizeof quantized, "%s/%s.gguf", scratch, name);
	snprintf(plain, sizeof plain, "%s/%s-back.gguf", scratch, name);
	TRY(library_quantize(l, file, quantized, type));
	TRY(library_quantize(l, quantized, plain, TENSOR_F32));
	return compare(out, l, quantized, plain, type, &operators_plain);
}

static enum err check_blocks_of(struct verdict *out, struct library *l, const char *file,
				const char *name, const char *scratch)
{
	char quantized[PATH_SIZE];
	enum tensor_type type;

	if (!tensor_type_of_name(&type, name))
		return failure(ERR_NOT_FOUND, "no type %s", name);
	snprintf(quantized, sizeof quantized, "%s/%s-blocks.gguf", scratch, name);
	TRY(library_quantize(l, file, quantized, type));
	return compare(out, l, quantized, quantized, type, &operators_onednn);
}

static int quantize(struct library *l, const char *from, const char *name, const char *to)
{
	enum tensor_type type;

	if (!tensor_type_of_name(&type, name))
		return 2;
	return library_quantize(l, from, to, type) == OK ? 0 : complain();
}

static int judge(struct library *l, char **words, int count)
{
	struct verdict v = {0};
	bool is_pair = strcmp(words[0], "pair") == 0;
	bool is_blocks = strcmp(words[0], "blocks_of") == 0;
	const char *type = is_pair ? "F32" : words[2];
	enum err result;

	if (count != (is_pair ? 3 : 4))
		return 2;
	if (is_pair)
		result = compare(&v, l, words[1], words[2], TENSOR_F32, &operators_onednn);
	else
		result = (is_blocks ? check_blocks_of : check_model)(&v, l, words[1], type,
								     words[3]);
	if (result != OK)
		return complain();
	printf("{\"model\":\"%s\",\"type\":\"%s\",\"tensors\":%zu,\"distance\":%.3g}\n", words[1],
	       type, v.tensors, v.distance);
	return v.distance <= (is_blocks ? tolerance_of_blocks : tolerance) ? 0 : 1;
}

int main(int count, char **words)
{
	struct library *l;

	if (count < 3 || library_open(&l, words[1]) != OK)
		return complain();
	if (strcmp(words[2], "blocks") == 0)
		return check_blocks(l);
	if (strcmp(words[2], "made") == 0 && count == 5)
		return make(words[3], words[4]);
	if (strcmp(words[2], "quantize") == 0 && count == 6)
		return quantize(l, words[3], words[4], words[5]);
	if (strcmp(words[2], "model") == 0 || strcmp(words[2], "pair") == 0 ||
	    strcmp(words[2], "blocks_of") == 0)
		return judge(l, words + 2, count - 2);
	return 2;
}
