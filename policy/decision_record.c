/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decision_record.h"

#include <assert.h>

/* The names of each enumeration, in its order: records outlive numbers. */
static const char *const person_states[] = {"active", "suspended", "blocked"};
static const char *const model_states[] = {"active", "disabled", "shredded"};
static const char *const license_states[] = {"none",      "preparing", "active",
					     "suspended", "expired",   "revoked"};
static const char *const request_states[] = {"none",   "submitted", "returned", "approved",
					     "denied", "withdrawn", "appealed", "closed"};
static const char *const country_sources[] = {"none", "claim", "table"};
static const char *const client_fits[] = {"not needed", "fits", "missing"};
static const char *const purpose_kinds[] = {"none", "said", "no code"};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static_assert(COUNT(license_states) == LICENSE_IS_REVOKED + 1 &&
		      COUNT(request_states) == REQUEST_CLOSED + 1 &&
		      COUNT(person_states) == PERSON_BLOCKED + 1 &&
		      COUNT(model_states) == MODEL_SHREDDED + 1 &&
		      COUNT(country_sources) == COUNTRY_TABLE + 1 &&
		      COUNT(client_fits) == CLIENT_MISSING + 1 &&
		      COUNT(purpose_kinds) == PURPOSE_IS_NO_CODE + 1,
	      "every value has a name");

/* --- writing ------------------------------------------------------------------------------ */

static void put_name(json_t *facts, const char *member, const char *name)
{
	json_put_text(facts, member, slice_of_string(name));
}

static void write_license(json_t *facts, const struct decision_facts *f)
{
	AUTO(buf_free) struct buf list = buf_new(USES_MAX_TEXT);
	char quota[QUOTA_TEXT];

	uses_write(&list, f->license_uses);
	put_name(facts, "license", license_states[f->license]);
	json_put_int(facts, "license_rights", f->license_rights);
	json_put_int(facts, "license_not_before", f->license_not_before_seconds);
	json_put_int(facts, "license_expires", f->license_expires_seconds);
	json_put_text(facts, "license_regions", f->license_regions);
	json_put_text(facts, "license_uses", buf_slice(&list));
	put_name(facts, "requirement", code_name(f->requirement));
	json_put_bool(facts, "terms_current", f->terms_current);
	json_put_int(facts, "terms_grace_until", f->terms_grace_until_seconds);
	quota_fact_write(quota, &f->quota);
	put_name(facts, "quota", quota);
}

json_t *decision_facts_write(const struct decision_facts *f)
{
	json_t *facts = json_object_new();

	json_put_int(facts, "now", f->now_seconds);
	put_name(facts, "right", right_name(f->right));
	json_put_bool(facts, "authenticated", f->authenticated);
	put_name(facts, "credential", code_name(f->credential));
	put_name(facts, "person", person_states[f->person]);
	put_name(facts, "certificate", client_fits[f->client]);
	json_put_int(facts, "token_scope", f->token_scope);
	put_name(facts, "model", model_states[f->model]);
	put_name(facts, "gate", model_gate_name(f->gate));
	json_put_bool(facts, "path_is_open", f->path_is_open);
	put_name(facts, "request", request_states[f->request]);
	json_put_text(facts, "country", slice_of_string(f->country.code));
	put_name(facts, "country_source", country_sources[f->country.source]);
	put_name(facts, "purpose_kind", purpose_kinds[f->purpose_kind]);
	put_name(facts, "purpose", f->purpose_kind == PURPOSE_SAID ? use_code(f->purpose) : "");
	write_license(facts, f);
	return facts;
}

/* --- reading ------------------------------------------------------------------------------ */

static enum err get_name(int *out, const json_t *facts, const char *member,
			 const char *const *names, size_t count)
{
	struct slice text;

	TRY(json_get_text(&text, facts, member));
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(text, slice_of_string(names[i]))) {
			*out = (int)i;
			return OK;
		}
	}
	return failure(ERR_FORMAT, "facts: \"%s\" is none of its names", member);
}

static enum err get_flag(bool *out, const json_t *facts, const char *member)
{
	if (!json_is_boolean(json_object_get(facts, member)))
		return failure(ERR_FORMAT, "facts: \"%s\" must be true or false", member);
	return json_get_bool_or(out, facts, member, false);
}

static enum err get_bits(right_set *out, const json_t *facts, const char *member)
{
	int64_t value;

	TRY(json_get_int(&value, facts, member));
	if (value < 0 || value > UINT32_MAX)
		return failure(ERR_FORMAT, "facts: \"%s\" is no set of rights", member);
	*out = (right_set)value;
	return OK;
}

static enum err get_code(enum code *out, const json_t *facts, const char *member)
{
	struct slice text;

	TRY(json_get_text(&text, facts, member));
	if (!code_parse(out, text))
		return failure(ERR_FORMAT, "facts: \"%s\" is no code", member);
	return OK;
}

/* The states, each by its name. */
static enum err read_states(struct decision_facts *f, const json_t *facts)
{
	int person, model, license, request, source, purpose, client;

	TRY(get_name(&person, facts, "person", person_states, COUNT(person_states)));
	TRY(get_name(&model, facts, "model", model_states, COUNT(model_states)));
	TRY(get_name(&license, facts, "license", license_states, COUNT(license_states)));
	TRY(get_name(&request, facts, "request", request_states, COUNT(request_states)));
	TRY(get_name(&source, facts, "country_source", country_sources, COUNT(country_sources)));
	TRY(get_name(&purpose, facts, "purpose_kind", purpose_kinds, COUNT(purpose_kinds)));
	TRY(get_name(&client, facts, "certificate", client_fits, COUNT(client_fits)));
	f->person = (enum person_state)person;
	f->client = (enum client_fit)client;
	f->model = (enum model_state)model;
	f->license = (enum license_state)license;
	f->request = (enum request_state)request;
	f->country.source = (enum country_source)source;
	f->purpose_kind = (enum purpose_kind)purpose;
	return OK;
}

static enum err read_place(struct decision_facts *f, struct arena *arena, const json_t *facts)
{
	struct slice country, regions, uses, purpose;

	TRY(json_get_text(&country, facts, "country"));
	TRY(json_get_text(&regions, facts, "license_regions"));
	TRY(json_get_text(&uses, facts, "license_uses"));
	TRY(json_get_text(&purpose, facts, "purpose"));
	if (country.size != (f->country.source == COUNTRY_NONE ? 0 : 2))
		return failure(ERR_FORMAT, "facts: a country has two letters if it has a source");
	if (country.size)
		memcpy(f->country.code, country.data, 2);
	if (regions.size > DECISION_MAX_REGIONS)
		return failure(ERR_LIMIT, "facts: too many regions");
	f->license_regions = arena_copy(arena, regions);
	if ((f->purpose_kind == PURPOSE_SAID) != use_parse(&f->purpose, purpose))
		return failure(ERR_FORMAT, "facts: a purpose is a code, if it is said");
	return uses_parse(&f->license_uses, uses);
}

static enum err read_rest(struct decision_facts *f, const json_t *facts)
{
	struct slice right, gate, quota;

	TRY(json_get_int(&f->now_seconds, facts, "now"));
	TRY(json_get_text(&right, facts, "right"));
	TRY(json_get_text(&gate, facts, "gate"));
	if (!right_parse(&f->right, right) || !model_gate_parse(&f->gate, gate))
		return failure(ERR_FORMAT, "facts: an unknown right or gate");
	TRY(json_get_text(&quota, facts, "quota"));
	if (!quota_fact_parse(&f->quota, quota))
		return failure(ERR_FORMAT, "facts: an unknown quota");
	TRY(get_flag(&f->authenticated, facts, "authenticated"));
	TRY(get_flag(&f->path_is_open, facts, "path_is_open"));
	TRY(get_flag(&f->terms_current, facts, "terms_current"));
	TRY(get_code(&f->credential, facts, "credential"));
	TRY(get_code(&f->requirement, facts, "requirement"));
	TRY(get_bits(&f->token_scope, facts, "token_scope"));
	TRY(get_bits(&f->license_rights, facts, "license_rights"));
	TRY(json_get_int(&f->license_not_before_seconds, facts, "license_not_before"));
	TRY(json_get_int(&f->license_expires_seconds, facts, "license_expires"));
	return json_get_int(&f->terms_grace_until_seconds, facts, "terms_grace_until");
}

/* Nothing that is not known here: a fact that is not weighed is no fact of the decision. What the
 * reader knows and the writer writes are the same, so their numbers are, too. */
static enum err check_members(const struct decision_facts *f, const json_t *facts)
{
	AUTO(json_auto) json_t *again = decision_facts_write(f);

	if (!json_equal(again, facts))
		return failure(ERR_FORMAT, "facts: they are not as they were written");
	return OK;
}

enum err decision_facts_read(struct decision_facts *out, struct arena *arena, const json_t *facts)
{
	*out = (struct decision_facts){.now_seconds = 0};
	TRY(read_states(out, facts));
	TRY(read_place(out, arena, facts));
	TRY(read_rest(out, facts));
	return check_members(out, facts);
}

/* --- replay ------------------------------------------------------------------------------- */

static bool is_same(const struct decision *now, bool allow, struct slice code, struct slice rule,
		    struct slice basis)
{
	return now->allow == allow && slice_equal(slice_of_string(code_name(now->code)), code) &&
	       slice_equal(slice_of_string(now->rule), rule) &&
	       slice_equal(slice_of_string(decision_basis_name(now->basis)), basis);
}

enum err decision_replay(struct decision_replay *out, struct arena *arena, struct slice text)
{
	AUTO(json_auto) json_t *record = NULL;
	struct slice policy, code, rule, basis;
	struct decision_facts facts;
	const json_t *object;
	bool allow;

	*out = (struct decision_replay){.result = REPLAY_OTHER_VERSION};
	TRY(json_read(&record, text, DECISION_MAX_RECORD));
	TRY(json_get_text(&policy, record, "policy"));
	TRY(json_get_text(&code, record, "code"));
	TRY(json_get_text(&rule, record, "rule"));
	out->then_code = arena_copy(arena, code);
	out->then_rule = arena_copy(arena, rule);
	if (!slice_equal(policy, S(DECISION_POLICY)))
		return OK;
	TRY(json_get_text(&basis, record, "basis"));
	TRY(get_flag(&allow, record, "allow"));
	TRY(json_get_object(&object, record, "facts"));
	TRY(decision_facts_read(&facts, arena, object));
	out->now = decide(&facts);
	out->result = is_same(&out->now, allow, code, rule, basis) ? REPLAY_SAME : REPLAY_DIFFERENT;
	return OK;
}
