/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witnessed.h - --policy FILE: checkpoints count only if the witnesses of a policy (C2SP
 * tlog-policy) have cosigned them. Needs no network.
 */
#ifndef GATEWAY_CLI_WITNESSED_H
#define GATEWAY_CLI_WITNESSED_H

#include "crypto/json.h"
#include "crypto/log_policy.h"

struct witnessed {
	bool is_given; /* a policy; without one all below hold */
	struct log_policy policy;
	const char *vkey; /* of the policy's log, if there is exactly one; else NULL */
};

/* `path` NULL: no policy. What is read is in the arena. */
RESULT witnessed_read(struct witnessed *out, struct arena *arena, const char *path);

/* ERR_DENIED: too few witnesses; otherwise as log_policy_check. *names: those that have cosigned,
 * with commas, in the arena ("" without a policy). */
RESULT witnessed_check(const char **names, struct arena *arena, const struct witnessed *w,
		       struct slice note);

/* The same for the checkpoint of a receipt's proof. */
RESULT witnessed_check_receipt(const char **names, struct arena *arena, const struct witnessed *w,
			       const json_t *receipt);

#endif
