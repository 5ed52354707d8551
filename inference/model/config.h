/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - a model's description, read from its config.json. What the engine does not
 * understand it refuses, naming the key and the value: that text is what a person is shown as
 * the reason why a model can be downloaded but not run.
 */
#ifndef INFERENCE_MODEL_CONFIG_H
#define INFERENCE_MODEL_CONFIG_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"
#include "inference/kernel/attend.h"

enum {
	CONFIG_MAX_TEXT = 1 << 20, /* bytes of config.json */
	CONFIG_MAX_LAYERS = 512,
	CONFIG_MAX_WIDTH = 1 << 17, /* hidden and intermediate size */
	CONFIG_MAX_HEADS = 1024,
	CONFIG_MAX_VOCABULARY = 1 << 20,
	CONFIG_MAX_CONTEXT = 1 << 20, /* positions */
	CONFIG_MAX_EOS = 8,
	CONFIG_MAX_BUCKETS = 1024,
	CONFIG_MAX_LABELS = 1 << 16,
};

enum config_rope { CONFIG_ROPE_PLAIN, CONFIG_ROPE_LINEAR, CONFIG_ROPE_LLAMA3 };

/* GELU is the exact one (by erf); GELU_TANH its approximation ("gelu_new"): another function. */
enum config_activation {
	CONFIG_SILU,
	CONFIG_GELU,
	CONFIG_GELU_TANH,
	CONFIG_RELU,
};

/* What stands on top of the layers. */
enum config_head {
	CONFIG_HEAD_NONE,     /* hidden states only */
	CONFIG_HEAD_LANGUAGE, /* the next token */
	CONFIG_HEAD_MASKED,   /* the token behind each mask */
	CONFIG_HEAD_CLASSES,  /* a label for the whole sequence */
};

struct config {
	const struct family *family; /* what all models of its kind share; static */
	bool is_gguf; /* described by a GGUF file: names and places of tensors are as there */
	uint32_t hidden_size;
	uint32_t intermediate_size;
	uint32_t layers;         /* that see the past only; 0: there are none (BERT) */
	uint32_t encoder_layers; /* that see the whole sequence; 0: there are none */
	uint32_t heads;
	uint32_t kv_heads;
	uint32_t head_size;
	uint32_t vocabulary;
	uint32_t context;  /* positions the model was made for */
	uint32_t segments; /* token types; 0: it knows none */
	float norm_epsilon;
	enum config_activation activation;
	bool gated;          /* the activation is a factor of a second product */
	bool tied;           /* the output product uses the embedding */
	bool head_apart;     /* though tied: not where the files have a head (T5 1.1) */
	bool attention_bias; /* the products around attention have a bias */
	bool mlp_bias;
	bool scores_unscaled; /* not divided by the root of head_size */
	bool scores_by_layer; /* divided by the layer's number, too (GPT-2, an option) */
	bool logits_scaled;   /* multiplied by hidden_size^-0.5 (T5 with a tied head) */

	uint32_t window;                  /* positions that a layer with a window sees */
	bool windowed[CONFIG_MAX_LAYERS]; /* which layers have one */

	enum config_rope rope;
	double rope_theta;
	double rope_factor; /* linear and llama3 */
	double rope_low_frequency;
	double rope_high_frequency;
	double rope_original_context;
	bool rope_factors; /* a tensor has the factor of each frequency (GGUF) */

	uint32_t buckets; /* of distances (T5) */
	uint32_t bucket_distance;

	enum config_head head;
	uint32_t labels; /* of CONFIG_HEAD_CLASSES */

	/* How keys and values are kept. Not from a file: F32, unless whoever opens the model says
	 * otherwise. */
	enum attend_type cache;

	bool has_bos;
	uint32_t bos;
	uint32_t decoder_start; /* the first token of an answer (T5) */
	size_t eos_count;
	uint32_t eos[CONFIG_MAX_EOS];
};

/* ERR_FORMAT: not a config; ERR_UNSUPPORTED: one that this engine does not run. */
RESULT config_parse(struct config *out, struct slice text);

/* Sizes that follow from others, and whether they fit together; `file` is named in failures. */
RESULT config_fit(struct config *config, const char *file);

/* The end tokens of generation_config.json take the place of those of config.json. */
RESULT config_apply_generation(struct config *config, struct slice text);

#endif
