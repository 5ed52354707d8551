/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - lists of rights: of a token's scope, of a person's offices. Pure. A scope only ever
 * narrows: what was asked for and cannot be read is an error, never "everything".
 */
#ifndef GATEWAY_API_SCOPE_H
#define GATEWAY_API_SCOPE_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/err.h"
#include "policy/rights.h"

/* "a,b" as a set; names that are no rights count for nothing. */
right_set scope_of_list(struct slice list);

/* ["a","b"] as "a,b", in the arena; absent or null is "". ERR_FORMAT: not an array, or a name that
 * is no right; scope_read_offices takes rights of office only. */
RESULT scope_read_rights(struct slice *list, struct arena *arena, const json_t *object,
			 const char *name);
RESULT scope_read_offices(struct slice *list, struct arena *arena, const json_t *object,
			  const char *name);

/* What a token is narrowed to: lists, comma-separated; an empty one does not narrow. */
struct scope {
	struct slice rights;
	struct slice models;    /* of policy/model_scope.h */
	struct slice addresses; /* of policy/address_range.h */
};

/* The "scope":{"rights":[...],"models":[...],"addresses":[...]} of a token that is asked for. All
 * empty: none was sent, which is a token that is not narrowed. ERR_FORMAT: a scope that narrows
 * nothing, or a list in it that is empty or broken. */
RESULT scope_read(struct scope *out, struct arena *arena, const json_t *body);

/* May someone with these rights give this list on? "" stands for everything. */
bool scope_is_within(struct slice list, right_set rights);

#endif
