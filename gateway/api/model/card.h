/* SPDX-License-Identifier: Apache-2.0 */
/*
 * card.h - the form in a model card: what the YAML front matter of README.md says under
 * extra_gated_*. Read with libyaml's events, one pass, under ceilings; anchors, aliases and tags
 * are refused, so nothing in it grows when it is read. Pure.
 */
#ifndef GATEWAY_API_MODEL_CARD_H
#define GATEWAY_API_MODEL_CARD_H

#include "crypto/base/arena.h"
#include "policy/form.h"

enum {
	CARD_MAX_FRONT = 256 * 1024, /* bytes of front matter */
	CARD_MAX_EVENTS = 20000,     /* scalars, and begins and ends of lists, in it */
	CARD_MAX_DEPTH = 16,
};

/*
 * The form of a README.md. A card that does not mention extra_gated_ has the empty form, whatever
 * else is in it and however broken; one that does must be readable. ERR_FORMAT, ERR_LIMIT name the
 * line or the field. Texts are the arena's.
 */
RESULT card_read_form(struct form *out, struct arena *arena, struct slice readme);

#endif
