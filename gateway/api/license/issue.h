/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.h - a license comes to be: its document is written, its license.issue entry published,
 * the keeper signs exactly what the entry names, and only then is it stored.
 */
#ifndef GATEWAY_API_LICENSE_ISSUE_H
#define GATEWAY_API_LICENSE_ISSUE_H

#include "crypto/approval.h"
#include "gateway/api/authorize.h"

enum { ISSUE_MAX_APPROVALS = APPROVAL_MAX_KEYS, ISSUE_MAX_STATEMENT = APPROVAL_MAX };

/* An approver's own signature under what they approve (crypto/approval.h), as it came with a vote.
 */
struct issue_approval {
	uint8_t key_id[STORE_ID]; /* of an enrolled key */
	struct slice statement;
	uint8_t signature[STORE_SIGNATURE];
};

struct issue {
	struct slice person_name;
	struct slice rights; /* comma-separated */
	int64_t not_before_ms;
	int64_t expires_ms;
	struct slice limits;           /* JSON (crypto/license_limits.h); empty: without limit */
	struct slice regions;          /* comma-separated country codes; empty: everywhere */
	struct slice uses;             /* comma-separated codes; empty: as the terms say */
	struct slice plan;             /* a name of crypto/license.h; empty: standard */
	uint8_t institution[STORE_ID]; /* whose member holds it; may be none */
	struct store_license license;  /* ids, model, terms are the caller's; the rest is filled */
	/* None where the gateway has no approver keys. The license is made to fit them: no right
	 * that one of them lacks, no date outside of theirs. */
	struct issue_approval approvals[ISSUE_MAX_APPROVALS];
	size_t approval_count;
	/* Who is to have the same license besides: the statement names them all, so that one
	 * signature is for each of them. Of issue_statement alone; borrowed. */
	const uint8_t (*others)[STORE_ID];
	size_t other_count;
	/* The license whose terms alone change by this one; the keeper ends it. NULL: none. */
	const struct store_license *replaces;
};

/* "approval" of a body: {"key_id","statement","sig"}, borrowed from it; *given is false without
 * one. ERR_FORMAT if it is malformed. Whether it holds is asked of the keeper. */
RESULT issue_read_approval(struct issue_approval *out, bool *given, const json_t *body);

/* Writes, logs, publishes, has it signed: issue->license is ready for store_license_issue in the
 * transaction that says why. */
RESULT issue_license(struct issue *issue, struct exchange *x, struct route_context *context);

/* What an approver is to sign for this license: it goes no further than these rights and dates. The
 * text lives in the exchange's arena. */
RESULT issue_statement(struct slice *out, const struct issue *issue, struct exchange *x,
		       struct route_context *context);

/* The license came to nothing for `why` (two decided at once): a license.revoke entry tells the
 * keeper, which signed it, so that it never opens anything. Gives `why` and its text back. */
RESULT issue_undo(const struct issue *issue, struct exchange *x, struct route_context *context,
		  enum err why);

/* {"id","model","person","state","rights","not_before","expires","document","signature"}; and where
 * it has them "institution", "limits", "regions", "uses". "plan" always. */
json_t *issue_describe(struct arena *arena, const struct store_license *license);

/* ["a","b"] of "a,b". */
json_t *issue_describe_rights(struct slice list);

#endif
