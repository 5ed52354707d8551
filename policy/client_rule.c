/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/client_rule.h"

#include "crypto/base/text.h"

enum { SHA256 = 32 };

static bool has_issuer(struct slice issuers, struct slice wanted)
{
	for (size_t at = 0; at + SHA256 <= issuers.size; at += SHA256)
		if (slice_equal(slice_part(issuers, at, at + SHA256), wanted))
			return true;
	return false;
}

static bool has_line(struct slice lines, struct slice wanted)
{
	struct slice line;

	while (lines.size) {
		slice_cut(lines, '\n', &line, &lines);
		if (slice_equal(line, wanted))
			return true;
	}
	return false;
}

static bool fits(struct slice rule, const struct client_shown *shown)
{
	struct slice digits, organization;
	uint8_t issuer[SHA256];

	slice_cut(rule, ' ', &digits, &organization);
	return text_read_hex(issuer, sizeof issuer, digits) == OK &&
	       has_issuer(shown->issuers, slice_of(issuer, sizeof issuer)) &&
	       (!organization.size || has_line(shown->organizations, organization));
}

enum client_fit client_rules_judge(struct slice rules, const struct client_shown *shown,
				   int64_t now_seconds)
{
	struct slice rule;

	if (!rules.size)
		return CLIENT_NOT_NEEDED;
	if (now_seconds > shown->until_seconds) /* notAfter itself is the last good second */
		return CLIENT_MISSING;
	while (rules.size) {
		slice_cut(rules, '\n', &rule, &rules);
		if (!fits(rule, shown))
			return CLIENT_MISSING;
	}
	return CLIENT_FITS;
}
