/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_before.h - a log that goes on under a new origin (sallyport log new-origin) says so in an
 * entry log.continue: which log it continues, its newest checkpoint that a witness had, and how
 * many of its entries are kept. --old-vkey KEY follows that into the old log: the entry is in the
 * new one, the old checkpoint bears the old key's signature and is of the size and root that are
 * named; and with --old DIR, a copy of the old log, that the entries said to be kept are those.
 */
#ifndef GATEWAY_CLI_LOG_BEFORE_H
#define GATEWAY_CLI_LOG_BEFORE_H

#include "gateway/cli/trust.h"

struct log_before {
	bool is_wanted; /* --old-vkey; all below holds then */
	const char *vkey, *dir;
	const char *origin;  /* of the old log; in the arena */
	uint64_t index;      /* of the entry log.continue */
	struct digest leaf;  /* its hash */
	uint64_t size, kept; /* of the old log; of these, in the new one */
	struct digest root;  /* of the old log */
	uint64_t copied;     /* entries of the old log in the copy; 0: none is given */
	struct trust *trust; /* of the new log; borrowed */
};

/* Of the options old-vkey, old, receipt (of the entry; else the gateway is asked). ERR_FORGED. */
RESULT log_before_read(struct log_before *out, struct cli *cli, struct trust *t);

/* What was remembered of the old log, if it is what the new one must begin with; NULL: more than
 * was kept, which nothing can prove any more. */
const struct audit_remembered *log_before_remembered(const struct log_before *b);

/* The copy of the old log, and the new one, which was verified and has `size` entries. */
RESULT log_before_compare(struct log_before *b, uint64_t size);

/* In words, and as members of an answer; nothing if it was not wanted. */
void log_before_print(const struct log_before *b);
void log_before_describe(const struct log_before *b, json_t *answer);

#endif
