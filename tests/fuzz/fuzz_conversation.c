/* SPDX-License-Identifier: Apache-2.0 */
/* A chat request is refused by a parameter's name, or becomes a conversation that, read again, is
 * the same. */
#include <assert.h>
#include <string.h>

#include "crypto/json.h"
#include "gateway/api/openai/conversation.h"
#include "tests/fuzz/fuzz.h"

static bool same_but_for_time(struct slice a, struct slice b)
{
	AUTO(json_auto) json_t *x = NULL, *y = NULL;

	assert(json_read(&x, a, 1 << 20) == OK && json_read(&y, b, 1 << 20) == OK);
	json_object_del(x, "now_seconds");
	json_object_del(y, "now_seconds");
	return json_equal(x, y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL, *again = NULL;
	struct generation_flaw flaw = {0};
	struct slice one, two;

	if (json_read(&body, slice_of(data, size), 1 << 20) != OK)
		return 0;
	if (conversation_read(&one, &flaw, &arena, body) != OK) {
		assert(flaw.param && flaw.message);
		return 0;
	}
	assert(json_read(&again, one, 1 << 20) == OK);
	assert(conversation_read(&two, &flaw, &arena, again) == OK);
	assert(same_but_for_time(one, two));
	return 0;
}
