/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.h - what an answer must look like, as an automaton over bytes, and which tokens of a
 * vocabulary may therefore come next. A text says what is wanted (its kind says in what language:
 * a JSON Schema, a list of choices, a regular expression, calls of tools); grammar_new makes the
 * automaton; a grammar_run walks it for one answer.
 *
 *     grammar_run_mask -> (a token is chosen) -> grammar_run_take -> ... -> grammar_run_is_over
 */
#ifndef INFERENCE_GRAMMAR_GRAMMAR_H
#define INFERENCE_GRAMMAR_GRAMMAR_H

#include "crypto/base/buf.h"

enum {
	GRAMMAR_MAX_TEXT = 32 * 1024, /* bytes of what says what is wanted */
	GRAMMAR_MAX_DEPTH = 128,      /* frames: at least 40 arrays or objects within each other */
};

enum grammar_kind {
	GRAMMAR_NONE,   /* anything: there is no grammar */
	GRAMMAR_OBJECT, /* any JSON object; no text */
	GRAMMAR_SCHEMA, /* a JSON Schema, as its standard reads it */
	GRAMMAR_STRICT, /* the same, but an object with "properties" that does not mention
			 * "additionalProperties" has no others */
	GRAMMAR_CHOICE, /* a JSON array of strings: one of them, as it stands */
	GRAMMAR_REGEX,  /* a regular expression that the whole answer matches */
	/*
	 * Calls of tools, as templates write them: {"begin":"","end":"","separator":"\n","max":1,
	 * "alternatives":[{"prefix":"<tool_call>\n{\"name\": \"f\", \"arguments\": ",
	 * "schema":{...},"suffix":"}\n</tool_call>"}]}. `begin`, then 1 to `max` (default 1, at
	 * most 64) times one of the alternatives with `separator` between two, then `end`. Texts
	 * may be left out and are then empty. Schemas are read as GRAMMAR_STRICT reads them.
	 */
	GRAMMAR_CALLS,
	GRAMMAR_KINDS,
};

struct grammar;
struct grammar_run;
struct grammar_vocabulary;

/* Would grammar_new refuse this text? */
RESULT grammar_check(enum grammar_kind kind, struct slice text);

/* Reads `text` and makes the automaton; keeps nothing of it. `vocabulary` is borrowed until
 * grammar_free; NULL: bytes can be walked, and there are no masks.
 * ERR_FORMAT: not JSON, or not what the kind asks for. ERR_UNSUPPORTED: a keyword that is not
 * known here. ERR_LIMIT: too large. All name the place by its JSON pointer. */
RESULT grammar_new(struct grammar **out, enum grammar_kind kind, struct slice text,
		   const struct grammar_vocabulary *vocabulary);
void grammar_free(struct grammar *g); /* NULL is fine; after its runs */
AUTO_POINTER(grammar)
size_t grammar_memory_bytes(const struct grammar *g);

/* One answer, at its beginning; `g` is borrowed. */
struct grammar_run *grammar_run_new(struct grammar *g);
void grammar_run_free(struct grammar_run *r); /* NULL is fine */
AUTO_POINTER(grammar_run)

/* A bit for each token that may come next (token i: bit i % 64 of word i / 64); end tokens among
 * them where the answer may end. Borrowed until the next call for any run of this grammar.
 * `is_first`: the token would be the first of its text (what tokenizers drop there is dropped). All
 * zeros: no token can go on, and none may end. */
const uint64_t *grammar_run_mask(struct grammar_run *r, bool is_first);

/* The bytes that were written. False if the automaton has no way for them (the run stays where it
 * was). */
bool grammar_run_take(struct grammar_run *r, struct slice bytes);

bool grammar_run_may_end(const struct grammar_run *r); /* what was written is whole */
bool grammar_run_is_over(const struct grammar_run *r); /* and nothing can follow */

#endif
