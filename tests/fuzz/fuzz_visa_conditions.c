/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of a visa, a newline, and a value: whatever is read ends, "const:" is equality, and a
 * pattern of stars has everything. Links that are read have no empty part. */
#include <assert.h>

#include "crypto/visa.h"
#include "crypto/visa_values.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(json_auto) json_t *list = NULL;
	const struct visa_match all = {VISA_MATCH_PATTERN, S("**")};
	struct visa other = {.type = S("AffiliationAndRole"), .by = S("so")};
	struct visa_identity links[VISA_LINKS_MAX];
	struct visa_conditions conditions;
	struct slice text;
	size_t count;

	slice_cut(slice_of(data, size), '\n', &text, &other.value);
	assert(visa_match_holds(&all, other.value));
	if (visa_links(links, &count, &a, other.value) == OK)
		for (size_t i = 0; i < count; i++)
			assert(links[i].sub.size && links[i].iss.size);
	if (json_read(&list, text, VISA_MAX) != OK ||
	    visa_conditions_read(&conditions, &a, list) != OK)
		return 0;
	for (size_t i = 0; i < conditions.count; i++) {
		const struct visa_match *match = &conditions.alternatives[i].clauses[0].value;

		if (match->kind == VISA_MATCH_CONST)
			assert(visa_match_holds(match, other.value) ==
			       slice_equal(match->text, other.value));
	}
	assert(conditions.count == 0 || !visa_conditions_hold(&conditions, NULL, 0));
	(void)visa_conditions_hold(&conditions, &other, 1);
	return 0;
}
