/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_runnable.h - what an engine says of a revision that is about to be made: can it be run, what
 * would it take, and does it say how chats are written?
 */
#ifndef GATEWAY_API_HUB_HUB_RUNNABLE_H
#define GATEWAY_API_HUB_HUB_RUNNABLE_H

#include "gateway/api/api.h"
#include "gateway/api/upload/commit.h"
#include "schema/store/service.h"

struct runnable {
	bool runnable;
	struct slice tasks; /* "embed,generate": able.h */
	const char *reason; /* why not; or what is in its way for now; or "" */
	bool has_template;
	struct slice chat;      /* its template: "yes", "no: why", or empty: not tried */
	struct store_need need; /* least_bytes 0: not known yet */
};

struct runnable_question {
	const struct commit *commit;
	const struct store_revision *parent; /* zeroed: none */
	bool has_config;                     /* the new revision has a config.json, */
	bool has_template;                   /* and a chat_template.jinja; */
	bool has_safetensors;                /* at its top, as are the */
	size_t gguf_count;                   /* GGUF files; */
	uint64_t stored_bytes;               /* of all those safetensors */
};

/* The reason lives in the arena. A failure is one of ours (no engine answers, the database). */
RESULT hub_runnable(struct runnable *out, struct route_context *context, struct arena *arena,
		    const uint8_t model[STORE_ID], const struct runnable_question *question);

#endif
