/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide.h"

#include <stddef.h>

typedef bool condition_fn(const struct decision_facts *f);

static bool model_is_gone(const struct decision_facts *f)
{
	return f->model != MODEL_ACTIVE;
}

static bool credential_is_bad(const struct decision_facts *f)
{
	return f->credential != CODE_OK_ALLOWED && f->credential != CODE_NOT_AUTHENTICATED;
}

static bool person_is_suspended(const struct decision_facts *f)
{
	return f->authenticated && f->person == PERSON_SUSPENDED;
}

static bool person_is_blocked(const struct decision_facts *f)
{
	return f->authenticated && f->person == PERSON_BLOCKED;
}

static bool certificate_is_missing(const struct decision_facts *f)
{
	return f->authenticated && f->client == CLIENT_MISSING;
}

static bool token_is_too_narrow(const struct decision_facts *f)
{
	return f->authenticated && !(f->token_scope & right_bit(f->right));
}

/* An open model gives what reading and using it needs, never what changes it or looks inside. */
static bool right_is_open_kind(const struct decision_facts *f)
{
	const right_set open = right_bit(RIGHT_METADATA_READ) | right_bit(RIGHT_WEIGHTS_READ) |
			       right_bit(RIGHT_INFER_GENERATE) | right_bit(RIGHT_INFER_EMBED);

	return open & right_bit(f->right);
}

static bool model_is_public(const struct decision_facts *f)
{
	return f->gate == GATE_PUBLIC && right_is_open_kind(f);
}

/* A file of a gated model that its settings open to all: to read, and nothing else. */
static bool path_is_open(const struct decision_facts *f)
{
	return f->path_is_open && f->right == RIGHT_WEIGHTS_READ;
}

static bool is_anonymous(const struct decision_facts *f)
{
	return !f->authenticated;
}

static bool model_is_open(const struct decision_facts *f)
{
	return f->gate == GATE_NO && right_is_open_kind(f);
}

static bool request_is_pending(const struct decision_facts *f)
{
	return f->license == LICENSE_NONE &&
	       (f->request == REQUEST_SUBMITTED || f->request == REQUEST_APPEALED);
}

static bool request_is_returned(const struct decision_facts *f)
{
	return f->license == LICENSE_NONE && f->request == REQUEST_RETURNED;
}

static bool request_is_denied(const struct decision_facts *f)
{
	return f->license == LICENSE_NONE && f->request == REQUEST_IS_DENIED;
}

static bool license_is_absent(const struct decision_facts *f)
{
	return f->license == LICENSE_NONE;
}

static bool license_is_revoked(const struct decision_facts *f)
{
	return f->license == LICENSE_IS_REVOKED;
}

static bool license_is_suspended(const struct decision_facts *f)
{
	return f->license == LICENSE_IS_SUSPENDED;
}

static bool license_is_over(const struct decision_facts *f)
{
	return f->license == LICENSE_IS_EXPIRED || f->now_seconds >= f->license_expires_seconds;
}

static bool license_is_early(const struct decision_facts *f)
{
	return f->license == LICENSE_PREPARING || f->now_seconds < f->license_not_before_seconds;
}

static bool terms_are_outdated(const struct decision_facts *f)
{
	return !f->terms_current && f->now_seconds >= f->terms_grace_until_seconds;
}

static bool right_is_missing(const struct decision_facts *f)
{
	return !(f->license_rights & right_bit(f->right));
}

static bool quota_is_used_up(const struct decision_facts *f)
{
	return f->quota.is_used_up;
}

/* What needs no license counts for the person and their institutions all the same. */
static bool open_quota_is_used_up(const struct decision_facts *f)
{
	return f->quota.is_used_up && f->authenticated &&
	       (model_is_public(f) || path_is_open(f) || model_is_open(f));
}

static bool has_region(struct slice regions, const char *code)
{
	struct slice one;
	bool more = regions.size > 0;

	while (more) {
		more = slice_cut(regions, ',', &one, &regions);
		if (slice_equal(one, slice_of_string(code)))
			return true;
	}
	return false;
}

/* Nothing is guessed: a license for some regions is of no use where nobody knows the region. */
static bool region_is_unknown(const struct decision_facts *f)
{
	return f->license_regions.size && f->country.source == COUNTRY_NONE;
}

static bool region_is_another(const struct decision_facts *f)
{
	return f->license_regions.size && !has_region(f->license_regions, f->country.code);
}

/* Some limits of use are limits of rights, whatever rights the license lists. */
static bool use_forbids_right(const struct decision_facts *f)
{
	right_set forbidden = 0;

	if (f->license_uses & use_bit(USE_INFERENCE_ONLY))
		forbidden |= right_bit(RIGHT_WEIGHTS_READ) | right_bit(RIGHT_INTERNALS_READ) |
			     right_bit(RIGHT_ADAPTERS_WRITE);
	if (f->license_uses & use_bit(USE_NO_FINE_TUNING))
		forbidden |= right_bit(RIGHT_ADAPTERS_WRITE);
	return forbidden & right_bit(f->right);
}

/* What the license's permissions cover; 0: it names none. */
static use_set permitted_uses(use_set uses)
{
	use_set covered = 0;

	for (int i = 0; i < USE_COUNT; i++)
		if ((uses & use_bit((enum use)i)) && use_kind_of((enum use)i) == USE_PERMISSION)
			covered |= use_covers((enum use)i);
	return covered;
}

static bool purpose_is_no_code(const struct decision_facts *f)
{
	return f->purpose_kind == PURPOSE_IS_NO_CODE;
}

/* Clinical care is a modifier in DUO, and the one modifier that is a purpose, too. */
static bool purpose_is_another(const struct decision_facts *f)
{
	use_set permitted = permitted_uses(f->license_uses);

	if (f->purpose_kind != PURPOSE_SAID)
		return false;
	if (f->purpose != USE_CC)
		return permitted && !(permitted & use_bit(f->purpose));
	return (f->license_uses & use_bit(USE_NO_CLINICAL_DECISIONS)) ||
	       (permitted && !(f->license_uses & use_bit(USE_CC)));
}

static bool requirement_has_ended(const struct decision_facts *f)
{
	return f->requirement != CODE_OK_ALLOWED;
}

static bool always(const struct decision_facts *f)
{
	(void)f;
	return true;
}

#define REQUESTS_HREF "/api/v1/access-requests"
#define TOKENS_HREF "/api/v1/tokens"
#define USAGE_HREF "/api/v1/usage"
#define VISAS_HREF "/api/v1/visas"

/* clang-format off */
static const struct rule {
	condition_fn *applies;
	enum code code;
	enum decision_basis basis;
	const char *name, *need, *href;
} rules[] = {
	{model_is_gone,        CODE_MODEL_DISABLED,        BASIS_NONE, "model.state", NULL, NULL},
	{credential_is_bad,    CODE_NOT_AUTHENTICATED,     BASIS_NONE, "credential", "a valid access token", TOKENS_HREF},
	{person_is_blocked,    CODE_SUBJECT_BLOCKED,       BASIS_NONE, "person.blocked", NULL, NULL},
	{person_is_suspended,  CODE_SUBJECT_SUSPENDED,     BASIS_NONE, "person.suspended", "reinstatement by an administrator", NULL},
	{certificate_is_missing, CODE_CERTIFICATE_NEEDED,  BASIS_NONE, "person.certificate", "a connection with the client certificate that your institution requires", NULL},
	{token_is_too_narrow,  CODE_RIGHT_NOT_GRANTED,     BASIS_NONE, "token.scope", "an access token whose scope has this right", TOKENS_HREF},
	{open_quota_is_used_up, CODE_QUOTA_EXCEEDED,       BASIS_NONE, "open.quota", "a larger quota, or its next window", USAGE_HREF},
	{model_is_public,      CODE_OK_ALLOWED,            BASIS_OPEN, "model.public", NULL, NULL},
	{path_is_open,         CODE_OK_ALLOWED,            BASIS_OPEN, "path.open", NULL, NULL},
	{is_anonymous,         CODE_NOT_AUTHENTICATED,     BASIS_NONE, "anonymous", "an access token", TOKENS_HREF},
	{model_is_open,        CODE_OK_ALLOWED,            BASIS_OPEN, "model.open", NULL, NULL},
	{request_is_pending,   CODE_REQUEST_PENDING,       BASIS_NONE, "request.pending", "a decision on the access request", REQUESTS_HREF},
	{request_is_returned,  CODE_REQUEST_PENDING,       BASIS_NONE, "request.returned", "changes to the access request, which was returned", REQUESTS_HREF},
	{request_is_denied,    CODE_REQUEST_DENIED,        BASIS_NONE, "request.denied", "an appeal or a new access request", REQUESTS_HREF},
	{license_is_absent,    CODE_NO_LICENSE,            BASIS_NONE, "license.none", "a license: submit an access request", REQUESTS_HREF},
	{license_is_revoked,   CODE_LICENSE_REVOKED,       BASIS_NONE, "license.revoked", "a new access request", REQUESTS_HREF},
	{license_is_suspended, CODE_LICENSE_SUSPENDED,     BASIS_NONE, "license.suspended", "reinstatement by an administrator", NULL},
	{license_is_over,      CODE_LICENSE_EXPIRED,       BASIS_NONE, "license.expired", "renewal of the license", "/api/v1/licenses"},
	{license_is_early,     CODE_LICENSE_NOT_YET_VALID, BASIS_NONE, "license.early", "the license's first day", NULL},
	{terms_are_outdated,   CODE_TERMS_OUTDATED,        BASIS_NONE, "license.terms", "acceptance of the new terms", REQUESTS_HREF},
	{right_is_missing,     CODE_RIGHT_NOT_GRANTED,     BASIS_NONE, "license.rights", "a license that grants this right", REQUESTS_HREF},
	{requirement_has_ended, CODE_VISA_INVALID,         BASIS_NONE, "license.requires", "a new credential in place of the one that ended", VISAS_HREF},
	{region_is_unknown,    CODE_LOCATION_NOT_ALLOWED,  BASIS_NONE, "license.region.unknown", "a call from an address whose country is known, or a verified claim of the country", VISAS_HREF},
	{region_is_another,    CODE_LOCATION_NOT_ALLOWED,  BASIS_NONE, "license.region", "a call from a region of the license", NULL},
	{use_forbids_right,    CODE_PURPOSE_MISMATCH,      BASIS_NONE, "license.uses", "a license whose uses do not exclude this right", REQUESTS_HREF},
	{purpose_is_no_code,   CODE_PURPOSE_MISMATCH,      BASIS_NONE, "purpose.code", "a purpose as DUO:0000042 in X-Sallyport-Purpose, or none", NULL},
	{purpose_is_another,   CODE_PURPOSE_MISMATCH,      BASIS_NONE, "license.purpose", "a license for this purpose", REQUESTS_HREF},
	{quota_is_used_up,     CODE_QUOTA_EXCEEDED,        BASIS_NONE, "license.quota", "a larger quota, or its next window", USAGE_HREF},
	{always,               CODE_OK_ALLOWED,            BASIS_LICENSE, "license", NULL, NULL},
};
/* clang-format on */

struct decision decide(const struct decision_facts *facts)
{
	for (const struct rule *r = rules;; r++) {
		struct decision d;

		if (!r->applies(facts))
			continue;
		d = (struct decision){.allow = r->code == CODE_OK_ALLOWED,
				      .code = r->code,
				      .basis = r->basis,
				      .rule = r->name,
				      .need = r->need,
				      .href = r->href};
		if (r->applies == credential_is_bad)
			d.code = facts->credential; /* the token check knows what was wrong */
		if (r->applies == requirement_has_ended)
			d.code = facts->requirement;
		return d;
	}
}

const char *decision_rule(size_t index)
{
	return index < sizeof rules / sizeof rules[0] ? rules[index].name : NULL;
}

void decision_say_purpose(struct decision_facts *f, struct slice header)
{
	header = slice_trim(header);
	f->purpose_kind = header.size ? PURPOSE_IS_NO_CODE : PURPOSE_NOT_SAID;
	if (header.size && use_parse(&f->purpose, header) &&
	    (use_kind_of(f->purpose) == USE_PERMISSION || f->purpose == USE_CC))
		f->purpose_kind = PURPOSE_SAID;
}

static const char *const gate_names[] = {
	[GATE_MANUAL] = "manual", [GATE_AUTO] = "auto", [GATE_NO] = "no", [GATE_PUBLIC] = "public"};

const char *model_gate_name(enum model_gate gate)
{
	return gate_names[gate];
}

bool model_gate_parse(enum model_gate *out, struct slice text)
{
	for (size_t i = 0; i < sizeof gate_names / sizeof gate_names[0]; i++) {
		if (slice_equal(text, slice_of_string(gate_names[i]))) {
			*out = (enum model_gate)i;
			return true;
		}
	}
	return false;
}

const char *decision_basis_name(enum decision_basis basis)
{
	switch (basis) {
	case BASIS_NONE:
		return "none";
	case BASIS_LICENSE:
		return "license";
	case BASIS_OPEN:
		return "open";
	}
	return "none";
}
