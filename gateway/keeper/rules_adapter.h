/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_adapter.h - an adapter's files are sealed as if it were a model of its own, named by its
 * base's name and its id, "ns/name:uuid": so it has a key of its own, which can be destroyed alone.
 * No model's name has a colon.
 */
#ifndef GATEWAY_KEEPER_RULES_ADAPTER_H
#define GATEWAY_KEEPER_RULES_ADAPTER_H

#include "gateway/keeper/evidence.h"

struct adapter_name {
	struct slice model; /* the base; part of the name that was parsed */
	uint8_t id[WIRE_ID];
};

/* False: it is the name of no adapter. */
bool adapter_name_parse(struct adapter_name *out, struct slice name);

/* The name that an entry's "model" and "adapter" make. ERR_FORMAT: they make none. */
RESULT adapter_name_write(struct buf *out, const json_t *payload);

/* Is what is asked the adapter of the entry? Its revision is always "adapter". */
RESULT rules_adapter_names(struct rules *r, const json_t *payload, struct slice model,
			   struct slice revision);

/* An adapter.serve: one entry, one engine, each of the files it names once. */
RESULT rules_adapter_serve(struct rules *r, const struct evidence *e,
			   const struct wire_key_release *ask, const struct age_context *context,
			   struct adapter_name *name);

#endif
