/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unicode.h - characters of a text that is known to be UTF-8, and the classes that tokenizers ask
 * about. Categories come from utf8proc; what Rust and Oniguruma understand differently than it
 * (white space, word characters) is spelled out here.
 */
#ifndef INFERENCE_TOKENIZER_UNICODE_H
#define INFERENCE_TOKENIZER_UNICODE_H

#include "crypto/base/buf.h"

#define UNICODE_REPLACEMENT S("\xef\xbf\xbd")

typedef bool unicode_class(uint32_t character);

/* The character at `at`, which moves behind it. `at` is below text.size. */
uint32_t unicode_next(struct slice text, size_t *at);
void unicode_write(struct buf *out, uint32_t character);
size_t unicode_size(uint8_t first); /* bytes of a character that begins so */

bool unicode_is_space(uint32_t c);           /* White_Space */
bool unicode_is_number(uint32_t c);          /* Nd, Nl, No */
bool unicode_is_punctuation(uint32_t c);     /* P*, and ASCII's symbols */
bool unicode_is_word(uint32_t c);            /* \w of Unicode TR 18 */
bool unicode_is_mark(uint32_t c);            /* Mn, Mc, Me */
bool unicode_is_nonspacing_mark(uint32_t c); /* Mn */
bool unicode_is_other(uint32_t c);           /* Cc, Cf, Co, Cs */
bool unicode_is_han(uint32_t c);             /* the blocks that BERT puts spaces around */

/* Append the lower case: of U+0130 two characters, else one. */
void unicode_write_lower(struct buf *out, uint32_t c);

enum unicode_form { UNICODE_NFC, UNICODE_NFD, UNICODE_NFKC, UNICODE_NFKD };

/* Append the text in a normal form (Unicode TR 15). ERR_LIMIT for more than 256 marks upon one
 * character: putting those in order takes the square of their count. */
RESULT unicode_normalize(struct buf *out, struct slice text, enum unicode_form form);

/* The size of the grapheme cluster that `text` begins with (Unicode TR 29). */
size_t unicode_grapheme(struct slice text);

size_t unicode_spaces_at_start(struct slice text); /* in bytes */
size_t unicode_spaces_at_end(struct slice text);

/* What bytes, at least one, begin with: a character; or what could become one, were it not the end;
 * or the longest such beginning and then something else. *size: bytes of it. */
enum unicode_part { UNICODE_WHOLE, UNICODE_BEGINNING, UNICODE_BROKEN };
enum unicode_part unicode_part(struct slice bytes, size_t *size);

/* Append bytes as text; each longest beginning of a character that is none becomes one U+FFFD. */
void unicode_write_lossy(struct buf *out, struct slice bytes);

#endif
