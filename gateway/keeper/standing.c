/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/standing.h"

#include <stdio.h>

#include "crypto/json.h"
#include "crypto/license.h"

/* A row bears the number of its entry, so that those of an older approval count no more. */
enum { DAYS_BITS = 16, PART_MAX = 96 };

static struct fact part_fact(struct slice model, const char *what, struct slice text,
			     uint64_t number)
{
	char part[PART_MAX];

	snprintf(part, sizeof part, "%s:%.*s", what, SLICE_PRINT(slice_part(text, 0, 80)));
	return fact_of(FACT_STANDING_OF, model, slice_of_string(part), number);
}

struct fact standing_end(struct slice model)
{
	return fact_of(FACT_STANDING, model, S(""), 0);
}

enum err standing_facts(struct fact out[STANDING_FACTS], size_t *count, struct slice model,
			const json_t *criteria, uint64_t number)
{
	const json_t *rights;
	struct slice terms, right;
	int64_t days;

	TRY(json_get_int(&days, criteria, "days"));
	TRY(json_get_array(&rights, criteria, "rights"));
	TRY(json_get_text(&terms, criteria, "terms_sha256"));
	if (days < 1 || days > STANDING_MAX_DAYS || json_array_size(rights) > STANDING_MAX_RIGHTS)
		return failure(ERR_FORMAT, "criteria: 1 to %d days, at most %d rights",
			       STANDING_MAX_DAYS, STANDING_MAX_RIGHTS);
	*count = 0;
	out[(*count)++] = fact_of(FACT_STANDING, model, S(""),
				  number << DAYS_BITS | (uint64_t)days);
	out[(*count)++] = part_fact(model, "terms", terms, number);
	for (size_t i = 0; i < json_array_size(rights); i++) {
		TRY(json_text_at(&right, rights, i));
		out[(*count)++] = part_fact(model, "right", right, number);
	}
	return OK;
}

static bool has_part(const struct approvers *a, struct slice model, const char *what,
		     struct slice text, uint64_t number)
{
	struct fact like = part_fact(model, what, text, 0);

	return a->fact(a->context, &like) == number;
}

/* What is not named in a standing approval, no license of it may say. */
static enum err check_members(const json_t *license)
{
	static const char *const names[] = {
		"entry",  "expires",      "id",     "issued",  "limits",
		"model",  "not_before",   "person", "regions", "request",
		"rights", "terms_sha256", "uses",   "v",       NULL,
	};

	return json_only(license, names);
}

static enum err check_rights(const struct approvers *a, const struct license *l, uint64_t number)
{
	for (size_t i = 0; i < l->right_count; i++)
		if (!has_part(a, l->model, "right", l->rights[i], number))
			return failure(ERR_DENIED, "the standing approval does not give %.*s",
				       SLICE_PRINT(l->rights[i]));
	return OK;
}

static enum err check_terms(const struct approvers *a, const json_t *license, struct slice model,
			    uint64_t number)
{
	struct slice terms;

	TRY(json_get_text(&terms, license, "terms_sha256"));
	if (!has_part(a, model, "terms", terms, number))
		return failure(ERR_DENIED, "the standing approval is for other terms");
	return OK;
}

enum err standing_check(const struct approvers *a, struct slice document)
{
	AUTO(json_auto) json_t *json = NULL;
	AUTO(arena_free) struct arena arena = {0};
	struct license l;
	uint64_t standing, number;
	int64_t most_ms;
	struct fact like;

	TRY(license_parse(&l, &arena, document));
	TRY(json_read(&json, document, LICENSE_MAX));
	like = fact_of(FACT_STANDING, l.model, S(""), 0);
	standing = a->fact(a->context, &like);
	if (standing == 0)
		return failure(ERR_DENIED, "no approver has signed it");
	number = standing >> DAYS_BITS;
	most_ms = (int64_t)(standing & ((1U << DAYS_BITS) - 1)) * 86400 * 1000;
	if (l.expires_ms > a->now_ms + most_ms)
		return failure(ERR_DENIED, "the license lasts longer than the standing approval");
	TRY(check_members(json));
	TRY(check_terms(a, json, l.model, number));
	return check_rights(a, &l, number);
}
