/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_policy.h - whose word about a log counts (C2SP tlog-policy): the keys of logs, the keys of
 * witnesses, and how many of these must have cosigned a checkpoint.
 *
 *     log    gateway.example/log+530d903a+AekyeRrm...  https://gateway.example/log
 *     witness A  audit.example/w+6b3d...+BNl...        https://audit.example/w
 *     witness B  ...
 *     group  both 2 A B
 *     quorum both
 *
 * Lines that are empty or begin with # are passed over. A name is used after it was given.
 */
#ifndef CRYPTO_LOG_POLICY_H
#define CRYPTO_LOG_POLICY_H

#include "crypto/base/arena.h"
#include "crypto/note.h"

enum {
	LOG_POLICY_MAX_TEXT = 64 * 1024,
	LOG_POLICY_MAX_LOGS = 64,
	LOG_POLICY_MAX_PARTS = 64, /* witnesses and groups together */
	LOG_POLICY_MAX_NAME = 64,
	LOG_POLICY_MAX_URL = 512,
};

struct log_policy_log {
	struct note_key key;
	struct slice url; /* empty: none */
};

struct log_policy_part {
	struct slice name;
	bool is_group;
	struct note_key key; /* of a witness */
	struct slice url;    /* of a witness; empty: none */
	uint64_t members;    /* of a group: bits of parts that stand before it */
	unsigned threshold;
};

struct log_policy {
	struct log_policy_log *logs; /* all in the arena */
	size_t log_count;
	struct log_policy_part *parts;
	size_t part_count;
	int quorum; /* a part; -1: none is needed */
};

/* ERR_FORMAT with the number of the line; ERR_UNSUPPORTED: a kind of key not known here. */
RESULT log_policy_parse(struct log_policy *out, struct arena *arena, struct slice text);

/* The quorum, given the bits of witnesses that have cosigned. */
bool log_policy_holds(const struct log_policy *p, uint64_t witnesses);

/*
 * The checkpoint is of a log of the policy, whose key has signed it, and enough witnesses have
 * cosigned it. *witnesses: the bits of those that have (may be NULL). ERR_NOT_FOUND: of none of
 * these logs; ERR_FORGED: a signature of a known key is wrong; ERR_DENIED: too few cosignatures.
 */
RESULT log_policy_check(struct checkpoint *out, uint64_t *witnesses, const struct log_policy *p,
			struct slice note);

#endif
