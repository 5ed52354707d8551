/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/agreement.h"

#include "crypto/json.h"
#include "crypto/license.h"
#include "crypto/license_limits.h"
#include "policy/uses.h"

enum { AGREEMENT_MAX_REGIONS = 256 };

/* What one vote says besides rights and days. */
struct conditions {
	bool has_limits, has_regions;
	enum license_plan plan;
	struct license_limits limits;
	const json_t *regions;
	use_set uses;
};

static enum err read_uses(use_set *out, const json_t *body)
{
	const json_t *array;

	*out = 0;
	if (!json_has(body, "uses"))
		return OK;
	TRY(json_get_array(&array, body, "uses"));
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;
		use_set use;

		TRY(json_text_at(&one, array, i));
		TRY(uses_parse(&use, one));
		*out |= use;
	}
	return OK;
}

static enum err read_regions(struct conditions *c, const json_t *body)
{
	c->has_regions = json_has(body, "regions");
	if (!c->has_regions)
		return OK;
	TRY(json_get_array(&c->regions, body, "regions"));
	if (json_array_size(c->regions) == 0 || json_array_size(c->regions) > AGREEMENT_MAX_REGIONS)
		return failure(ERR_FORMAT, "\"regions\" names 1 to %d countries",
			       AGREEMENT_MAX_REGIONS);
	for (size_t i = 0; i < json_array_size(c->regions); i++) {
		struct slice one;

		TRY(json_text_at(&one, c->regions, i));
		if (!license_region_is_good(one))
			return failure(ERR_FORMAT, "\"regions\": \"%.*s\" is no country code",
				       SLICE_PRINT(slice_part(one, 0, 20)));
	}
	return OK;
}

static enum err read_plan(struct conditions *c, const json_t *body)
{
	struct slice name;

	c->plan = LICENSE_STANDARD;
	if (!json_has(body, "plan"))
		return OK;
	TRY(json_get_text(&name, body, "plan"));
	return license_plan_parse(&c->plan, name);
}

static enum err read_conditions(struct conditions *c, json_t **body, struct slice text)
{
	*c = (struct conditions){.has_limits = false};
	TRY(json_read(body, text, AGREEMENT_MAX_CONDITIONS));
	c->has_limits = json_has(*body, "limits");
	if (c->has_limits)
		TRY(license_limits_read(&c->limits, json_object_get(*body, "limits")));
	TRY(read_plan(c, *body));
	TRY(read_regions(c, *body));
	return read_uses(&c->uses, *body);
}

enum err agreement_check_conditions(struct slice text)
{
	AUTO(json_auto) json_t *body = NULL;
	struct conditions c;

	return text.size ? read_conditions(&c, &body, text) : OK;
}

static bool is_approval(const struct store_vote *v)
{
	return slice_equal(v->vote, S("approve"));
}

static enum err agree_on_rights(struct agreement *out, struct arena *arena, struct slice asked,
				const struct store_vote *votes, size_t count)
{
	AUTO(buf_free) struct buf list = buf_new(1024);
	bool more = asked.size > 0;

	while (more) {
		bool is_granted = true;
		struct slice one;

		more = slice_cut(asked, ',', &one, &asked);
		for (size_t i = 0; i < count; i++)
			if (is_approval(&votes[i]) && votes[i].rights.size)
				is_granted &= store_list_has(votes[i].rights, one);
		if (!is_granted)
			continue;
		buf_write_string(&list, list.size ? "," : "");
		buf_write(&list, one);
	}
	if (!list.size)
		return failure(ERR_CONFLICT, "those who approve grant no right in common");
	out->rights = arena_copy(arena, buf_slice(&list));
	return buf_done(&list);
}

/* Of one measure and period the smaller; what only one has, stands. */
static void narrow_limits(struct license_limits *all, const struct license_limits *more)
{
	for (size_t i = 0; i < more->count; i++) {
		const struct license_limit *one = &more->list[i];
		size_t at = 0;

		while (at < all->count &&
		       (all->list[at].measure != one->measure || all->list[at].per != one->per))
			at++;
		if (at == all->count && at < LICENSE_LIMITS_MAX)
			all->list[all->count++] = *one;
		else if (at < all->count && one->max < all->list[at].max)
			all->list[at].max = one->max;
	}
}

static bool names_region(const json_t *regions, const char *code)
{
	for (size_t i = 0; i < json_array_size(regions); i++)
		if (strcmp(json_string_value(json_array_get(regions, i)), code) == 0)
			return true;
	return false;
}

/* *all: those agreed on so far; none yet, if it is empty and `is_first`. */
static void narrow_regions(json_t *all, bool is_first, const json_t *more)
{
	if (is_first) {
		for (size_t i = 0; i < json_array_size(more); i++)
			if (!names_region(all, json_string_value(json_array_get(more, i))))
				json_array_append(all, json_array_get(more, i));
		return;
	}
	for (size_t i = json_array_size(all); i-- > 0;)
		if (!names_region(more, json_string_value(json_array_get(all, i))))
			json_array_remove(all, i);
}

/* *all: of those before; empty: this is the first. */
static void lower_plan(struct slice *all, enum license_plan plan)
{
	enum license_plan before;

	if (all->size && license_plan_parse(&before, *all) == OK)
		plan = license_plan_lower(plan, before);
	*all = slice_of_string(license_plan_name(plan));
}

static enum err write_regions(struct slice *out, struct arena *arena, const json_t *regions)
{
	AUTO(buf_free) struct buf list = buf_new(4 * AGREEMENT_MAX_REGIONS);

	for (size_t i = 0; i < json_array_size(regions); i++) {
		buf_write_string(&list, i ? "," : "");
		buf_write_string(&list, json_string_value(json_array_get(regions, i)));
	}
	*out = arena_copy(arena, buf_slice(&list));
	return buf_done(&list);
}

static enum err write_conditions(struct agreement *out, struct arena *arena,
				 const struct license_limits *limits, const json_t *regions,
				 use_set uses)
{
	AUTO(buf_free) struct buf text = buf_new(AGREEMENT_MAX_CONDITIONS);
	AUTO(buf_free) struct buf codes = buf_new(USES_MAX_TEXT);

	if (limits->count) {
		TRY(license_limits_write(&text, limits));
		TRY(buf_done(&text));
		out->limits = arena_copy(arena, buf_slice(&text));
	}
	uses_write(&codes, uses);
	TRY(buf_done(&codes));
	out->uses = arena_copy(arena, buf_slice(&codes));
	return write_regions(&out->regions, arena, regions);
}

enum err agreement_of(struct agreement *out, struct arena *arena, const struct store_request *r,
		      const struct store_vote *votes, size_t count)
{
	AUTO(json_auto) json_t *regions = json_array_new();
	struct license_limits limits = {.count = 0};
	bool are_named = false;
	use_set uses;

	*out = (struct agreement){.days = 0};
	TRY(agree_on_rights(out, arena, r->rights, votes, count));
	TRY(uses_parse(&uses, r->uses));
	for (size_t i = 0; i < count; i++) {
		AUTO(json_auto) json_t *body = NULL;
		struct conditions c = {.plan = LICENSE_STANDARD};

		if (!is_approval(&votes[i]))
			continue;
		if (votes[i].days && (!out->days || votes[i].days < out->days))
			out->days = votes[i].days;
		if (votes[i].conditions.size)
			TRY(read_conditions(&c, &body, votes[i].conditions));
		narrow_limits(&limits, &c.limits);
		uses |= c.uses;
		lower_plan(&out->plan, c.plan);
		if (!c.has_regions)
			continue;
		narrow_regions(regions, !are_named, c.regions);
		are_named = true;
	}
	if (are_named && json_array_size(regions) == 0)
		return failure(ERR_CONFLICT, "those who approve name no region in common");
	return write_conditions(out, arena, &limits, regions, uses);
}
