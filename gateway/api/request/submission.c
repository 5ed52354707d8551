/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/submission.h"

#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/license/signed_by.h"
#include "gateway/api/license/terms_signature.h"
#include "gateway/api/sight.h"
#include "policy/uses.h"
#include "schema/store/committee.h"
#include "schema/store/institution.h"
#include "schema/store/library_card.h"

enum { REQUEST_MAX_USE = 10000, REQUEST_MAX_NAMES = STORE_ACCESSORS_MAX * 80 };

enum err submission_find_model(struct submission *s, struct exchange *x,
			       struct route_context *context, struct slice model)
{
	enum err found = store_model_get(context->store, exchange_arena(x), &s->model, model);

	if (found == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "model %.*s does not exist", SLICE_PRINT(model));
	TRY(found);
	return sight_check(x, context, &s->model);
}

static int compare_text(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t common = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->data, y->data, common);

	return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* ["b","a"] as "a,b": at most `max` of them, none twice, none with a comma. */
static enum err read_list(struct slice *out, struct exchange *x, const json_t *body,
			  const char *name, size_t max)
{
	AUTO(buf_free) struct buf list = buf_new(REQUEST_MAX_NAMES);
	struct slice *items;
	const json_t *array;
	size_t count;

	TRY(json_get_array(&array, body, name));
	count = json_array_size(array);
	if (count > max)
		return failure(ERR_FORMAT, "\"%s\" has at most %zu items", name, max);
	items = arena_alloc(exchange_arena(x), (count + 1) * sizeof *items);
	for (size_t i = 0; i < count; i++) {
		TRY(json_text_at(&items[i], array, i));
		if (items[i].size == 0 || items[i].size > 80 ||
		    slice_find(items[i], ',') < items[i].size)
			return failure(ERR_FORMAT, "\"%s\": \"%.*s\" is none", name,
				       SLICE_PRINT(slice_part(items[i], 0, 40)));
	}
	qsort(items, count, sizeof *items, compare_text);
	for (size_t i = 0; i < count; i++) {
		if (i && slice_equal(items[i], items[i - 1]))
			return failure(ERR_FORMAT, "\"%s\": \"%.*s\" stands there twice", name,
				       SLICE_PRINT(items[i]));
		buf_write_string(&list, i ? "," : "");
		buf_write(&list, items[i]);
	}
	TRY(buf_done(&list));
	*out = arena_copy(exchange_arena(x), buf_slice(&list));
	return OK;
}

static enum err read_rights(struct submission *s, struct exchange *x, const json_t *body)
{
	struct slice rest, one;
	bool more;

	if (!json_has(body, "rights"))
		return OK;
	TRY(read_list(&s->row.rights, x, body, "rights", RIGHT_COUNT));
	rest = s->row.rights;
	more = rest.size > 0;
	while (more) {
		enum right right;

		more = slice_cut(rest, ',', &one, &rest);
		if (!right_parse(&right, one) || right_is_office(right))
			return failure(ERR_FORMAT, "\"rights\": \"%.*s\" is not a right on a model",
				       SLICE_PRINT(one));
	}
	return OK;
}

static enum err read_uses(struct submission *s, struct exchange *x, const json_t *body)
{
	AUTO(buf_free) struct buf ordered = buf_new(USES_MAX_TEXT);
	struct slice list;
	use_set uses;

	if (!json_has(body, "uses"))
		return OK;
	TRY(read_list(&list, x, body, "uses", USE_COUNT));
	TRY(uses_parse(&uses, list));
	uses_write(&ordered, uses);
	TRY(buf_done(&ordered));
	s->row.uses = arena_copy(exchange_arena(x), buf_slice(&ordered));
	return OK;
}

static enum err read_person(uint8_t out[STORE_ID], struct slice *name, struct exchange *x,
			    struct route_context *context, const json_t *body, const char *member)
{
	struct store_person person;
	enum err found;

	if (!json_object_get(body, member))
		return OK;
	memset(out, 0, STORE_ID);
	TRY(json_get_text_or(name, body, member, S("")));
	if (name->size == 0)
		return OK;
	found = store_person_by_name(context->store, exchange_arena(x), &person, *name);
	if (found == ERR_NOT_FOUND)
		return failure(ERR_FORMAT, "\"%s\": there is no person %.*s here", member,
			       SLICE_PRINT(slice_part(*name, 0, 64)));
	TRY(found);
	memcpy(out, person.id, STORE_ID);
	return OK;
}

/* One that the requester belongs to, by its name. */
static enum err read_institution(struct submission *s, struct exchange *x,
				 struct route_context *context, const json_t *body)
{
	struct store_member *all;
	size_t count;

	if (!json_object_get(body, "institution"))
		return OK;
	memset(s->row.institution, 0, STORE_ID);
	TRY(json_get_text_or(&s->institution_name, body, "institution", S("")));
	if (s->institution_name.size == 0)
		return OK;
	TRY(store_institutions_of(context->store, exchange_arena(x), &all, &count,
				  authorize_principal(x)->person.id));
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(all[i].institution_name, s->institution_name) &&
		    slice_equal(all[i].institution_state, S("active"))) {
			memcpy(s->row.institution, all[i].institution, STORE_ID);
			return OK;
		}
	}
	return failure(ERR_FORMAT, "\"institution\": you do not belong to \"%.*s\"",
		       SLICE_PRINT(slice_part(s->institution_name, 0, 80)));
}

static enum err read_accessors(struct submission *s, struct exchange *x, const json_t *body)
{
	s->sets_accessors = json_has(body, "accessors");
	if (!s->sets_accessors)
		return OK;
	TRY(read_list(&s->accessors, x, body, "accessors", STORE_ACCESSORS_MAX));
	if (store_list_has(s->accessors, authorize_principal(x)->person.name))
		return failure(ERR_FORMAT, "\"accessors\" are the people besides yourself");
	return OK;
}

enum err submission_read_terms(struct store_request *row, const struct store_model *model,
			       const json_t *body)
{
	struct slice hex;

	TRY(json_get_text_or(&hex, body, "terms_sha256", S("")));
	if (hex.size == 0)
		return OK;
	TRY(text_read_hex(row->terms_sha256, STORE_SHA256, hex));
	row->has_terms = true;
	if (!model->has_terms || !slice_equal(slice_of(row->terms_sha256, STORE_SHA256),
					      slice_of(model->terms_sha256, STORE_SHA256)))
		return failure(ERR_CONFLICT,
			       "these are not the terms the model has now; read them again");
	return OK;
}

static enum err write_statement(struct buf *out, struct exchange *x,
				const struct store_request *row, const struct store_model *model)
{
	AUTO(json_auto) json_t *statement = json_object_new();

	json_put_text(statement, "intended_use", row->intended_use);
	json_put_text(statement, "model", model->name);
	json_put(statement, "rights", issue_describe_rights(row->rights));
	json_put_text(statement, "terms_sha256",
		      slice_of_string(api_hex(exchange_arena(x),
					      slice_of(row->terms_sha256, STORE_SHA256))));
	buf_write(out, S("sallyport/terms/v1\n"));
	return json_write_canonical(out, statement);
}

/* With its time: it is fresh, and counts once. What fails behind this needs another one. */
static enum err read_timed_signature(struct store_request *row, struct exchange *x,
				     struct route_context *context, const struct store_model *model,
				     const json_t *object)
{
	struct store_acceptance accepted = {.signed_ms = 0};
	struct terms_statement statement = {
		.model = model->name, .rights = row->rights, .use = row->intended_use};

	memcpy(statement.sha256, row->terms_sha256, STORE_SHA256);
	memcpy(accepted.model, model->id, STORE_ID);
	if (!row->has_terms)
		return failure(ERR_FORMAT, "\"terms_signature\" without \"terms_sha256\"");
	TRY(terms_signature_read(&accepted, x, context, object, &statement));
	TRY(store_acceptance_add(context->store, &accepted));
	memcpy(row->terms_key, accepted.key, STORE_ID);
	memcpy(row->terms_signature, accepted.signature, STORE_SIGNATURE);
	return OK;
}

enum err submission_read_signature(struct store_request *row, struct exchange *x,
				   struct route_context *context, const struct store_model *model,
				   const json_t *body)
{
	AUTO(buf_free) struct buf statement = buf_new(64 * 1024);
	const json_t *object = json_object_get(body, "terms_signature");
	struct signed_by by;

	if (!object || json_is_null(object))
		return OK; /* a policy may ask for it later */
	if (json_has(object, "time"))
		return read_timed_signature(row, x, context, model, object);
	TRY(write_statement(&statement, x, row, model));
	TRY(signed_by_read(&by, x, context, object, buf_slice(&statement), "terms"));
	memcpy(row->terms_key, by.key, STORE_ID);
	memcpy(row->terms_signature, by.signature, STORE_SIGNATURE);
	return OK;
}

/* A signature under something else than it is now is none. */
static void forget_old_signature(struct submission *s, const struct store_request *before)
{
	const struct store_request *r = &s->row;

	s->is_new_content = !slice_equal(before->intended_use, r->intended_use) ||
			    !slice_equal(before->rights, r->rights) ||
			    before->has_terms != r->has_terms ||
			    memcmp(before->terms_sha256, r->terms_sha256, STORE_SHA256) != 0;
	if (!s->is_new_content)
		return;
	memset(s->row.terms_key, 0, STORE_ID);
	memset(s->row.terms_signature, 0, STORE_SIGNATURE);
}

enum err submission_read(struct submission *s, struct exchange *x, struct route_context *context,
			 const json_t *body)
{
	struct store_request before = s->row;

	TRY(json_get_text_or(&s->row.intended_use, body, "intended_use", s->row.intended_use));
	if (s->row.intended_use.size > REQUEST_MAX_USE)
		return failure(ERR_FORMAT, "\"intended_use\" has at most %d bytes",
			       REQUEST_MAX_USE);
	TRY(read_rights(s, x, body));
	TRY(read_uses(s, x, body));
	TRY(read_person(s->row.lead, &s->lead_name, x, context, body, "lead"));
	TRY(read_institution(s, x, context, body));
	TRY(read_accessors(s, x, body));
	TRY(submission_read_terms(&s->row, &s->model, body));
	forget_old_signature(s, &before);
	return submission_read_signature(&s->row, x, context, &s->model, body);
}

enum err submission_check(const struct submission *s)
{
	const struct store_request *r = &s->row;

	if (slice_trim(r->intended_use).size == 0)
		return failure(ERR_FORMAT,
			       "\"intended_use\" must say in 1 to %d bytes what the model is "
			       "wanted for",
			       REQUEST_MAX_USE);
	if (r->rights.size == 0)
		return failure(ERR_FORMAT, "\"rights\" must name at least one right on the model");
	if (s->model.has_terms && !r->has_terms)
		return failure(ERR_FORMAT,
			       "\"terms_sha256\" is missing: read the model's terms and send "
			       "their SHA-256");
	if (s->model.has_terms != r->has_terms ||
	    (r->has_terms && memcmp(s->model.terms_sha256, r->terms_sha256, STORE_SHA256) != 0))
		return failure(ERR_CONFLICT,
			       "the model has other terms by now; read and accept them anew");
	return OK;
}

static json_t *describe_match(const struct uses_match *match)
{
	json_t *advice = json_object_new(), *rationale = json_array_new();

	json_put_text(advice, "algorithm", S(USES_ALGORITHM));
	json_put_text(advice, "verdict", slice_of_string(uses_verdict_name(match->verdict)));
	for (int i = 0; i < USE_COUNT; i++) {
		AUTO(buf_free) struct buf text = buf_new(1024);

		uses_explain(&text, match, (enum use)i);
		if (text.size)
			json_push_text(rationale, buf_slice(&text));
	}
	json_put(advice, "rationale", rationale);
	return advice;
}

enum err submission_advise(struct submission *s, struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *advice = NULL;
	AUTO(buf_free) struct buf text = buf_new(16 * 1024);
	use_set declared, permitted, required;
	struct store_committee committee;
	struct uses_match match;

	TRY(store_committee_get(context->store, exchange_arena(x), &committee, s->model.id));
	TRY(uses_parse(&declared, s->row.uses));
	TRY(uses_parse(&permitted, committee.permitted_uses));
	TRY(uses_parse(&required, committee.required_uses));
	match = uses_compare(declared, permitted, required);
	advice = describe_match(&match);
	TRY(json_write_canonical(&text, advice));
	s->advice = arena_copy(exchange_arena(x), buf_slice(&text));
	return buf_done(&text);
}

static int64_t count_names(struct slice list)
{
	int64_t count = 0;
	struct slice one;
	bool more = list.size > 0;

	for (; more; count++)
		more = slice_cut(list, ',', &one, &list);
	return count;
}

enum err submission_weigh(struct submission *s, struct exchange *x, struct route_context *context)
{
	struct opinion_question question = {
		.model = &s->model,
		.person = authorize_principal(x)->person.id,
		.rights = s->row.rights,
		.uses = s->row.uses,
		.accessors = 1 + count_names(s->accessors),
		.terms_are_signed = !store_id_is_none(s->row.terms_key),
	};

	TRY(store_library_card_holds(context->store, &question.has_library_card, question.person,
				     s->row.institution));
	return opinion_weigh(&s->opinion, x, context, &question);
}

bool submission_is_decided(const struct submission *s)
{
	if (s->opinion.has_criteria)
		return s->opinion.decides;
	return slice_equal(s->model.gate, S("auto"));
}

json_t *submission_describe(struct exchange *x, const struct submission *s)
{
	struct arena *arena = exchange_arena(x);
	const struct store_request *r = &s->row;
	json_t *all = json_object_new();

	json_put_text(all, "intended_use", r->intended_use);
	json_put(all, "rights", issue_describe_rights(r->rights));
	json_put(all, "uses", request_describe_list(r->uses));
	if (s->sets_accessors)
		json_put(all, "accessors", request_describe_list(s->accessors));
	if (!store_id_is_none(r->lead))
		json_put_text(all, "lead", slice_of_string(api_uuid(arena, r->lead)));
	if (!store_id_is_none(r->institution))
		json_put_text(all, "institution", slice_of_string(api_uuid(arena, r->institution)));
	if (r->has_terms)
		json_put_text(all, "terms_sha256",
			      slice_of_string(api_hex(arena, slice_of(r->terms_sha256, 32))));
	if (!store_id_is_none(r->terms_key))
		json_put_text(all, "terms_key", slice_of_string(api_uuid(arena, r->terms_key)));
	if (s->advice.size)
		json_put(all, "advice",
			 json_loadb((const char *)s->advice.data, s->advice.size, 0, NULL));
	return all;
}
