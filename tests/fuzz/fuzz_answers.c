/* SPDX-License-Identifier: Apache-2.0 */
/* "form LF answers": answers that are taken are taken again as they were written, but for the
 * country of the address, which nobody may give. */
#include <assert.h>

#include "policy/answers.h"
#include "tests/fuzz/fuzz.h"

static bool has_address(const struct form *form)
{
	for (size_t i = 0; i < form->count; i++)
		if (form->fields[i].type == FORM_IP_LOCATION)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf once = buf_new(ANSWERS_MAX), twice = buf_new(ANSWERS_MAX);
	AUTO(json_auto) json_t *card = NULL, *given = NULL, *again = NULL;
	struct slice text, rest;
	struct form form;

	slice_cut(slice_of(data, size), '\n', &text, &rest);
	if (json_read(&card, text, 65536) != OK || form_read(&form, &a, card) != OK ||
	    json_read(&given, rest, 65536) != OK ||
	    answers_check(&once, &form, given, S("JP")) != OK || has_address(&form))
		return 0;
	assert(json_read(&again, buf_slice(&once), ANSWERS_MAX) == OK);
	assert(answers_check(&twice, &form, again, S("JP")) == OK);
	assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
	return 0;
}
