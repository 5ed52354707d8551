/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - what an adapter_config.json of PEFT says: which products of a base model an adapter
 * changes, and by how much. What would change the result in a way that is not computed here is
 * refused by the name of its key, as is a key that is not known.
 */
#ifndef INFERENCE_ADAPTER_CONFIG_H
#define INFERENCE_ADAPTER_CONFIG_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	ADAPTER_MAX_CONFIG = 256 << 10, /* bytes of adapter_config.json */
	ADAPTER_MAX_RANK = 256,
	ADAPTER_MAX_ALPHA = 1 << 16,
};

struct adapter_config;

/* ERR_FORMAT: not such a file; ERR_UNSUPPORTED: one whose adapter is not computed here. */
RESULT adapter_config_parse(struct adapter_config **out, struct slice text);
void adapter_config_free(struct adapter_config *c); /* NULL is fine */
static inline void adapter_config_auto(struct adapter_config **c)
{
	adapter_config_free(*c);
}

/* Of one module ("model.layers.0.self_attn.q_proj") of one layer: the rank that its matrices must
 * have, and the factor of B (A x). ERR_FORMAT: the config leaves this module alone. */
RESULT adapter_config_module(const struct adapter_config *c, struct slice module, uint32_t layer,
			     uint32_t *rank, double *scale);

#endif
