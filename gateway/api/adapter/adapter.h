/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adapter.h - what the files of this folder share: who may see and use an adapter, how one is told
 * to clients and in entries, and how an engine comes to have it.
 */
#ifndef GATEWAY_API_ADAPTER_ADAPTER_H
#define GATEWAY_API_ADAPTER_ADAPTER_H

#include "gateway/api/authorize.h"
#include "schema/store/adapter.h"

enum {
	ADAPTER_MAX_BYTES = 1 << 30,        /* of its weights */
	ADAPTER_MAX_CONFIG_BYTES = 1 << 18, /* of adapter_config.json */
	ADAPTER_MAX_SUMMARY = 2000,
	ADAPTER_MAX_NAME = 64,
	ADAPTER_MAX_MODEL = 160, /* bytes of a base's name: the keeper's names have 200 */
};

#define ADAPTER_CONFIG "adapter_config.json"
#define ADAPTER_WEIGHTS "adapter_model.safetensors"

/* The adapter of the address's {id}, if the asker may know of it: its owner, who administers its
 * model, and everybody once it is published. False: it has answered 404 (or a failure). */
bool adapter_find(struct store_adapter *out, struct exchange *x, struct route_context *context);

/* Is it the asker's, and not checked yet? False: it has answered. */
bool adapter_takes_files(const struct store_adapter *a, struct exchange *x);

bool adapter_is_own(const struct store_adapter *a, const struct principal *who);
bool adapter_is_managed(const struct store_adapter *a, const struct principal *who);

/* Why `who`, who may use the model, may not use this one; NULL: they may. */
const char *adapter_obstacle(const struct store_adapter *a, const struct principal *who,
			     struct arena *arena);

json_t *adapter_describe(struct exchange *x, const struct store_adapter *a);
json_t *adapter_describe_files(struct arena *arena, const struct store_adapter_file *files,
			       size_t count);

/* "model", "adapter" (its id), "name" of an entry; and "sha256" once it is known. */
struct audit_event;
void adapter_tell(const struct store_adapter *a, struct audit_event *event);

/* A model is shredded: its adapters go with it, each with its entry. */
RESULT adapter_delete_all(struct exchange *x, struct route_context *context,
			  const struct store_model *model);

/* An engine that serves the base has it after this, read anew if need be: then against an
 * adapter.serve entry. What the engine refuses is ERR_FORMAT, ERR_UNSUPPORTED or ERR_LIMIT. */
struct wire_engine_adapted;
RESULT adapter_load(struct wire_engine_adapted *out, struct exchange *x,
		    struct route_context *context, const struct store_adapter *a, unsigned slot);

#endif
