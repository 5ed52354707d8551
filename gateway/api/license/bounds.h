/* SPDX-License-Identifier: Apache-2.0 */
/* bounds.h - "limits", "regions", "uses" and "plan" of a body: what a license shall say beside its
 * rights. */
#ifndef GATEWAY_API_LICENSE_BOUNDS_H
#define GATEWAY_API_LICENSE_BOUNDS_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

struct bounds {
	struct slice limits;  /* canonical JSON; empty: none */
	struct slice regions; /* comma-separated, as the next */
	struct slice uses;
	struct slice plan; /* a name of crypto/license.h; empty: nothing was said */
};

/* Checked as the license itself checks them. ERR_FORMAT, ERR_LIMIT. */
RESULT bounds_read(struct bounds *out, struct arena *arena, const json_t *body);

/* "plan" alone. ERR_FORMAT: there is no such plan. */
RESULT bounds_read_plan(struct slice *out, const json_t *body);

/* "a,b" of ["a","b"]; a member that is missing gives the empty text. ERR_FORMAT: more than `max`,
 * or one that `is_good` does not find good. */
RESULT bounds_read_list(struct slice *out, struct arena *arena, const json_t *body,
			const char *name, size_t max, bool (*is_good)(struct slice text));

#endif
