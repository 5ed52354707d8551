/* SPDX-License-Identifier: Apache-2.0 */
/* other_keys.h - strings that are none of some names: what additionalProperties are called. */
#ifndef INFERENCE_GRAMMAR_OTHER_KEYS_H
#define INFERENCE_GRAMMAR_OTHER_KEYS_H

#include <jansson.h>

#include "inference/grammar/shapes.h"

/* A JSON string, each character in its one spelling (utf8_quoted), that is no name of a member of
 * `names`; of all strings if there are none. */
uint32_t other_keys_rule(struct shapes *shapes, const json_t *names);

#endif
