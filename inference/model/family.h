/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.h - one description a family of models: how it differs from the others, what the keys of
 * its config.json mean, and how its tensors are called. The forward pass is one for all; it
 * reads from here which way to go.
 *
 *	LLaMA, Mistral, Qwen2, Qwen3  RMS norm, rotary positions, gated SiLU
 *	GPT-2                         layer norm, learned positions
 *	BLOOM                         layer norm, a bias that falls with distance (ALiBi)
 *	BERT                          an encoder; its norms stand behind the blocks
 *	T5                            encoder and decoder, a bias learned for buckets of distances
 */
#ifndef INFERENCE_MODEL_FAMILY_H
#define INFERENCE_MODEL_FAMILY_H

#include "inference/model/config.h"

enum family_norm { FAMILY_NORM_RMS, FAMILY_NORM_LAYER };

enum family_positions {
	FAMILY_POSITIONS_ROTARY,  /* Su et al., 2021 */
	FAMILY_POSITIONS_LEARNED, /* an embedding of its own */
	FAMILY_POSITIONS_SLOPES,  /* ALiBi: Press et al., 2022 */
	FAMILY_POSITIONS_BUCKETS, /* Raffel et al., 2020, section 2.1 */
};

/* What a key of config.json is. */
enum family_key_kind {
	FAMILY_KEY_SIZE,       /* an integer, 1..max */
	FAMILY_KEY_REAL,       /* a finite number above 0 */
	FAMILY_KEY_BOOL,       /* true or false */
	FAMILY_KEY_NOT,        /* the same, and the member is the opposite */
	FAMILY_KEY_TEXT,       /* must be exactly `text` */
	FAMILY_KEY_ACTIVATION, /* the name of one */
	FAMILY_KEY_SPECIAL,    /* read by config.c, after the others */
	FAMILY_KEY_IGNORED,    /* about training, other programs, or defaults of sampling */
};

struct family_key {
	const char *name;
	enum family_key_kind kind;
	size_t offset; /* of the member in struct config */
	uint32_t max;
	const char *text;
};

/* What a dimension of a tensor is. QKV: the three products of attention in one. */
enum family_dimension {
	FAMILY_NONE,
	FAMILY_HIDDEN,
	FAMILY_MLP,
	FAMILY_HEADS,
	FAMILY_KV,
	FAMILY_QKV,
	FAMILY_HEAD_SIZE,
	FAMILY_HEAD_COUNT,
	FAMILY_VOCABULARY,
	FAMILY_CONTEXT,
	FAMILY_SEGMENTS,
	FAMILY_BUCKETS,
	FAMILY_LABELS,
	FAMILY_FREQUENCIES, /* of rotary positions */
};

/* When a tensor is there. */
enum family_presence {
	FAMILY_ALWAYS,
	FAMILY_IF_ATTENTION_BIAS,
	FAMILY_IF_MLP_BIAS,
	FAMILY_IF_GATED,
	FAMILY_UNLESS_GATED,
	FAMILY_IF_UNTIED, /* and there is a head to be tied */
	FAMILY_IF_MASKED,
	FAMILY_IF_CLASSES,
	FAMILY_IF_THERE, /* BERT's pooler: some files have it */
	FAMILY_IF_FACTORS,
};

/* How it lies in the file; in memory each matrix is [outputs][inputs]. */
enum family_layout {
	FAMILY_PLAIN,
	FAMILY_TRANSPOSED,  /* [inputs][outputs], "Conv1D" */
	FAMILY_INTERLEAVED, /* q, k and v of the first head, of the second, ... */
	FAMILY_PAIRED,      /* of each head the two values that turn together side by side */
};

struct family_slot {
	const char *name;
	size_t offset; /* in what the table is for */
	enum family_dimension rows, columns;
	enum family_presence presence;
	enum family_layout layout;
};

/* Tensors of one part of a model. `path` has a %u for the number of the layer. */
struct family_tensors {
	const char *path;
	const struct family_slot *slots;
	size_t count;
};

struct family {
	const char *name; /* model_type */
	enum family_norm norm;
	enum family_positions positions;
	bool norm_after; /* a block's norm is behind it, not before it */
	const struct family_key *keys;
	size_t key_count;
	const char *const *required; /* keys that must be there; ends with NULL */
	struct config defaults;      /* as Hugging Face's class has them */
	const char *base;            /* what files of the bare model leave out, "transformer." */
	struct family_tensors outer; /* of struct model */
	struct family_tensors encoder, decoder; /* of struct model_layer */
	const char *const *needless; /* ends of names that say nothing new; ends with NULL */
};

/* NULL: none that this engine runs. */
const struct family *family_find(const char *model_type);

/* The tables of a family, by the macros below. */
#define FAMILY_MEMBER(name) offsetof(struct config, name)
#define FAMILY_ROWS(table) (sizeof(table) / sizeof *(table))

/* Of the keys that every family has. */
/* clang-format off */
#define FAMILY_COMMON_KEYS \
	{"vocab_size",          FAMILY_KEY_SIZE, FAMILY_MEMBER(vocabulary), CONFIG_MAX_VOCABULARY, NULL}, \
	{"tie_word_embeddings", FAMILY_KEY_BOOL, FAMILY_MEMBER(tied), 0, NULL}, \
	{"architectures",       FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"num_labels",          FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"id2label",            FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"bos_token_id",        FAMILY_KEY_SPECIAL, 0, 0, NULL}, \
	{"eos_token_id",        FAMILY_KEY_SPECIAL, 0, 0, NULL}
/* clang-format on */

extern const struct family family_llama, family_mistral, family_qwen2, family_qwen3, family_gpt2,
	family_bloom, family_bert, family_t5;

/* Keys that no family reads. */
extern const char *const family_ignored_keys[]; /* ends with NULL */

#endif
