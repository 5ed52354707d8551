/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision_record.h - the facts of a decision as they are kept, and the replay: what was recorded
 * is read back strictly and decided anew, and must give the same answer. A version stands in the
 * record; what another version of the rules has decided is told apart, not called different.
 */
#ifndef POLICY_DECISION_RECORD_H
#define POLICY_DECISION_RECORD_H

#include "crypto/base/arena.h"
#include "crypto/json.h"
#include "policy/decide.h"

/* Of facts and rules together: whoever adds a fact or a rule counts on. */
#define DECISION_POLICY "builtin-3"

enum { DECISION_MAX_RECORD = 64 * 1024 };

json_t *decision_facts_write(const struct decision_facts *facts);

/* Texts go to the arena. ERR_FORMAT: not what decision_facts_write() writes. */
RESULT decision_facts_read(struct decision_facts *out, struct arena *arena, const json_t *json);

enum replay_result {
	REPLAY_SAME,
	REPLAY_DIFFERENT,     /* the same facts give another answer: the record or the rules lie */
	REPLAY_OTHER_VERSION, /* made by rules of another version */
};

struct decision_replay {
	enum replay_result result;
	struct decision now; /* unless it is of another version */
	struct slice then_code, then_rule;
};

/* Of a stored record: {"policy","allow","code","rule","basis","facts":{...},...}. ERR_FORMAT: it
 * cannot be read. Pure. */
RESULT decision_replay(struct decision_replay *out, struct arena *arena, struct slice record);

#endif
