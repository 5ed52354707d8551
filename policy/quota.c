/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/quota.h"

#include <stdio.h>

#define NAME(value, text) [value] = text,
static const char *const subjects[] = {QUOTA_SUBJECTS(NAME)};
static const char *const measures[] = {LICENSE_MEASURES(NAME)};
static const char *const periods[] = {LICENSE_PERIODS(NAME)};
#undef NAME

const char *quota_measure_name(enum license_measure measure)
{
	return measures[measure];
}

/* Its place, or `count`. */
static unsigned find(const char *const names[], unsigned count, struct slice name)
{
	unsigned i = 0;

	while (i < count && !slice_equal(slice_of_string(names[i]), name))
		i++;
	return i;
}

bool quota_subject_parse(enum quota_subject *out, struct slice name)
{
	unsigned i = find(subjects, QUOTA_SUBJECT_COUNT, name);

	*out = (enum quota_subject)i;
	return i < QUOTA_SUBJECT_COUNT;
}

bool quota_measure_parse(enum license_measure *out, struct slice name)
{
	unsigned i = find(measures, LICENSE_MEASURE_COUNT, name);

	*out = (enum license_measure)i;
	return i < LICENSE_MEASURE_COUNT;
}

bool quota_period_parse(enum license_period *out, struct slice name)
{
	unsigned i = find(periods, LICENSE_PERIOD_COUNT, name);

	*out = (enum license_period)i;
	return i < LICENSE_PERIOD_COUNT;
}

void quota_fact_write(char out[QUOTA_TEXT], const struct quota_fact *f)
{
	if (!f->is_used_up)
		out[0] = '\0';
	else if (f->measure == LICENSE_CONCURRENT)
		snprintf(out, QUOTA_TEXT, "%s concurrent", subjects[f->subject]);
	else
		snprintf(out, QUOTA_TEXT, "%s %s/%s", subjects[f->subject], measures[f->measure],
			 periods[f->per]);
}

bool quota_fact_parse(struct quota_fact *out, struct slice text)
{
	struct slice subject, measure, period;

	*out = (struct quota_fact){.is_used_up = text.size > 0};
	if (!text.size)
		return true;
	if (!slice_cut(text, ' ', &subject, &text))
		return false;
	if (!slice_cut(text, '/', &measure, &period))
		period = S("license"); /* of what runs at a moment */
	return quota_subject_parse(&out->subject, subject) &&
	       quota_measure_parse(&out->measure, measure) && quota_period_parse(&out->per, period);
}

bool quota_passes_soon(const struct quota_fact *f)
{
	return f->per == LICENSE_PER_MINUTE || f->measure == LICENSE_CONCURRENT;
}
