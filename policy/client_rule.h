/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_rule.h - institutions may require that their members come with a certificate. Does that
 * of a connection fit what those of one person require? Pure.
 */
#ifndef POLICY_CLIENT_RULE_H
#define POLICY_CLIENT_RULE_H

#include <stdint.h>

#include "crypto/base/slice.h"

/* What is left of a verified certificate; all empty: none was shown. */
struct client_shown {
	struct slice issuers;       /* SHA-256 of each authority of its chain, 32 bytes each */
	struct slice organizations; /* of its subject, a line each */
	int64_t until_seconds;
};

enum client_fit { CLIENT_NOT_NEEDED, CLIENT_FITS, CLIENT_MISSING };

/*
 * `rules` is a line for each institution that requires one: 64 hexadecimal digits of the authority,
 * a space, the organization (empty: any). It must fit all of them: that a person belongs to a
 * second institution opens nothing that the first one has closed. A line that cannot be read fits
 * nothing.
 */
enum client_fit client_rules_judge(struct slice rules, const struct client_shown *shown,
				   int64_t now_seconds);

#endif
