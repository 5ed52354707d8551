/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/criteria_record.h"

#include "crypto/base/text.h"

enum { RECORD_VERSION = 1 };

/* What every reader of JSON keeps exactly; a claim that lasts longer does not end. */
#define FOREVER INT64_C(9007199254740991)

/* --- facts to JSON ------------------------------------------------------------------------ */

static const char *const country_sources[] = {"none", "claim", "table"};

static json_t *write_claim(const struct claim *claim)
{
	json_t *one = json_object_new();
	char id[TEXT_UUID];

	text_uuid(id, claim->id);
	json_put_text(one, "id", slice_of_string(id));
	json_put_text(one, "type", claim->type);
	json_put_text(one, "value", claim->value);
	json_put_text(one, "source", claim->source);
	json_put_text(one, "by", claim->by);
	json_put_text(one, "iss", claim->iss);
	json_put_int(one, "asserted", claim->asserted_seconds);
	json_put_int(one, "expires",
		     claim->expires_seconds < FOREVER ? claim->expires_seconds : FOREVER);
	return one;
}

static json_t *write_answer(const struct external_answer *answer)
{
	json_t *one = json_object_new();

	json_put_text(one, "rule", answer->rule);
	if (answer->is_answered)
		json_put_text(one, "answer", slice_of_string(effect_name(answer->effect)));
	json_put_text(one, "why", answer->why);
	return one;
}

static json_t *write_uses(use_set uses)
{
	json_t *list = json_array_new();

	for (int i = 0; i < USE_COUNT; i++)
		if (uses & use_bit((enum use)i))
			json_push_text(list, slice_of_string(use_code((enum use)i)));
	return list;
}

static json_t *write_rights(right_set rights)
{
	json_t *list = json_array_new();

	for (int i = 0; i < RIGHT_COUNT; i++)
		if (rights & right_bit((enum right)i))
			json_push_text(list, slice_of_string(right_name((enum right)i)));
	return list;
}

static json_t *write_country(const struct country *country)
{
	json_t *one = json_object_new();

	json_put_text(one, "code", slice_of_string(country->code));
	json_put_text(one, "source", slice_of_string(country_sources[country->source]));
	return one;
}

static json_t *write_institution(const struct institution_fact *institution)
{
	json_t *one = json_object_new();

	json_put_text(one, "name", institution->name);
	json_put_text(one, "kind", institution->kind);
	json_put_text(one, "country", slice_of_string(institution->country));
	return one;
}

json_t *criteria_facts_write(const struct criteria_facts *f)
{
	json_t *facts = json_object_new(), *claims = json_array_new();
	json_t *institutions = json_array_new(), *answers = json_array_new();

	for (size_t i = 0; i < f->claims.count; i++)
		json_push(claims, write_claim(&f->claims.list[i]));
	for (size_t i = 0; i < f->institution_count; i++)
		json_push(institutions, write_institution(&f->institutions[i]));
	for (size_t i = 0; i < f->answer_count; i++)
		json_push(answers, write_answer(&f->answers[i]));
	json_put_int(facts, "v", RECORD_VERSION);
	json_put_int(facts, "now", f->now_seconds);
	json_put(facts, "claims", claims);
	json_put(facts, "country", write_country(&f->claims.country));
	json_put(facts, "institutions", institutions);
	json_put(facts, "uses", write_uses(f->uses));
	json_put(facts, "rights", write_rights(f->rights));
	json_put_int(facts, "accessors", f->accessors);
	json_put_bool(facts, "blocked", f->is_blocked);
	json_put_bool(facts, "library_card", f->has_library_card);
	json_put_bool(facts, "terms_signed", f->terms_are_signed);
	json_put(facts, "answers", answers);
	return facts;
}

/* --- and back ----------------------------------------------------------------------------- */

static enum err get_copy(struct slice *out, struct arena *arena, const json_t *object,
			 const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	*out = arena_copy(arena, text);
	return OK;
}

static enum err get_flag(bool *out, const json_t *object, const char *name)
{
	if (!json_is_boolean(json_object_get(object, name)))
		return failure(ERR_FORMAT, "facts: \"%s\" must be true or false", name);
	return json_get_bool_or(out, object, name, false);
}

static enum err get_list(const json_t **out, const json_t *object, const char *name, size_t most)
{
	TRY(json_get_array(out, object, name));
	if (json_array_size(*out) > most)
		return failure(ERR_LIMIT, "facts: more than %zu %s", most, name);
	return OK;
}

static enum err get_code(char out[3], const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	if (text.size != 0 && text.size != 2)
		return failure(ERR_FORMAT, "facts: a country has two letters");
	memset(out, 0, 3);
	if (text.size)
		memcpy(out, text.data, 2);
	return OK;
}

static enum err read_claim(struct claim *out, struct arena *arena, const json_t *one)
{
	static const char *const members[] = {"id",  "type",     "value",   "source", "by",
					      "iss", "asserted", "expires", NULL};
	struct slice id;

	TRY(json_get_text(&id, one, "id"));
	TRY(text_read_uuid(out->id, id));
	TRY(get_copy(&out->type, arena, one, "type"));
	TRY(get_copy(&out->value, arena, one, "value"));
	TRY(get_copy(&out->source, arena, one, "source"));
	TRY(get_copy(&out->by, arena, one, "by"));
	TRY(get_copy(&out->iss, arena, one, "iss"));
	TRY(json_get_int(&out->asserted_seconds, one, "asserted"));
	TRY(json_get_int(&out->expires_seconds, one, "expires"));
	return json_only(one, members);
}

static enum err read_claims(struct claims *out, struct arena *arena, const json_t *json)
{
	const json_t *list;
	struct claim *claims;

	TRY(get_list(&list, json, "claims", CLAIMS_MAX));
	claims = arena_alloc(arena, (json_array_size(list) + 1) * sizeof *claims);
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(read_claim(&claims[i], arena, json_array_get(list, i)));
	out->list = claims;
	out->count = json_array_size(list);
	return OK;
}

static enum err read_country(struct country *out, const json_t *json)
{
	static const char *const members[] = {"code", "source", NULL};
	const json_t *object;
	struct slice source;

	TRY(json_get_object(&object, json, "country"));
	TRY(get_code(out->code, object, "code"));
	TRY(json_get_text(&source, object, "source"));
	TRY(json_only(object, members));
	for (size_t i = 0; i < sizeof country_sources / sizeof country_sources[0]; i++) {
		if (!slice_equal(source, slice_of_string(country_sources[i])))
			continue;
		out->source = (enum country_source)i;
		if ((out->source == COUNTRY_NONE) == !out->code[0])
			return OK;
	}
	return failure(ERR_FORMAT, "facts: a country has a code if it has a source");
}

static enum err read_institutions(struct criteria_facts *out, struct arena *arena,
				  const json_t *json)
{
	static const char *const members[] = {"name", "kind", "country", NULL};
	struct institution_fact *institutions;
	const json_t *list;

	TRY(get_list(&list, json, "institutions", CRITERIA_MAX_INSTITUTIONS));
	institutions = arena_alloc(arena, (json_array_size(list) + 1) * sizeof *institutions);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		TRY(get_copy(&institutions[i].name, arena, one, "name"));
		TRY(get_copy(&institutions[i].kind, arena, one, "kind"));
		TRY(get_code(institutions[i].country, one, "country"));
		TRY(json_only(one, members));
	}
	out->institutions = institutions;
	out->institution_count = json_array_size(list);
	return OK;
}

static enum err read_sets(struct criteria_facts *out, const json_t *json)
{
	const json_t *list;
	struct slice text;

	TRY(get_list(&list, json, "uses", USE_COUNT));
	for (size_t i = 0; i < json_array_size(list); i++) {
		enum use use;

		TRY(json_text_at(&text, list, i));
		if (!use_parse(&use, text))
			return failure(ERR_FORMAT, "facts: an unknown use");
		out->uses |= use_bit(use);
	}
	TRY(get_list(&list, json, "rights", RIGHT_COUNT));
	for (size_t i = 0; i < json_array_size(list); i++) {
		enum right right;

		TRY(json_text_at(&text, list, i));
		if (!right_parse(&right, text))
			return failure(ERR_FORMAT, "facts: an unknown right");
		out->rights |= right_bit(right);
	}
	return OK;
}

static enum err read_answers(struct criteria_facts *out, struct arena *arena, const json_t *json)
{
	static const char *const members[] = {"rule", "answer", "why", NULL};
	const json_t *list;

	TRY(get_list(&list, json, "answers", CRITERIA_MAX_EXTERNAL));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct external_answer *answer = &out->answers[i];
		const json_t *one = json_array_get(list, i);
		struct slice effect;

		TRY(get_copy(&answer->rule, arena, one, "rule"));
		TRY(get_copy(&answer->why, arena, one, "why"));
		TRY(json_get_text_or(&effect, one, "answer", S("")));
		TRY(json_only(one, members));
		answer->is_answered = json_has(one, "answer");
		if (answer->is_answered &&
		    (!effect_parse(&answer->effect, effect) || answer->effect == EFFECT_EXTERNAL))
			return failure(ERR_FORMAT, "facts: an unknown answer");
	}
	out->answer_count = json_array_size(list);
	return OK;
}

enum err criteria_facts_read(struct criteria_facts *out, struct arena *arena, const json_t *json)
{
	static const char *const members[] = {
		"v",      "now",       "claims",  "country",      "institutions", "uses",
		"rights", "accessors", "blocked", "library_card", "terms_signed", "answers",
		NULL};
	int64_t version;

	*out = (struct criteria_facts){0};
	TRY(json_get_int(&version, json, "v"));
	if (version != RECORD_VERSION)
		return failure(ERR_UNSUPPORTED, "facts: version %lld, %d expected",
			       (long long)version, RECORD_VERSION);
	TRY(json_get_int(&out->now_seconds, json, "now"));
	TRY(read_claims(&out->claims, arena, json));
	TRY(read_country(&out->claims.country, json));
	TRY(read_institutions(out, arena, json));
	TRY(read_sets(out, json));
	TRY(json_get_int(&out->accessors, json, "accessors"));
	TRY(get_flag(&out->is_blocked, json, "blocked"));
	TRY(get_flag(&out->has_library_card, json, "library_card"));
	TRY(get_flag(&out->terms_are_signed, json, "terms_signed"));
	TRY(read_answers(out, arena, json));
	return json_only(json, members);
}

/* --- the record --------------------------------------------------------------------------- */

/* Where what is missing may be had. */
static const char *href_of(const struct condition *c)
{
	switch ((int)c->kind) {
	case CONDITION_CLAIM:
	case CONDITION_AFFILIATION:
	case CONDITION_TRAINING:
	case CONDITION_COUNTRY:
		return "/api/v1/visas";
	case CONDITION_TERMS_SIGNED:
		return "/api/v1/keys";
	default:
		return NULL;
	}
}

json_t *criteria_missing(const struct criteria_verdict *v)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < v->missing_count; i++) {
		AUTO(buf_free) struct buf words = buf_new(64 * 1024);
		const char *href = href_of(v->missing[i].condition);
		json_t *one = json_object_new();

		condition_describe(&words, v->missing[i].condition, v->missing[i].is_negated);
		json_put_text(one, "need", buf_slice(&words));
		if (href && !v->missing[i].is_negated)
			json_put_text(one, "href", slice_of_string(href));
		json_push(list, one);
	}
	return list;
}

json_t *criteria_fired(const struct criteria *c, const struct criteria_verdict *v)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < c->rule_count; i++) {
		json_t *one;

		if (v->holds[i] == TRUTH_NO)
			continue;
		one = json_object_new();
		json_put_text(one, "id", c->rules[i].id);
		json_put_text(one, "effect", slice_of_string(effect_name(c->rules[i].effect)));
		json_put_text(one, "counts_as", slice_of_string(effect_name(v->counts_as[i])));
		json_put_text(one, "holds", v->holds[i] == TRUTH_YES ? S("yes") : S("unknown"));
		json_put_text(one, "text", c->rules[i].text);
		json_push(list, one);
	}
	return list;
}

json_t *criteria_record_write(const struct criteria *c, const struct criteria_facts *facts,
			      const struct criteria_verdict *v)
{
	json_t *record = json_object_new();
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);

	json_put_int(record, "v", RECORD_VERSION);
	json_put_int(record, "at", facts->now_seconds);
	json_put(record, "facts", criteria_facts_write(facts));
	json_put_text(record, "outcome", c ? slice_of_string(effect_name(v->outcome)) : S("none"));
	if (!c)
		return record;
	text_write_hex(&hex, digest_slice(&c->sha256));
	json_put_text(record, "criteria", buf_slice(&hex));
	json_put_bool(record, "decides", c->decides);
	json_put_bool(record, "default", v->is_default);
	json_put_bool(record, "cut_short", v->is_cut_short);
	json_put(record, "rules", criteria_fired(c, v));
	json_put(record, "missing", criteria_missing(v));
	if (v->has_nearest)
		json_put_text(record, "nearest", c->rules[v->nearest].id);
	return record;
}

enum err criteria_record_read(struct criteria_record *out, struct arena *arena, struct slice text)
{
	AUTO(json_auto) json_t *record = NULL;
	const json_t *facts;
	struct slice outcome, hex;
	int64_t version;

	*out = (struct criteria_record){0};
	TRY(json_read(&record, text, CRITERIA_MAX_RECORD));
	TRY(json_get_int(&version, record, "v"));
	if (version != RECORD_VERSION)
		return failure(ERR_UNSUPPORTED, "record: version %lld, %d expected",
			       (long long)version, RECORD_VERSION);
	TRY(json_get_object(&facts, record, "facts"));
	TRY(criteria_facts_read(&out->facts, arena, facts));
	TRY(json_get_text(&outcome, record, "outcome"));
	TRY(json_get_text_or(&hex, record, "criteria", S("")));
	out->has_criteria = hex.size > 0;
	if (!out->has_criteria)
		return slice_equal(outcome, S("none"))
			       ? OK
			       : failure(ERR_FORMAT, "record: an outcome without criteria");
	TRY(text_read_hex(out->criteria.bytes, DIGEST_SIZE, hex));
	if (!effect_parse(&out->outcome, outcome) || out->outcome == EFFECT_EXTERNAL)
		return failure(ERR_FORMAT, "record: an unknown outcome");
	return OK;
}
