/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_place.h - where in a text a value of it stands. jansson forgets that, so a second, small
 * pass over the text looks for it: only where something is to be said about the value, and only
 * over text that json_read() has accepted, whose shape is therefore known to be right.
 */
#ifndef CRYPTO_JSON_PLACE_H
#define CRYPTO_JSON_PLACE_H

#include "crypto/base/slice.h"

/* A value by the way to it: the last step first. The root is NULL. Lives on callers' stacks. */
struct json_step {
	const struct json_step *up;
	const char *name; /* of a member; NULL: an element */
	size_t index;
};

/* As editors count: from 1, columns in characters (of UTF-8), not in bytes. */
struct json_place {
	unsigned line, column;
};

enum { JSON_PLACE_MAX_STEPS = 64 }; /* deeper than JSON_MAX_DEPTH allows */

/* Where the value begins; of a step that leads nowhere, where the last value on the way begins.
 * `text` must have been accepted by json_read(). */
struct json_place json_place_find(struct slice text, const struct json_step *step);

#endif
