/* SPDX-License-Identifier: Apache-2.0 */
/* hub.h - what the Hub routes share: how models and files are named in addresses and shown. */
#ifndef GATEWAY_API_HUB_HUB_H
#define GATEWAY_API_HUB_HUB_H

#include "gateway/api/authorize.h"
#include "gateway/api/page.h"
#include "gateway/api/upload/commit.h"
#include "schema/store/history.h"

/* "ns/name" or "name", from the parameters of the route. Lives in the arena. */
struct slice hub_model_name(struct exchange *x);

/* The model of the address, whoever asks; false: it has answered RepoNotFound (or a failure). A
 * hidden model is found only by those it concerns. */
bool hub_find_model(struct store_model *out, struct exchange *x, struct route_context *context);

/* Its revision named in the address ("main" if the route names none, "HEAD" too). False: it has
 * answered RevisionNotFound. */
bool hub_find_revision(struct store_revision *out, struct exchange *x,
		       struct route_context *context, const struct store_model *model);

/* What the asker may read of the model, for what to show; nothing is answered or recorded, but
 * hub_warn() is called. */
struct hub_sight {
	bool reads_all;
	bool is_warned; /* of an expiry: a header that depends on the time */
	struct slice open_paths;
};

struct hub_sight hub_look(struct exchange *x, struct route_context *context,
			  const struct store_model *model);
bool hub_sees(const struct hub_sight *sight, struct slice path);

/* X-HF-Warning if the asker's license ends within two weeks: the one channel by which the Hub's
 * clients show it. */
bool hub_warn(struct exchange *x, const struct grant *grant);

/* A flag of the query: "true" in any case (Python's is "True"), or "1". */
bool hub_is_true(struct exchange *x, const char *name);

/* The Link header to the page behind the item of that name. */
void hub_link_next(struct exchange *x, struct route_context *context, struct slice last);

/* hub_describe.c. {"type":"file","oid","size","path","lfs"?}: digests of what the asker may not
 * read are masked, as the Hub does, so that nobody can probe for known files. */
json_t *hub_describe_file(struct arena *arena, const struct store_file *file, bool masked);
json_t *hub_describe_folder(struct slice path); /* without a slash at its end */

/* {"rfilename"}, and with `blobs` size, blobId and lfs as ModelInfo has them. */
json_t *hub_describe_sibling(struct arena *arena, const struct store_file *file, bool blobs,
			     bool masked);

/* ModelInfo without sha and siblings. `revision` NULL: what the model has of its main branch. */
json_t *hub_describe_model(struct arena *arena, const char *external_url,
			   const struct store_model *model, const struct store_revision *revision);

/* ["README.md", ...], for answers and for the log. */
json_t *hub_describe_open_paths(struct slice list);

/* {"id","title","date"}: a tree entry's lastCommit. */
json_t *hub_describe_commit(struct arena *arena, const struct store_commit *commit);

/* A model without a revision (hub_upload.c), its entry published. ERR_FORMAT: it cannot be called
 * so; ERR_CONFLICT: there is one. */
RESULT hub_make_model(struct exchange *x, struct route_context *context, struct slice name,
		      struct slice gate, bool hidden);

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

/* Disable, enable or shred: the model's state and the entry that says why, published. What takes
 * the model away also cuts off all that runs on it. ERR_CONFLICT: it is shredded. */
RESULT hub_set_model_state(struct exchange *x, struct route_context *context,
			   const struct store_model *model, enum audit_kind kind,
			   struct slice state, struct slice reason);

#endif
