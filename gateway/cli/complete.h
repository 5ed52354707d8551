/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complete.h - are these all entries of a license, or of a person? Judges the lines that GET
 * /api/v1/audit/completeness answers with, one by one, wherever they are read from; nothing here
 * asks a gateway. Memory is the same for any number of entries.
 *
 *     AUTO(complete_clear) struct complete c = {.subject = AUDIT_SUBJECT_LICENSE, .id = id,
 *                                               .vkey = vkey};
 *     for each line: TRY(complete_line(&c, &arena, line));
 *     TRY(complete_end(&c));
 *
 * Proved then: each entry is under the checkpoint, commits to its payload, is of the license, and
 * names the one before it, without a hole from number 1 to the last. Not proved: that the last one
 * is the last. That is the gateway's statement, itself an entry of the log.
 *
 * Of an entry whose payload was erased there is the leaf, and its place by the one that follows;
 * and an entry of the log must say that it was erased, else it is not believed.
 */
#ifndef GATEWAY_CLI_COMPLETE_H
#define GATEWAY_CLI_COMPLETE_H

#include "crypto/base/arena.h"
#include "crypto/note.h"
#include "schema/audit/chain_check.h"

enum { COMPLETE_MAX_LINE = 1024 * 1024 };

/* What was stated another time, or follows from a receipt: it must not be denied now. */
struct complete_earlier {
	bool is_given, is_met;
	uint64_t count, last, size; /* last: a place (chain.h) */
};
struct complete_held {
	bool is_given, is_met;
	uint64_t place;
	struct slice entry; /* a row's own, if it is one */
};

/* The entry that says what was erased, as last given. */
struct complete_erasure {
	struct arena arena;
	uint64_t index;
	size_t count;
	uint64_t (*ranges)[2]; /* first and last place of each: of entries, or of rows of one */
};

struct complete {
	/* By the caller. */
	enum audit_subject subject;
	struct slice id; /* empty: whatever it is about */
	struct slice vkey;
	struct complete_earlier earlier;
	struct complete_held held;

	/* Read, in this order. */
	bool has_head, has_end;
	struct slice note; /* the checkpoint as it came; in the arena */
	uint64_t size;     /* its size: the entries of the log that all this is about */
	struct digest root;
	uint64_t count, last; /* as stated; the place of the last one */
	uint64_t stated_at;   /* index of the statement's entry */
	struct audit_walk walk;
	uint64_t erased;     /* entries without a payload */
	bool is_last_erased; /* nothing that follows confirms it */
	struct complete_erasure erasure;
};

/* The next line, without its end. ERR_FORGED: something does not hold, or is missing; ERR_FORMAT:
 * it is no such line. What the head holds is kept in the arena. */
RESULT complete_line(struct complete *c, struct arena *arena, struct slice line);

/* Behind the last line: is it whole? */
RESULT complete_end(const struct complete *c);

void complete_clear(struct complete *c); /* fit for AUTO */

#endif
