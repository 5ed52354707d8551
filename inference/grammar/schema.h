/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - a JSON Schema (2020-12) as rules of an automaton. What is understood is followed
 * exactly, but for what the README lists; all else is refused with the JSON pointer of the keyword.
 */
#ifndef INFERENCE_GRAMMAR_SCHEMA_H
#define INFERENCE_GRAMMAR_SCHEMA_H

#include <jansson.h>

#include "inference/grammar/shapes.h"

enum {
	SCHEMA_MAX_DEPTH = 64,      /* schemas within each other */
	SCHEMA_MAX_REFERENCES = 32, /* $ref and allOf, one behind the other */
	SCHEMA_MAX_BRANCHES = 256,  /* of anyOf, those of merged schemas multiplied */
	SCHEMA_MAX_WORK = 1 << 17,  /* keywords looked at, again where schemas are merged */
	SCHEMA_MAX_ITEMS = 1 << 16, /* of minItems, maxLength and their kind */
};

enum schema_reading {
	SCHEMA_OPEN,   /* as the standard reads it */
	SCHEMA_CLOSED, /* objects with properties and arrays with prefixItems have no others, where
			* they do not say */
};

/* The rule for what the schema describes. `pointer` is where it stands, for errors ("#"). */
RESULT schema_rule(uint32_t *rule, struct shapes *shapes, const json_t *schema,
		   enum schema_reading reading, const char *pointer);

#endif
