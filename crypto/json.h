/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - JSON from strangers, read strictly; and JSON of ours, written so that the same
 * value is always the same bytes (RFC 8785 for strings, integers, booleans, null, arrays and
 * objects; no fractions).
 */
#ifndef CRYPTO_JSON_H
#define CRYPTO_JSON_H

#include <jansson.h>

#include "crypto/base/buf.h"
#include "crypto/json_place.h"

enum { JSON_MAX_DEPTH = 32 };

/* One object or array and nothing behind it but space: at most max_bytes, JSON_MAX_DEPTH
 * levels, strict UTF-8, no name twice in an object, no NUL in a string. */
RESULT json_read(json_t **out, struct slice text, size_t max_bytes);
void json_free(json_t *value); /* NULL is fine */

/* The same, and where it stopped, for who shows the text to its author. */
RESULT json_read_at(json_t **out, struct slice text, size_t max_bytes, struct json_place *stopped);

static inline void json_auto(json_t **value) /* AUTO(json_auto) json_t *value = NULL; */
{
	json_free(*value);
}

/* Members of an object. What is returned is borrowed from it. Missing or of another kind:
 * ERR_FORMAT naming the member. The _or forms give the fallback if it is missing or null. */
RESULT json_get_text(struct slice *out, const json_t *object, const char *name);
RESULT json_get_text_or(struct slice *out, const json_t *object, const char *name,
			struct slice fallback);
RESULT json_get_int(int64_t *out, const json_t *object, const char *name);
RESULT json_get_int_or(int64_t *out, const json_t *object, const char *name, int64_t fallback);
RESULT json_get_number_or(double *out, const json_t *object, const char *name, double fallback);
RESULT json_get_bool_or(bool *out, const json_t *object, const char *name, bool fallback);
RESULT json_get_array(const json_t **out, const json_t *object, const char *name);
RESULT json_get_object(const json_t **out, const json_t *object, const char *name);
bool json_has(const json_t *object, const char *name); /* there, and not null */

/* An element that must be a string. */
RESULT json_text_at(struct slice *out, const json_t *array, size_t index);

/* ERR_FORMAT naming the first member that is not in `names` (ends with NULL). */
RESULT json_only(const json_t *object, const char *const names[]);

/* Builds for writers: an object or array owns what is put into it. The text must be UTF-8. */
json_t *json_object_new(void);
json_t *json_array_new(void);
void json_put(json_t *object, const char *name, json_t *value); /* takes the value over */
void json_put_text(json_t *object, const char *name, struct slice text);
void json_put_int(json_t *object, const char *name, int64_t value);
void json_put_bool(json_t *object, const char *name, bool value);
void json_push(json_t *array, json_t *value); /* takes the value over */
void json_push_text(json_t *array, struct slice text);

/* Sorted names, no spaces. ERR_UNSUPPORTED for a number that is not an integer. */
RESULT json_write_canonical(struct buf *out, const json_t *value);

/* A JSON string with its quotes. */
void json_write_string(struct buf *out, struct slice text);

#endif
