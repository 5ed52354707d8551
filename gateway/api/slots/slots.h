/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - which engine serves which model. A slot is a process that serves one revision in its
 * life; to change the model, the process ends and the supervisor starts a fresh, empty one. Edges
 * share out the engines (engine i is edge i mod edges') and the memory for them, so that each knows
 * what its own serve and take.
 *
 * A model that nobody has loaded is loaded when it is asked for, beside others as long as the
 * memory holds it; else those go that nobody uses, the least recently used first. Who asks for one
 * that is on its way waits for the same load.
 */
#ifndef GATEWAY_API_SLOTS_SLOTS_H
#define GATEWAY_API_SLOTS_SLOTS_H

#include "gateway/api/authorize.h"

struct slots;

struct slots_options {
	unsigned count;        /* of all engines */
	unsigned edge, edges;  /* which this is, of how many */
	uint64_t memory_bytes; /* for all engines of the gateway */
	uint64_t engine_bytes; /* for one of them at most */
	int64_t wait_ms;       /* how long a call waits for a load or for room */
};

/* Asks the machine: what gateway.inference_memory_mib stands for. Before the sandbox. */
RESULT slots_options_read(struct slots_options *out, const struct settings *settings,
			  unsigned edge);

struct slots *slots_new(const struct slots_options *options);
void slots_free(struct slots *s); /* NULL is fine */

/* Pins have changed: look at once. */
void slots_poke(struct slots *s);

/* The thread that follows loads and keeps pinned models loaded; `context` is its own. */
RESULT slots_start(struct slots *s, struct route_context *context);
void slots_stop(struct slots *s);

/* What a slot is to serve. Borrowed. */
struct slot_wish {
	uint8_t model[STORE_ID];
	struct slice name, revision;
};

struct slot_wish slots_wish(const struct grant *grant);

/*
 * A slot that serves this revision, loaded if need be: a model.serve entry is published, and the
 * keeper gives the file keys to that engine. Call slots_leave() when done with it. `is_cut` (may be
 * NULL): what the caller asks on was withdrawn.
 *
 * ERR_UNSUPPORTED: it does not fit into memory, with the numbers, or the engine does not run it;
 * ERR_CONFLICT: others use what it needs; ERR_TIMEOUT: it is being loaded, and is a matter of
 * *later_seconds more; ERR_CLOSED: the client went while it waited; ERR_DENIED: withdrawn
 * meanwhile; ERR_UNAVAILABLE: its engine ended, twice; ERR_FORMAT, ERR_LIMIT, ERR_FORGED: what the
 * engine said of the files.
 */
RESULT slots_enter(unsigned *out, unsigned *later_seconds, struct exchange *x,
		   struct route_context *context, const struct slot_wish *wish,
		   const atomic_bool *is_cut);
void slots_leave(struct slots *s, unsigned slot);

/* The answer to a failure of slots_enter; `why` is its text. */
void slots_refuse(struct exchange *x, struct api *api, enum err result, const char *why,
		  unsigned later_seconds);

/* The engines that serve this model end at once, whoever uses them: an emergency stop. */
void slots_drop_model(struct slots *s, struct rpc *rpc, const uint8_t model[STORE_ID]);

/* The same of one revision; `subject` is of cuts_revision. */
void slots_drop_revision(struct slots *s, struct rpc *rpc, const uint8_t subject[STORE_ID]);

/* Out of memory, by an administrator's wish: at once, or (is_cut false) when those who use it are
 * done; nobody new gets in. How many of them there are. It may be loaded again. */
unsigned slots_unload(struct slots *s, struct rpc *rpc, const uint8_t model[STORE_ID], bool is_cut);

/* An adapter is forgotten wherever it is loaded, and what runs with it ends. */
void slots_drop_adapter(struct slots *s, struct rpc *rpc, const uint8_t adapter[STORE_ID]);

/* What can the engines serve a model with this config.json for? *tasks, of the arena:
 * "embed,generate" (able.h). ERR_UNSUPPORTED says why for nothing. */
RESULT slots_check(struct slice *tasks, struct api *api, struct arena *arena, struct slice config);

/* Can they read this chat template? If not, the failure says where and why. */
RESULT slots_check_chat(struct api *api, struct slice text);

/* What it would take, by config.json and the bytes of its safetensors, as the model's setting
 * `quantize` has it. */
struct store_need;
RESULT slots_size(struct store_need *out, struct route_context *context,
		  const uint8_t model[STORE_ID], struct slice config, uint64_t stored_bytes);

/* ERR_UNSUPPORTED: "does not fit: needs X of Y". */
RESULT slots_fits(const struct slots *s, const struct store_need *need);

/* ERR_UNSUPPORTED, with the numbers: not beside the models that are pinned, as they are loaded now
 * or are to be. */
RESULT slots_fits_pinned(struct slots *s, const struct store_need *need,
			 const uint8_t model[STORE_ID], struct arena *arena, struct store *store);

/* What this edge's engines do: [{"slot","state",...}], for GET /api/v1/engines. */
json_t *slots_describe(struct slots *s, struct rpc *rpc, struct arena *arena);

/* Beside that: {"limit_bytes","free_bytes",...} of this edge. */
json_t *slots_describe_memory(struct slots *s, struct rpc *rpc);

/* The gauges of /metrics. */
struct slots_count {
	unsigned loading, ready, ending, empty, pinned;
	uint64_t limit_bytes, used_bytes, loads, evictions, refused;
};
struct slots_count slots_count(struct slots *s, struct rpc *rpc);

/* The key of a sealed file goes to that engine, against an entry that names the file. */
RESULT slots_give_key(struct api *api, const uint8_t event[WIRE_ID], struct slice header,
		      struct slice path, unsigned slot, uint64_t handle);

#endif
