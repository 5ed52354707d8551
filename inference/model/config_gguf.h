/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_gguf.h - a model's description, read from the metadata of its GGUF file. As with
 * config.json, a key of the architecture that nobody reads must say nothing.
 */
#ifndef INFERENCE_MODEL_CONFIG_GGUF_H
#define INFERENCE_MODEL_CONFIG_GGUF_H

#include "inference/format/gguf.h"
#include "inference/model/config.h"

/* ERR_FORMAT: not a model; ERR_UNSUPPORTED: one that this engine does not run, with the key. */
RESULT config_of_gguf(struct config *out, const struct gguf *g);

#endif
