/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: one object with one member, whose name says what is asked about, and whose value
 * says what must be the case. A table gives each kind its members and its reader. */
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "policy/claims.h"
#include "policy/countries.h"
#include "policy/criteria_read.h"

/* For the author who has named another. */
#define FACTS \
	"claim, affiliation, training, institution, country, known, uses, rights, accessors, " \
	"references, time, blocked, library_card, terms_signed"

typedef void read_fn(struct condition *out, struct criteria_reading *r, const struct json_step *at,
		     const json_t *value);

/* NULL: the name is good; else what is wrong with it. */
typedef const char *check_fn(struct slice name);

/* --- parts of conditions ------------------------------------------------------------------ */

static const json_t *member(const struct json_step *at, struct json_step *step,
			    const json_t *object, const char *name)
{
	*step = (struct json_step){.up = at, .name = name};
	return json_object_get(object, name);
}

static bool has_text(const struct slice *list, size_t count, struct slice text)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(list[i], text))
			return true;
	return false;
}

/* One of a list, or the single name that stands in its place. */
static void add_text(struct slice *list, size_t *count, struct criteria_reading *r,
		     const struct json_step *at, const json_t *value, check_fn *check)
{
	struct slice text = criteria_text(r, at, value, CRITERIA_MAX_NAME);
	const char *wrong = text.size && check ? check(text) : NULL;

	if (wrong)
		criteria_fault(r, at, "\"%.*s\" %s", SLICE_PRINT(slice_part(text, 0, 80)), wrong);
	else if (has_text(list, *count, text))
		criteria_fault(r, at, "\"%.*s\" stands there twice",
			       SLICE_PRINT(slice_part(text, 0, 80)));
	else if (text.size)
		list[(*count)++] = text;
}

/* A name or a list of names. Missing: empty. */
static struct texts read_texts(struct criteria_reading *r, const struct json_step *at,
			       const json_t *object, const char *name, check_fn *check)
{
	struct json_step step;
	const json_t *value = member(at, &step, object, name);
	size_t count = json_is_array(value) ? json_array_size(value) : value ? 1 : 0, taken = 0;
	struct slice *list;

	if (!value)
		return (struct texts){NULL, 0};
	if (!count || count > CRITERIA_MAX_LIST) {
		criteria_fault(r, &step, "a name, or a list of 1 to %d names, is expected",
			       CRITERIA_MAX_LIST);
		return (struct texts){NULL, 0};
	}
	list = arena_alloc(r->arena, count * sizeof *list);
	if (!json_is_array(value))
		add_text(list, &taken, r, &step, value, check);
	for (size_t i = 0; json_is_array(value) && i < count; i++) {
		struct json_step element = {.up = &step, .index = i};

		add_text(list, &taken, r, &element, json_array_get(value, i), check);
	}
	return (struct texts){list, taken};
}

/* A whole number; `missing` if it is not there. */
static int64_t read_number(struct criteria_reading *r, const struct json_step *at,
			   const json_t *object, const char *name, int64_t missing, int64_t least,
			   int64_t most)
{
	struct json_step step;
	const json_t *value = member(at, &step, object, name);

	if (!value)
		return missing;
	if (json_is_integer(value) && json_integer_value(value) >= least &&
	    json_integer_value(value) <= most)
		return json_integer_value(value);
	criteria_fault(r, &step, "a number from %lld to %lld is expected", (long long)least,
		       (long long)most);
	return missing;
}

static int64_t read_days(struct criteria_reading *r, const struct json_step *at,
			 const json_t *object)
{
	return read_number(r, at, object, "max_age_days", 0, 1, CRITERIA_MAX_DAYS);
}

static bool read_flag(struct criteria_reading *r, const struct json_step *at, const json_t *object,
		      const char *name)
{
	struct json_step step;
	const json_t *value = member(at, &step, object, name);

	if (value && !json_is_boolean(value))
		criteria_fault(r, &step, "true or false is expected");
	return json_is_true(value);
}

static void needs_one(struct criteria_reading *r, const struct json_step *at, bool is_there,
		      const char *names)
{
	if (!is_there)
		criteria_fault(r, at, "it must say %s", names);
}

/* --- claims ------------------------------------------------------------------------------- */

static const char *check_type(struct slice name)
{
	static const char *const types[] = {CLAIM_AFFILIATION, CLAIM_TERMS,    CLAIM_RESEARCHER,
					    CLAIM_GRANT,       CLAIM_LINKED,   CLAIM_TRAINING,
					    CLAIM_COUNTRY,     CLAIM_REFERENCE};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (slice_equal(name, slice_of_string(types[i])))
			return NULL;
	return "is no type of claim: AffiliationAndRole, AcceptedTermsAndPolicies, "
	       "ResearcherStatus, ControlledAccessGrants, LinkedIdentities, "
	       "TrainingCertificate, Country or Reference";
}

static const char *check_asserter(struct slice name)
{
	static const char *const names[] = {"self", "peer", "system", "so", "dac"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_equal(name, slice_of_string(names[i])))
			return NULL;
	return "is not in GA4GH's list: self, peer, system, so or dac";
}

static void read_claim(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		       const json_t *value)
{
	struct json_step step, values;
	const json_t *type = member(at, &step, value, "type");
	const json_t *pattern;

	if (type)
		c->type = criteria_text(r, &step, type, CRITERIA_MAX_NAME);
	else
		criteria_fault(r, at, "\"type\" is missing");
	if (c->type.size && check_type(c->type))
		criteria_fault(r, &step, "\"%.*s\" %s", SLICE_PRINT(slice_part(c->type, 0, 40)),
			       check_type(c->type));
	c->values = read_texts(r, at, value, "value", NULL);
	pattern = member(at, &values, value, "value_pattern");
	if (pattern)
		c->pattern = criteria_text(r, &values, pattern, CRITERIA_MAX_NAME);
	if (pattern && c->values.count)
		criteria_fault(r, &values, "it says \"value\" already: one of the two");
	c->sources = read_texts(r, at, value, "source", NULL);
	c->asserters = read_texts(r, at, value, "by", check_asserter);
	c->issuers = read_texts(r, at, value, "issuer", NULL);
	c->max_age_days = read_days(r, at, value);
}

static const char *check_domain(struct slice name)
{
	bool has_dot = slice_find(name, '.') < name.size;

	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return "is no domain in lower case, as example.org";
	}
	if (!has_dot || name.data[0] == '.' || slice_ends_with(name, S(".")))
		return "is no domain, as example.org";
	return NULL;
}

static void read_affiliation(struct condition *c, struct criteria_reading *r,
			     const struct json_step *at, const json_t *value)
{
	c->type = S(CLAIM_AFFILIATION);
	c->values = read_texts(r, at, value, "domain", check_domain);
	c->roles = read_texts(r, at, value, "role", NULL);
	c->takes_subdomains = read_flag(r, at, value, "subdomains");
	c->issuers = read_texts(r, at, value, "issuer", NULL);
	c->max_age_days = read_days(r, at, value);
	needs_one(r, at, c->values.count || c->roles.count, "a \"domain\" or a \"role\"");
}

static void read_training(struct condition *c, struct criteria_reading *r,
			  const struct json_step *at, const json_t *value)
{
	c->type = S(CLAIM_TRAINING);
	c->values = read_texts(r, at, value, "course", NULL);
	c->issuers = read_texts(r, at, value, "issuer", NULL);
	c->max_age_days = read_days(r, at, value);
	needs_one(r, at, c->values.count, "which \"course\"");
}

/* --- where from --------------------------------------------------------------------------- */

static const char *check_country(struct slice name)
{
	return country_is_known(name)
		       ? NULL
		       : "is an unknown code: two capitals of ISO 3166-1, as DE, are expected";
}

static const char *check_kind(struct slice name)
{
	static const char *const kinds[] = {"university", "hospital",  "company",
					    "government", "nonprofit", "other"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (slice_equal(name, slice_of_string(kinds[i])))
			return NULL;
	return "is no kind: university, hospital, company, government, nonprofit or other";
}

static const char *check_source(struct slice name)
{
	return slice_equal(name, S("claim")) || slice_equal(name, S("table"))
		       ? NULL
		       : "is no source of a country: claim or table";
}

static void read_institution(struct condition *c, struct criteria_reading *r,
			     const struct json_step *at, const json_t *value)
{
	c->values = read_texts(r, at, value, "kind", check_kind);
	c->countries = read_texts(r, at, value, "country", check_country);
	needs_one(r, at, c->values.count || c->countries.count, "a \"kind\" or a \"country\"");
}

static void read_country(struct condition *c, struct criteria_reading *r,
			 const struct json_step *at, const json_t *value)
{
	struct texts sources = read_texts(r, at, value, "source", check_source);

	c->values = read_texts(r, at, value, "in", check_country);
	needs_one(r, at, c->values.count, "which countries: \"in\"");
	for (size_t i = 0; i < sources.count; i++)
		c->country_sources |= slice_equal(sources.list[i], S("claim"))
					      ? 1u << COUNTRY_CLAIM
					      : 1u << COUNTRY_TABLE;
	if (!sources.count)
		c->country_sources = 1u << COUNTRY_CLAIM | 1u << COUNTRY_TABLE;
}

static void read_known(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		       const json_t *value)
{
	struct slice name = criteria_text(r, at, value, CRITERIA_MAX_NAME);

	c->is_institution = slice_equal(name, S("institution"));
	if (name.size && !c->is_institution && !slice_equal(name, S("country")))
		criteria_fault(r, at, "\"country\" or \"institution\" is expected");
}

/* --- what is asked for -------------------------------------------------------------------- */

static const char *check_use(struct slice name)
{
	enum use use;

	return use_parse(&use, name)
		       ? NULL
		       : "is an unknown code: one of DUO as DUO:0000042, or of MDU as "
			 "MDU:no-fine-tuning, is expected";
}

static const char *check_right(struct slice name)
{
	enum right right;

	return right_parse(&right, name) && !right_is_office(right)
		       ? NULL
		       : "is no right on a model, as weights:read is";
}

/* {"within": [...]} or {"include": [...]}; which, c->is_within says. */
static struct texts read_set(struct condition *c, struct criteria_reading *r,
			     const struct json_step *at, const json_t *value, check_fn *check)
{
	struct texts within = read_texts(r, at, value, "within", check);
	struct texts include = read_texts(r, at, value, "include", check);
	bool has_within = json_object_get(value, "within");

	if (has_within == !!json_object_get(value, "include"))
		criteria_fault(r, at, "it must say either \"within\" or \"include\"");
	c->is_within = has_within;
	return has_within ? within : include;
}

/* Permissions that lie within a listed one are listed, too. */
static void read_uses(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		      const json_t *value)
{
	struct texts codes = read_set(c, r, at, value, check_use);

	for (size_t i = 0; i < codes.count; i++) {
		enum use use;

		if (!use_parse(&use, codes.list[i]))
			continue;
		if (c->is_within && use_kind_of(use) != USE_PERMISSION)
			criteria_fault(r, at,
				       "%s is no permission, and only those have a \"within\"; "
				       "write {\"uses\":{\"include\":\"%s\"}}",
				       use_code(use), use_code(use));
		c->uses |= c->is_within ? use_covers(use) : use_bit(use);
	}
}

static void read_rights(struct condition *c, struct criteria_reading *r, const struct json_step *at,
			const json_t *value)
{
	struct texts names = read_set(c, r, at, value, check_right);

	for (size_t i = 0; i < names.count; i++) {
		enum right right;

		if (right_parse(&right, names.list[i]))
			c->rights |= right_bit(right);
	}
}

enum { NUMBER_MOST = 1000 };

static void read_range(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		       const json_t *value)
{
	c->from = read_number(r, at, value, "at_least", 0, 0, NUMBER_MOST);
	c->until = read_number(r, at, value, "at_most", INT64_MAX, 0, NUMBER_MOST);
	needs_one(r, at, json_object_get(value, "at_least") || json_object_get(value, "at_most"),
		  "\"at_least\" or \"at_most\"");
	if (c->from > c->until)
		criteria_fault(r, at, "no number is at least %lld and at most %lld",
			       (long long)c->from, (long long)c->until);
}

static void read_accessors(struct condition *c, struct criteria_reading *r,
			   const struct json_step *at, const json_t *value)
{
	read_range(c, r, at, value);
	if (c->from <= 1 && c->until == INT64_MAX)
		criteria_fault(r, at, "every request names at least 1 person");
	else if (c->until < 1)
		criteria_fault(r, at, "no request names less than 1 person");
}

static void read_references(struct condition *c, struct criteria_reading *r,
			    const struct json_step *at, const json_t *value)
{
	read_range(c, r, at, value);
	c->max_age_days = read_days(r, at, value);
	if (c->from == 0 && c->until == INT64_MAX)
		criteria_fault(r, at, "every request has at least 0 references");
}

static int64_t read_moment(struct criteria_reading *r, const struct json_step *at,
			   const json_t *object, const char *name, int64_t missing)
{
	struct json_step step;
	const json_t *value = member(at, &step, object, name);
	int64_t ms = 0;

	if (!value)
		return missing;
	if (clock_parse(&ms, criteria_text(r, &step, value, CRITERIA_MAX_NAME)) != OK)
		criteria_fault(r, &step, "a time as 2026-01-31T00:00:00Z is expected");
	return ms / 1000;
}

static void read_time(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		      const json_t *value)
{
	c->from = read_moment(r, at, value, "from", INT64_MIN);
	c->until = read_moment(r, at, value, "until", INT64_MAX);
	needs_one(r, at, json_object_get(value, "from") || json_object_get(value, "until"),
		  "\"from\" or \"until\"");
	if (c->from >= c->until)
		criteria_fault(r, at, "it ends before it begins");
}

static void read_true(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		      const json_t *value)
{
	if (!json_is_true(value))
		criteria_fault(r, at,
			       "true is expected; for the opposite write {\"not\":{\"%s\":true}}",
			       condition_name(c->kind));
}

/* --- conditions that join others ---------------------------------------------------------- */

static void read_parts(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		       const json_t *value, unsigned depth)
{
	size_t count = json_array_size(value);
	struct condition *parts;

	if (!count || count > CRITERIA_MAX_CONDITIONS - r->conditions) {
		criteria_fault(r, at,
			       count ? "more than %d conditions"
				     : "a list of 1 to %d conditions is expected",
			       CRITERIA_MAX_CONDITIONS);
		return;
	}
	parts = arena_alloc(r->arena, count * sizeof *parts);
	for (size_t i = 0; i < count; i++) {
		struct json_step element = {.up = at, .index = i};

		criteria_read_condition(&parts[i], r, &element, json_array_get(value, i),
					depth + 1);
	}
	c->parts = parts;
	c->part_count = count;
}

static void read_not(struct condition *c, struct criteria_reading *r, const struct json_step *at,
		     const json_t *value, unsigned depth)
{
	struct condition *part = arena_alloc(r->arena, sizeof *part);

	criteria_read_condition(part, r, at, value, depth + 1);
	c->parts = part;
	c->part_count = 1;
}

/* --- the table ---------------------------------------------------------------------------- */

#define MEMBERS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

/* clang-format off */
static const struct {
	read_fn *read;              /* NULL: it joins others */
	const char *const *members; /* NULL: its value is no object */
} kinds[CONDITION_COUNT] = {
	[CONDITION_ALL] = {NULL, NULL},
	[CONDITION_ANY] = {NULL, NULL},
	[CONDITION_NOT] = {NULL, NULL},
	[CONDITION_CLAIM] = {read_claim, MEMBERS("type", "value", "value_pattern", "source", "by", "issuer", "max_age_days")},
	[CONDITION_AFFILIATION] = {read_affiliation, MEMBERS("domain", "role", "subdomains", "issuer", "max_age_days")},
	[CONDITION_TRAINING] = {read_training, MEMBERS("course", "issuer", "max_age_days")},
	[CONDITION_INSTITUTION] = {read_institution, MEMBERS("kind", "country")},
	[CONDITION_COUNTRY] = {read_country, MEMBERS("in", "source")},
	[CONDITION_KNOWN] = {read_known, NULL},
	[CONDITION_USES] = {read_uses, MEMBERS("within", "include")},
	[CONDITION_RIGHTS] = {read_rights, MEMBERS("within", "include")},
	[CONDITION_ACCESSORS] = {read_accessors, MEMBERS("at_least", "at_most")},
	[CONDITION_REFERENCES] = {read_references, MEMBERS("at_least", "at_most", "max_age_days")},
	[CONDITION_TIME] = {read_time, MEMBERS("from", "until")},
	[CONDITION_BLOCKED] = {read_true, NULL},
	[CONDITION_LIBRARY_CARD] = {read_true, NULL},
	[CONDITION_TERMS_SIGNED] = {read_true, NULL},
};
/* clang-format on */

static const char *const names[CONDITION_COUNT] = {
#define CONDITION_ROW(kind, text) [CONDITION_##kind] = text,
	CONDITIONS(CONDITION_ROW)
#undef CONDITION_ROW
};

const char *condition_name(enum condition_kind kind)
{
	return names[kind];
}

static bool kind_parse(enum condition_kind *out, const char *name)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum condition_kind)i;
			return true;
		}
	}
	return false;
}

static void read_kind(struct condition *out, struct criteria_reading *r, const struct json_step *at,
		      const json_t *value, unsigned depth)
{
	if (out->kind == CONDITION_NOT) {
		read_not(out, r, at, value, depth);
	} else if (!kinds[out->kind].read) {
		read_parts(out, r, at, value, depth);
	} else if (kinds[out->kind].members && !json_is_object(value)) {
		criteria_fault(r, at, "an object is expected");
	} else {
		if (kinds[out->kind].members)
			criteria_only(r, at, value, kinds[out->kind].members);
		kinds[out->kind].read(out, r, at, value);
	}
}

void criteria_read_condition(struct condition *out, struct criteria_reading *r,
			     const struct json_step *at, const json_t *value, unsigned depth)
{
	const char *name = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)value));
	struct json_step step = {.up = at, .name = name};

	r->conditions++;
	if (r->conditions > CRITERIA_MAX_CONDITIONS) {
		if (r->conditions == CRITERIA_MAX_CONDITIONS + 1)
			criteria_fault(r, at, "more than %d conditions", CRITERIA_MAX_CONDITIONS);
	} else if (depth > CRITERIA_MAX_DEPTH) {
		criteria_fault(r, at, "conditions lie at most %d deep", CRITERIA_MAX_DEPTH);
	} else if (json_object_size(value) != 1) {
		criteria_fault(r, at,
			       "a condition is an object with one member, as "
			       "{\"country\":{...}}");
	} else if (!kind_parse(&out->kind, name)) {
		criteria_fault(r, &step, "unknown fact \"%.40s\"; criteria may ask about: " FACTS,
			       name);
	} else {
		read_kind(out, r, &step, json_object_get(value, name), depth);
	}
}
