/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice_kinds.h - which entries of the log are told to whom, and in which words. Pure.
 *
 * The words know who and what, never why: reasons, intended uses and comments are what people wrote
 * for the eyes of the other side, behind a sign-in. A kind without a row of its own is told as its
 * family is ("license.", "request." ...); what has neither is told to nobody.
 */
#ifndef GATEWAY_API_NOTICE_NOTICE_KINDS_H
#define GATEWAY_API_NOTICE_NOTICE_KINDS_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"

/* Whom it concerns: a set. */
enum notice_audience {
	NOTICE_PERSON = 1,    /* whom it is about: requester, licensee, account */
	NOTICE_DECIDERS = 2,  /* requests:decide and requests:handle on the model */
	NOTICE_LICENSERS = 4, /* licenses:manage on the model */
	NOTICE_MODELERS = 8,  /* models:manage on the model */
	NOTICE_KEEPERS = 16,  /* persons:manage */
	NOTICE_HOLDERS = 32,  /* everybody with a license of the model that counts */
	NOTICE_SELF = 64,     /* whom it is about, though they did it themselves: their account */
};

struct notice_kind {
	const char *name;     /* "request.deny"; a family ends with its dot */
	unsigned audience;    /* 0: told to nobody */
	const char *title;    /* with {model}, {person} */
	const char *sentence; /* what has happened; the same */
	const char *next;     /* what to do; for the person it is about */
	const char *office;   /* the same for all others; NULL: nothing */
	const char *path;     /* of our API: {request}, {license}, {model} */
};

/* Never NULL: what is told to nobody has the audience 0. */
const struct notice_kind *notice_kind_of(struct slice name);

/* The rows, for who lists them. */
const struct notice_kind *notice_kinds(size_t *count);

/* What a template's names stand for; empty ones are written as "?". */
struct notice_names {
	struct slice model, person, request, license;
};

void notice_write(struct buf *out, const char *words, const struct notice_names *names);

/* Is `kind` meant by the pattern: "request.deny", "request.*", "*"? */
bool notice_pattern_matches(struct slice pattern, struct slice kind);

/* ERR_FORMAT: it names no kind that is told, and no family. */
RESULT notice_pattern_check(struct slice pattern);

#endif
