/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - which engine serves which model. A slot is a process that serves one revision in its
 * life; to change the model, the process ends and the supervisor starts a fresh, empty one. Edges
 * share out the engines (engine i is edge i mod edges'), so that each knows what its own serve.
 */
#ifndef GATEWAY_API_INFER_SLOTS_H
#define GATEWAY_API_INFER_SLOTS_H

#include "gateway/api/authorize.h"

struct slots;

/* All engines, which edge this is, and of how many. */
struct slots *slots_new(unsigned count, unsigned edge, unsigned edges);
void slots_free(struct slots *s);

/*
 * A slot that serves the grant's revision, loaded if need be: a model.serve entry is published,
 * and the keeper gives the file keys to that engine. Call slots_leave() when done with it.
 * ERR_CONFLICT: every slot is busy with other models; ERR_CLOSED: the client went while it waited;
 * ERR_UNAVAILABLE: an engine died; ERR_UNSUPPORTED and ERR_LIMIT: what the engine said of it.
 */
RESULT slots_enter(unsigned *out, struct exchange *x, struct route_context *context,
		   const struct grant *grant);
void slots_leave(struct slots *s, unsigned slot);

/* The engines that serve this model end at once, whoever uses them: an emergency stop. */
void slots_drop_model(struct slots *s, struct rpc *rpc, const uint8_t model[STORE_ID]);

/* The same of one revision; `subject` is of cuts_revision. */
void slots_drop_revision(struct slots *s, struct rpc *rpc, const uint8_t subject[STORE_ID]);

/* Can the engines run a model with this config.json? ERR_UNSUPPORTED says why not. */
RESULT slots_check(struct api *api, struct slice config);

#endif
