/* SPDX-License-Identifier: Apache-2.0 */
/*
 * importing.h - an import under way: what its two halves share. imports.c tells the story (look,
 * make the model, fetch, commit); import_files.c moves the files, a few at a time.
 */
#ifndef GATEWAY_API_OUTBOUND_IMPORTING_H
#define GATEWAY_API_OUTBOUND_IMPORTING_H

#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/outbound/outbound.h"
#include "gateway/api/outbound/upstream.h"

struct importing {
	struct exchange *x;
	struct route_context *context;
	struct outbound outbound;
	struct store_model model;
	struct upstream source;
	struct upstream_tree tree;
	struct store_file *before; /* the revision that is main now */
	size_t before_count;
	struct commit commit;
	uint64_t bytes; /* of all files */
	uint64_t small; /* bytes held in memory so far */
	size_t sent;    /* files that were fetched; the others are here already */
	uint64_t fetched;
	int64_t began_ms;
	bool create;       /* the model, if there is none, */
	struct slice gate; /* with this gate */
	bool is_created;
};

/* One line of JSON to the client; takes `line` over. ERR_CLOSED: the client has gone. */
RESULT importing_say(const struct importing *i, json_t *line);

struct commit_operation *importing_operation(struct importing *i, enum commit_kind kind,
					     struct slice path);

/* Every file of the tree: here already, held for the commit, or fetched and sealed. */
RESULT importing_take_files(struct importing *i);

#endif
