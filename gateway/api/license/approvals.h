/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvals.h - what approvers have signed, on its way from a body to the keeper, which alone
 * decides whether it holds: the edge asks first, so that nothing is written that would have no
 * effect. A refusal of the keeper's is ERR_DENIED with a text that begins with "approval: "
 * (APPROVAL_NEEDED).
 */
#ifndef GATEWAY_API_LICENSE_APPROVALS_H
#define GATEWAY_API_LICENSE_APPROVALS_H

#include "gateway/api/license/issue.h"

/* How the keeper stands to approvals; texts live in the arena. */
struct approvals_state {
	unsigned persons; /* that have a key; 0: nothing needs a signature */
	unsigned needed;  /* for what concerns the model */
	unsigned floor;   /* for a change of approvers */
	const char *gateway;
};

/* `model` may be empty. */
RESULT approvals_state(struct approvals_state *out, struct arena *arena, struct api *api,
		       struct slice model);

/* "approvals":[...] or "approval":{...} of a body; none is fine. Borrows from it. */
RESULT approvals_read(struct issue_approval out[ISSUE_MAX_APPROVALS], size_t *count,
		      const json_t *body);

/* With the keys that the key_ids are of. ERR_FORMAT if one is no enrolled key. */
RESULT approvals_wire(struct wire_approval out[WIRE_MAX_APPROVALS], struct route_context *context,
		      struct arena *arena, const struct issue_approval *given, size_t count);

/* "approvals" of an entry: with them an auditor can check the signatures. */
json_t *approvals_describe(struct arena *arena, const struct wire_approval *list, size_t count);

/* An act that approvers may have to sign: their approvals join the event, all of whose fields are
 * there by now, and the keeper is asked whether it would follow it. `body` NULL: none. */
RESULT approvals_join(struct audit_event *event, struct exchange *x, struct route_context *context,
		      const json_t *body);

/* The same question about a license that is to be signed. */
RESULT approvals_check_license(struct api *api, const struct wire_license_sign *ask);

/* A license that would have come by itself, and that no approver has signed for: the request waits
 * for a person to decide it. OK in place of that refusal, any other result as it is. */
RESULT approvals_leave(enum err result);

/* A license as it will be at most: no right that a statement lacks, no date outside of one.
 * ERR_DENIED if nothing is left; ERR_FORMAT if one is no statement about a license. */
RESULT approvals_fit(struct issue *issue, struct arena *arena);

#endif
