/* SPDX-License-Identifier: Apache-2.0 */
/*
 * characters.h - UTF-8 text by characters, as Python counts them. Texts here are valid UTF-8:
 * templates are checked, JSON is, and nothing cuts one within a character.
 */
#ifndef INFERENCE_TEMPLATE_CHARACTERS_H
#define INFERENCE_TEMPLATE_CHARACTERS_H

#include "crypto/base/buf.h"

static inline bool is_space_byte(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t character_size(struct slice text);             /* bytes of the first; 0 at the end */
size_t character_count(struct slice text);            /* how many there are */
uint32_t character_read(struct slice text);           /* the first; text is not empty */
void character_write(struct buf *out, uint32_t code); /* a Unicode scalar value */
bool character_is_space(uint32_t code);               /* as str.strip() and str.split() see it */

/* One character for one: the sharp s stays what it is. */
uint32_t character_upper(uint32_t code);
uint32_t character_lower(uint32_t code);

/* Without white space at the ends that are asked for; where `set` is not empty, without its
 * characters instead. */
struct slice text_strip_left(struct slice text, struct slice set);
struct slice text_strip_right(struct slice text, struct slice set);

/* Offset of `what` in `text` from `from` on, or text.size + 1 if it is not there. */
size_t text_find(struct slice text, struct slice what, size_t from);

#endif
