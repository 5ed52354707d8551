/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - characters as edges over bytes: as they are, and as they stand in a JSON string. */
#ifndef INFERENCE_GRAMMAR_UTF8_H
#define INFERENCE_GRAMMAR_UTF8_H

#include "crypto/base/buf.h"
#include "inference/grammar/automaton.h"

enum { UTF8_LAST = 0x10ffff };

/* Edges between two nodes for the characters low..high, without surrogates. */
void utf8_raw(struct automaton *a, uint32_t from, uint32_t to, uint32_t low, uint32_t high);

/* The same within a JSON string. Each character has one spelling there: as it is, but for the
 * quote, the backslash and what is below a space (\n and its kind, else \u00xx in small letters).
 */
void utf8_quoted(struct automaton *a, uint32_t from, uint32_t to, uint32_t low, uint32_t high);

/* The text in that spelling, without quotes around it. */
void utf8_write_quoted(struct buf *out, struct slice text);

#endif
