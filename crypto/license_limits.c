/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/license_limits.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/json.h"

enum { TEXT_MAX = 2048 };

#define NAME(value, text) [value] = text,
static const char *const measures[] = {LICENSE_MEASURES(NAME)};
static const char *const periods[] = {LICENSE_PERIODS(NAME)};
#undef NAME

const char *license_measure_name(enum license_measure measure)
{
	assert(measure < LICENSE_MEASURE_COUNT);
	return measures[measure];
}

const char *license_period_name(enum license_period period)
{
	assert(period < LICENSE_PERIOD_COUNT);
	return periods[period];
}

/* Its place in the list; `count` if it is not there. */
static size_t find(const char *const names[], size_t count, struct slice name)
{
	size_t i = 0;

	while (i < count && !slice_equal(slice_of_string(names[i]), name))
		i++;
	return i;
}

static int compare(const void *a, const void *b)
{
	const struct license_limit *x = a, *y = b;

	if (x->measure != y->measure)
		return x->measure < y->measure ? -1 : 1;
	return (x->per > y->per) - (x->per < y->per);
}

static enum err check_one(const struct license_limit *limit)
{
	if (limit->measure >= LICENSE_MEASURE_COUNT || limit->per >= LICENSE_PERIOD_COUNT)
		return failure(ERR_FORMAT, "license: a limit of an unknown kind");
	if (limit->max < 1 || limit->max > LICENSE_LIMIT_MOST)
		return failure(ERR_FORMAT, "license: a limit's \"max\" is 1 to %lld",
			       (long long)LICENSE_LIMIT_MOST);
	if (limit->measure == LICENSE_CONCURRENT && limit->per != LICENSE_PER_LICENSE)
		return failure(
			ERR_FORMAT,
			"license: \"concurrent\" counts at a moment: \"per\" is \"license\"");
	return OK;
}

/* Sorted, and each kind once. */
static enum err put_in_order(struct license_limits *limits)
{
	if (limits->count > LICENSE_LIMITS_MAX)
		return failure(ERR_LIMIT, "license: more than %d limits", LICENSE_LIMITS_MAX);
	for (size_t i = 0; i < limits->count; i++)
		TRY(check_one(&limits->list[i]));
	qsort(limits->list, limits->count, sizeof *limits->list, compare);
	for (size_t i = 1; i < limits->count; i++)
		if (compare(&limits->list[i - 1], &limits->list[i]) == 0)
			return failure(ERR_FORMAT, "license: two limits of %s per %s",
				       license_measure_name(limits->list[i].measure),
				       license_period_name(limits->list[i].per));
	return OK;
}

static enum err read_one(struct license_limit *out, const json_t *object)
{
	static const char *const names[] = {"max", "measure", "per", NULL};
	struct slice measure, per;

	if (!json_is_object(object))
		return failure(ERR_FORMAT, "license: a limit is {\"max\",\"measure\",\"per\"}");
	TRY(json_only(object, names));
	TRY(json_get_int(&out->max, object, "max"));
	TRY(json_get_text(&measure, object, "measure"));
	TRY(json_get_text(&per, object, "per"));
	out->measure = (enum license_measure)find(measures, LICENSE_MEASURE_COUNT, measure);
	out->per = (enum license_period)find(periods, LICENSE_PERIOD_COUNT, per);
	if (out->measure == LICENSE_MEASURE_COUNT)
		return failure(ERR_FORMAT,
			       "license: \"measure\" is requests, tokens, bytes or concurrent");
	if (out->per == LICENSE_PERIOD_COUNT)
		return failure(ERR_FORMAT, "license: \"per\" is minute, day, month or license");
	return OK;
}

enum err license_limits_read(struct license_limits *out, const json_t *array)
{
	*out = (struct license_limits){0};
	if (!array)
		return OK;
	if (!json_is_array(array))
		return failure(ERR_FORMAT, "license: \"limits\" is a list");
	if (json_array_size(array) > LICENSE_LIMITS_MAX)
		return failure(ERR_LIMIT, "license: more than %d limits", LICENSE_LIMITS_MAX);
	for (size_t i = 0; i < json_array_size(array); i++)
		TRY(read_one(&out->list[out->count++], json_array_get(array, i)));
	return put_in_order(out);
}

enum err license_limits_parse(struct license_limits *out, struct slice text)
{
	AUTO(json_auto) json_t *array = NULL;

	*out = (struct license_limits){0};
	if (text.size == 0)
		return OK;
	TRY(json_read(&array, text, TEXT_MAX));
	return license_limits_read(out, array);
}

enum err license_limits_describe(json_t **out, const struct license_limits *limits)
{
	struct license_limits sorted = *limits;

	TRY(put_in_order(&sorted));
	*out = json_array_new();
	for (size_t i = 0; i < sorted.count; i++) {
		const struct license_limit *limit = &sorted.list[i];
		json_t *one = json_object_new();

		json_put_int(one, "max", limit->max);
		json_put_text(one, "measure",
			      slice_of_string(license_measure_name(limit->measure)));
		json_put_text(one, "per", slice_of_string(license_period_name(limit->per)));
		json_push(*out, one);
	}
	return OK;
}

enum err license_limits_write(struct buf *out, const struct license_limits *limits)
{
	AUTO(json_auto) json_t *array = NULL;

	TRY(license_limits_describe(&array, limits));
	return json_write_canonical(out, array);
}
