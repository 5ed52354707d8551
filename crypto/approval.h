/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approval.h - what an approver signs with a key of their own: a statement, which is canonical
 * JSON, with Ed25519 over APPROVAL_DOMAIN and its bytes.
 *
 *     {"gateway":text,"kind":text,"signed":time,"v":1, and the subject's members}
 *
 * `gateway` is the origin of the log, so that a statement made for one gateway is none for another.
 * The subjects:
 *
 *     license          as the license document, without "entry", "id", "issued", "v"; where several
 *                      are to have one, "persons":[uuid] in place of "person"
 *     gate             "model", and those of "gate", "open_paths", "criteria" that are to change
 *     approver.enroll  "key" (base64), "person" (uuid)
 *     approver.remove  "key"
 *     approver.rule    "model" ("": all), "needed"
 *
 * Members are compared as JSON, so what a license learns to say later is part of what is approved
 * without a line here.
 */
#ifndef CRYPTO_APPROVAL_H
#define CRYPTO_APPROVAL_H

#include <jansson.h>

#include "crypto/base/buf.h"
#include "crypto/verify.h"

enum {
	APPROVAL_MAX = 9 * 1024,      /* a license, and its envelope */
	APPROVAL_MAX_KEYS = 8,        /* that an act can need */
	APPROVAL_SECONDS = 7 * 86400, /* from its signing to its use */
	APPROVAL_AHEAD_SECONDS = 60,  /* by which the signer's clock may run before ours */
};

#define APPROVAL_DOMAIN S("sallyport/approval/v1\n")

#define APPROVAL_LICENSE "license"
#define APPROVAL_GATE "gate"
#define APPROVAL_ENROLL "approver.enroll"
#define APPROVAL_REMOVE "approver.remove"
#define APPROVAL_RULE "approver.rule"

/* The envelope of a statement. */
struct approval {
	struct slice kind;    /* borrowed */
	struct slice gateway; /* borrowed */
	int64_t signed_ms;
};

RESULT approval_write(struct buf *out, const struct approval *a, const json_t *subject);

/* What was written so: *subject has the members that are not the envelope's, and is the caller's;
 * the slices of *out borrow from *statement, the caller's too. ERR_FORMAT: not canonical, or
 * something is missing; ERR_UNSUPPORTED: another version. */
RESULT approval_parse(struct approval *out, json_t **statement, json_t **subject,
		      struct slice text);

/* ERR_EXPIRED: signed too long ago, or in the future. */
RESULT approval_check_time(const struct approval *a, int64_t now_ms);

/* What of a license an approver signs. The caller owns *out. */
RESULT approval_subject_of_license(json_t **out, struct slice document);

/* Is it for one license of each of "persons"? */
bool approval_names_several(const json_t *subject);

/* Does the license say nothing beyond what was approved: no right more, no date outside, all else
 * the same? ERR_DENIED naming the member. */
RESULT approval_covers(const json_t *subject, struct slice document);

#endif
