/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - how this folder reads JSON: jansson with duplicates refused, a ceiling on the size,
 * and getters whose failure names the file and the key.
 */
#ifndef INFERENCE_FORMAT_JSON_H
#define INFERENCE_FORMAT_JSON_H

#include <jansson.h>

#include "crypto/base/buf.h"
#include "inference/format/source.h"

enum { JSON_SHOWN = 80 }; /* characters of a foreign value that an error shows */

static inline void json_auto(json_t **value)
{
	json_decref(*value);
}

/* The whole text as one value of type object. `what` names it in errors ("config.json").
 * The caller drops *out with json_decref. */
RESULT json_read_object(json_t **out, struct slice text, const char *what);

/* The same from a file of the model; ERR_NOT_FOUND if there is none, ERR_LIMIT past `limit`. */
RESULT json_read_file(json_t **out, struct model_files *files, const char *name, size_t limit);

/* An integer in 0..max. ERR_FORMAT, naming `what` and `key`. */
RESULT json_read_integer(uint64_t *out, const json_t *value, uint64_t max, const char *what,
			 const char *key);

/* The value as compact text, cut to JSON_SHOWN characters, for errors. */
void json_show(char out[JSON_SHOWN + 4], const json_t *value);

#endif
