/* SPDX-License-Identifier: Apache-2.0 */
/* Criteria: what is read is read again from its canonical form as the same; what is refused has a
 * fault whose place is in the text; every verdict is of the list, and its record reads back. */
#include <assert.h>

#include "policy/criteria_record.h"
#include "tests/fuzz/fuzz.h"

static void weigh(const struct criteria *c, struct arena *arena)
{
	static const struct criteria_facts facts = {.now_seconds = 1800000000, .accessors = 1};
	struct criteria_verdict v = criteria_evaluate(c, &facts);
	AUTO(json_auto) json_t *json = criteria_record_write(c, &facts, &v);
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_RECORD);
	struct criteria_record record;

	assert(v.outcome <= EFFECT_DENY && json_write_canonical(&text, json) == OK);
	assert(criteria_record_read(&record, arena, buf_slice(&text)) == OK);
	assert(record.outcome == v.outcome && digest_equal(&record.criteria, &c->sha256));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {0};
	static struct criteria_faults faults, none;
	struct criteria first, again;

	if (criteria_parse(&first, &arena, slice_of(data, size), &faults) != OK) {
		assert(faults.count && faults.list[0].place.line && faults.list[0].place.column);
		assert(faults.list[faults.count - 1].place.column <= size + 1);
		return 0;
	}
	assert(criteria_parse(&again, &arena, first.document, &none) == OK);
	assert(digest_equal(&first.sha256, &again.sha256));
	weigh(&first, &arena);
	return 0;
}
