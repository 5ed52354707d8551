/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_scope.h - for which models something holds: "ns/name", "name", or "ns/<star>" for every
 * model of a namespace, now and later. Offices and access tokens are narrowed by these.
 */
#ifndef POLICY_MODEL_SCOPE_H
#define POLICY_MODEL_SCOPE_H

#include "crypto/base/buf.h"

enum { MODEL_SCOPE_MAX = 200, MODEL_SCOPES_MAX = 32 };

RESULT model_scope_check(struct slice scope); /* ERR_FORMAT says what is wrong */

bool model_scope_covers(struct slice scope, struct slice model);

/* Does `outer` cover whatever `inner` covers? */
bool model_scope_contains(struct slice outer, struct slice inner);

/* The same for comma-separated lists, of which the empty one stands for every model. */
bool model_scopes_cover(struct slice scopes, struct slice model);
bool model_scopes_contain(struct slice outer, struct slice inner);

/* Adds to the list what both cover: `scope` alone, and the comma-separated list (empty: all). */
void model_scopes_meet(struct buf *out, struct slice scope, struct slice list);

#endif
