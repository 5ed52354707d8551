/* SPDX-License-Identifier: Apache-2.0 */
/* hub.h - what the Hub routes share: how models and files are named in addresses and shown. */
#ifndef GATEWAY_API_HUB_H
#define GATEWAY_API_HUB_H

#include "gateway/api/authorize.h"
#include "gateway/api/commit.h"

/* "ns/name" or "name", from the parameters of the route. Lives in the arena. */
struct slice hub_model_name(struct exchange *x);

/* The model of the address, whoever asks; false: it has answered RepoNotFound (or a failure). */
bool hub_find_model(struct store_model *out, struct exchange *x, struct route_context *context);

/* Its revision named in the address ("main" if the route names none, "HEAD" too). False: it has
 * answered RevisionNotFound. */
bool hub_find_revision(struct store_revision *out, struct exchange *x,
		       struct route_context *context, const struct store_model *model);

/* {"type":"file","oid","size","path","lfs"?}. Digests of weights are masked for those who may
 * not read them, as the Hub does, so that nobody can probe for known files. */
json_t *hub_describe_file(struct arena *arena, const struct store_file *file, bool masked);

/* What a commit became. Texts live in the arena. */
struct hub_revision_made {
	const char *revision;
	const char *notes; /* "download only: ..." or "" */
	bool is_behind;    /* after ERR_CONFLICT: the branch has moved on */
};

/* Where a commit goes, and where its files were fetched, for the log; "" for an upload. */
struct hub_target {
	struct slice branch;
	struct slice source;
};

/* The next revision of a branch (hub_commit.c); what changes nothing is its last one. All or
 * nothing, whatever dies. ERR_NOT_FOUND: no such branch. */
RESULT hub_make_revision_on(struct hub_revision_made *out, struct exchange *x,
			    struct route_context *context, const struct store_model *model,
			    const struct commit *commit, struct hub_target target);

/* The same, of main. */
RESULT hub_make_revision(struct hub_revision_made *out, struct exchange *x,
			 struct route_context *context, const struct store_model *model,
			 const struct commit *commit, struct slice source);

/* ?create_pr=1: there are none here; true if it has answered so. */
bool hub_refuses_pull_request(struct exchange *x);

/* May the asker read this model's weights? Neither answered nor recorded: only for what to show. */
bool hub_may_read(struct exchange *x, struct route_context *context, struct slice model);

/* Disable, enable or shred: the model's state and the entry that says why, published. What takes
 * the model away also cuts off all that runs on it. ERR_CONFLICT: it is shredded. */
RESULT hub_set_model_state(struct exchange *x, struct route_context *context,
			   const struct store_model *model, enum audit_kind kind,
			   struct slice state, struct slice reason);

#endif
