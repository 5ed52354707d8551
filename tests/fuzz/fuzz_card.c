/* SPDX-License-Identifier: Apache-2.0 */
/* Model cards: a form that is read from YAML is written and read again as the same form. */
#include <assert.h>

#include "gateway/api/model/card.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf once = buf_new(8 * CARD_MAX_FRONT);
	AUTO(buf_free) struct buf twice = buf_new(8 * CARD_MAX_FRONT);
	AUTO(json_auto) json_t *document = NULL;
	struct form form;

	if (card_read_form(&form, &a, slice_of(data, size)) != OK)
		return 0;
	assert(form_write(&once, &form) == OK);
	assert(json_read(&document, buf_slice(&once), 8 * CARD_MAX_FRONT) == OK);
	assert(form_read(&form, &a, document) == OK);
	assert(form_write(&twice, &form) == OK);
	assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
	return 0;
}
