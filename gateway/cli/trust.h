/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - which log, and whose key: --vkey, else the one of --policy, else the one remembered,
 * else (the first time) the one the log tells. A key that differs from the remembered one is a
 * refusal, but where --old-vkey says that the log goes on under another key.
 */
#ifndef GATEWAY_CLI_TRUST_H
#define GATEWAY_CLI_TRUST_H

#include "gateway/cli/cli.h"
#include "gateway/cli/log_fetch.h"
#include "gateway/cli/log_state.h"
#include "gateway/cli/witnessed.h"

struct trust {
	struct log_from from;
	const char *state_path;
	struct log_state state;
	bool is_first;
	bool is_renewed;            /* what is remembered is the log before it: --old-vkey */
	struct witnessed witnessed; /* --policy */
	const char *witnesses;      /* that have cosigned, as checked */
};

/* Of the options dir, state, vkey, policy: a copy, or else the gateway. */
RESULT trust_begin(struct trust *t, struct cli *cli);

/* Of vkey and policy alone: nobody is asked. `what` names what needs a key. */
RESULT trust_offline(struct trust *t, struct cli *cli, const char *what);

void trust_clear(struct trust *t); /* fit for AUTO */

#endif
