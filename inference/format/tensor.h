/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tensor.h - a tensor as a file describes it, and the types that its elements may have. The types
 * of llama.cpp hold several elements in a block, which share their scales (blocks.h).
 */
#ifndef INFERENCE_FORMAT_TENSOR_H
#define INFERENCE_FORMAT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TENSOR_MAX_RANK = 8,
	TENSOR_MAX_BLOCK = 292, /* bytes of the largest block */
	TENSOR_MAX_ELEMENTS = 256,
};

/* type, name, elements and bytes of a block, its number in GGUF (-1: none) */
/* clang-format off */
#define TENSOR_TYPES(X) \
	X(TENSOR_BOOL,    "BOOL",      1,   1, -1) \
	X(TENSOR_U8,      "U8",        1,   1, -1) \
	X(TENSOR_I8,      "I8",        1,   1, 24) \
	X(TENSOR_F8_E5M2, "F8_E5M2",   1,   1, -1) \
	X(TENSOR_F8_E4M3, "F8_E4M3",   1,   1, -1) \
	X(TENSOR_I16,     "I16",       1,   2, 25) \
	X(TENSOR_U16,     "U16",       1,   2, -1) \
	X(TENSOR_F16,     "F16",       1,   2,  1) \
	X(TENSOR_BF16,    "BF16",      1,   2, 30) \
	X(TENSOR_I32,     "I32",       1,   4, 26) \
	X(TENSOR_U32,     "U32",       1,   4, -1) \
	X(TENSOR_F32,     "F32",       1,   4,  0) \
	X(TENSOR_F64,     "F64",       1,   8, 28) \
	X(TENSOR_I64,     "I64",       1,   8, 27) \
	X(TENSOR_U64,     "U64",       1,   8, -1) \
	X(TENSOR_Q4_0,    "Q4_0",     32,  18,  2) \
	X(TENSOR_Q4_1,    "Q4_1",     32,  20,  3) \
	X(TENSOR_Q5_0,    "Q5_0",     32,  22,  6) \
	X(TENSOR_Q5_1,    "Q5_1",     32,  24,  7) \
	X(TENSOR_Q8_0,    "Q8_0",     32,  34,  8) \
	X(TENSOR_Q8_1,    "Q8_1",     32,  36,  9) \
	X(TENSOR_Q2_K,    "Q2_K",    256,  84, 10) \
	X(TENSOR_Q3_K,    "Q3_K",    256, 110, 11) \
	X(TENSOR_Q4_K,    "Q4_K",    256, 144, 12) \
	X(TENSOR_Q5_K,    "Q5_K",    256, 176, 13) \
	X(TENSOR_Q6_K,    "Q6_K",    256, 210, 14) \
	X(TENSOR_Q8_K,    "Q8_K",    256, 292, 15) \
	X(TENSOR_IQ2_XXS, "IQ2_XXS", 256,  66, 16) \
	X(TENSOR_IQ2_XS,  "IQ2_XS",  256,  74, 17) \
	X(TENSOR_IQ3_XXS, "IQ3_XXS", 256,  98, 18) \
	X(TENSOR_IQ1_S,   "IQ1_S",   256,  50, 19) \
	X(TENSOR_IQ4_NL,  "IQ4_NL",   32,  18, 20) \
	X(TENSOR_IQ3_S,   "IQ3_S",   256, 110, 21) \
	X(TENSOR_IQ2_S,   "IQ2_S",   256,  82, 22) \
	X(TENSOR_IQ4_XS,  "IQ4_XS",  256, 136, 23) \
	X(TENSOR_IQ1_M,   "IQ1_M",   256,  56, 29) \
	X(TENSOR_TQ1_0,   "TQ1_0",   256,  54, 34) \
	X(TENSOR_TQ2_0,   "TQ2_0",   256,  66, 35) \
	X(TENSOR_MXFP4,   "MXFP4",    32,  17, 39)
/* clang-format on */

#define TENSOR_ENUM(type, name, elements, bytes, number) type,
enum tensor_type { TENSOR_TYPES(TENSOR_ENUM) TENSOR_TYPE_COUNT };
#undef TENSOR_ENUM

struct tensor {
	const char *name; /* borrowed from the file that holds it */
	enum tensor_type type;
	unsigned rank;                   /* 0: a scalar */
	uint64_t shape[TENSOR_MAX_RANK]; /* the last is the one whose elements lie side by side */
	uint64_t count;                  /* elements */
	uint64_t offset;                 /* in bytes, from the beginning of the file */
	uint64_t size;                   /* in bytes */
};

const char *tensor_type_name(enum tensor_type type);
size_t tensor_type_size(enum tensor_type type);     /* bytes of one block */
size_t tensor_type_elements(enum tensor_type type); /* in one block; 1: stored one by one */

/* By the number that GGUF files write, and by name; false: there is no such type. */
bool tensor_type_of_number(enum tensor_type *out, uint32_t number);
bool tensor_type_of_name(enum tensor_type *out, const char *name);

#endif
