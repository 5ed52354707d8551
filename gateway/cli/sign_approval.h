/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_approval.h - an approver's signature under what is to be done: the statement is shown, and
 * signed only after --yes. Where more than one must sign, each but the last writes theirs to a
 * file (--out), and the last sends all of them (--with).
 */
#ifndef GATEWAY_CLI_SIGN_APPROVAL_H
#define GATEWAY_CLI_SIGN_APPROVAL_H

#include "crypto/approval.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/client.h"
#include "gateway/cli/user_key.h"

#define SIGN_APPROVAL_OPTIONS "key-file= yes with=+ out="

/* GET /api/v1/approvers, of a model ("": of none). */
struct approvers_mode {
	bool is_signed;      /* approvals are needed */
	const char *gateway; /* as statements name it; in the arena */
};
RESULT approvers_mode_get(struct approvers_mode *out, struct arena *arena, struct client *c,
			  const char *model);

/* Around a subject of our own. */
RESULT sign_approval_compose(struct buf *out, const struct approvers_mode *mode, const char *kind,
			     const json_t *subject);

/* {"key_id","sig","statement"}; the caller owns *out. */
RESULT sign_approval_make(json_t **out, const struct sign_key *key, const char *key_id,
			  struct slice statement);

/* Shows the statement; signs it with the user's key; puts "approvals" into body, with those of
 * --with. *is_kept: it went to --out instead, and nothing is to be sent. ERR_DENIED without --yes.
 */
RESULT sign_approval_put(json_t *body, bool *is_kept, struct cli *cli, struct client *c,
			 struct slice statement);

/* An act whose subject is made here: composes, shows, signs, sends `body` with it. *answer is NULL
 * if nothing was sent. Without approvers it is sent as it is. `body` and `subject` are taken over.
 */
struct signed_act {
	const char *kind;
	const char *method;
	const char *path;
	const char *model; /* that it concerns; "" */
	json_t *subject;
	json_t *body;
};
RESULT sign_approval_act(json_t **answer, struct cli *cli, struct signed_act act);

#endif
