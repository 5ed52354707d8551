/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toolcall.h - calls of tools in the text that a model writes. Each model has its own form for
 * them; most have in common that a call is a JSON object with "name" and "arguments" (or
 * "parameters"), behind a marker. The reader takes text as it comes and tells at once what is
 * certain: text, then of each call its name, then its arguments piece by piece. What only begins
 * like a call comes out as the text that it is.
 *
 *     TEXT --marker--> OPEN --{--> OBJECT --}--> AFTER --end--> TEXT
 *       ^---- no call ---+------------+            +--next {--> OBJECT
 */
#ifndef INFERENCE_CHAT_TOOLCALL_H
#define INFERENCE_CHAT_TOOLCALL_H

#include <jansson.h>

#include "crypto/base/buf.h"

enum { TOOLCALL_MAX_HELD = 4 << 20 /* bytes of one call */ };

struct toolcall_format {
	const char *name;
	const char *begin;     /* the marker */
	const char *end;       /* behind each call; may be empty */
	bool is_list;          /* a JSON array of calls */
	bool is_bare;          /* at the beginning of an answer, a call needs no marker */
	const char *lead;      /* between marker and object, as models write it */
	const char *arguments; /* what they call them */
	bool is_tagged;        /* no JSON, but toolcall_tagged.h; told when it is whole */
};

/* Ends with a row without name. */
extern const struct toolcall_format TOOLCALL_FORMATS[];

enum toolcall_part { TOOLCALL_TEXT, TOOLCALL_NAME, TOOLCALL_ARGUMENTS };

/* `call`: which one, from 0. The text is borrowed for the call. */
typedef void toolcall_fn(void *context, enum toolcall_part part, unsigned call, struct slice text);

struct toolcall_reader;

/* `is_open`: the marker stands in the prompt already. `tools`: as offered, or NULL; shared. */
struct toolcall_reader *toolcall_new(const struct toolcall_format *format, bool is_open,
				     json_t *tools);
void toolcall_free(struct toolcall_reader *r); /* NULL is fine */
static inline void toolcall_auto(struct toolcall_reader **r)
{
	toolcall_free(*r);
}

void toolcall_write(struct toolcall_reader *r, struct slice text, toolcall_fn *tell, void *context);
void toolcall_finish(struct toolcall_reader *r, toolcall_fn *tell, void *context);

unsigned toolcall_count(const struct toolcall_reader *r); /* calls that are whole */

/* Is this (special) token a part of the format, and to be read as text? */
bool toolcall_is_marker(const struct toolcall_reader *r, struct slice token);

#endif
