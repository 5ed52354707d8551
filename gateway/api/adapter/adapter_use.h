/* SPDX-License-Identifier: Apache-2.0 */
/* adapter_use.h - a call that names an adapter, "ns/name:adapter": which one, may they, where. */
#ifndef GATEWAY_API_ADAPTER_ADAPTER_USE_H
#define GATEWAY_API_ADAPTER_ADAPTER_USE_H

#include "gateway/api/adapter/adapter.h"
#include "gateway/api/infer/call.h"

/* The base's name, and what stands behind the colon; "" if there is none. */
struct slice adapter_split(struct slice *name, struct slice model);

/* The one that the asker means by a name of the decided model: their own, else the published one.
 * ERR_NOT_FOUND in words for clients; ERR_DENIED, with why, if it is there and not for use. */
RESULT adapter_choose(struct store_adapter *out, struct exchange *x, struct route_context *context,
		      const struct grant *grant, struct slice name);

/* For call.c: after the decision on the base. False: it has answered. */
bool adapter_accept(struct call *c, struct slice name);

/* The call's engine has its adapter after this. */
RESULT adapter_enter(struct call *c);

/* {"id","object","created","owned_by","root","parent"} as vLLM lists adapters. */
json_t *adapter_describe_model(struct arena *arena, const struct store_adapter *a);

#endif
