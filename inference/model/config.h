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

enum {
	CONFIG_MAX_TEXT = 1 << 20, /* bytes of config.json */
	CONFIG_MAX_LAYERS = 512,
	CONFIG_MAX_WIDTH = 1 << 17, /* hidden and intermediate size */
	CONFIG_MAX_HEADS = 1024,
	CONFIG_MAX_VOCABULARY = 1 << 20,
	CONFIG_MAX_CONTEXT = 1 << 20, /* positions */
	CONFIG_MAX_EOS = 8,
};

enum config_rope { CONFIG_ROPE_PLAIN, CONFIG_ROPE_LINEAR, CONFIG_ROPE_LLAMA3 };

struct config {
	uint32_t hidden_size;
	uint32_t intermediate_size;
	uint32_t layers;
	uint32_t heads;
	uint32_t kv_heads;
	uint32_t head_size;
	uint32_t vocabulary;
	uint32_t context; /* positions the model was made for */
	float norm_epsilon;
	bool tied;           /* the output product uses the embedding */
	bool attention_bias; /* q, k, v and o have a bias */
	bool mlp_bias;

	enum config_rope rope;
	double rope_theta;
	double rope_factor; /* linear and llama3 */
	double rope_low_frequency;
	double rope_high_frequency;
	double rope_original_context;

	bool has_bos;
	uint32_t bos;
	size_t eos_count;
	uint32_t eos[CONFIG_MAX_EOS];
};

/* ERR_FORMAT: not a config; ERR_UNSUPPORTED: one that this engine does not run. */
RESULT config_parse(struct config *out, struct slice text);

/* The end tokens of generation_config.json take the place of those of config.json. */
RESULT config_apply_generation(struct config *config, struct slice text);

#endif
