/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - a borrowed run of bytes, passed by value. Whoever hands one out says how long it
 * lives. It is not terminated and may hold NUL bytes.
 */
#ifndef CRYPTO_BASE_SLICE_H
#define CRYPTO_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *data;
	size_t size;
};

/* S("literal"): a slice of a string literal, without its NUL. */
#define S(literal) ((struct slice){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* For printf("%.*s", SLICE_PRINT(s)). */
#define SLICE_PRINT(s) (int)(s).size, (const char *)(s).data

static inline struct slice slice_of(const void *data, size_t size)
{
	return (struct slice){data, size};
}

/* NULL becomes the empty slice. */
static inline struct slice slice_of_string(const char *text)
{
	return (struct slice){(const uint8_t *)text, text ? strlen(text) : 0};
}

/* Not for secrets: use digest_equal (constant time) there. */
static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_starts_with(struct slice s, struct slice prefix);
bool slice_ends_with(struct slice s, struct slice suffix);
bool slice_equal_ignoring_case(struct slice a, struct slice b); /* ASCII only */

/* The part [from, from + size), clipped to what is there. */
struct slice slice_part(struct slice s, size_t from, size_t size);

/* Index of the first such byte, or s.size. */
size_t slice_find(struct slice s, uint8_t byte);

/* Split at the first `byte`: *head gets what stands before it, *rest what stands behind it.
 * False, with all in *head and *rest empty, if there is none. */
bool slice_cut(struct slice s, uint8_t byte, struct slice *head, struct slice *rest);

/* Without ASCII space and tab at both ends. */
struct slice slice_trim(struct slice s);

/* A decimal number without sign or leading zero, at most `max`. False if it is not one. */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out);

bool slice_is_utf8(struct slice s); /* strict: no overlong forms, no surrogates */

#endif
