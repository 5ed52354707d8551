/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_courier_url.c - URL, newline, list of hosts: what is taken reads back the same, and a list
 * that names exactly its place has it. */
#include <assert.h>
#include <stdio.h>

#include "gateway/courier/target.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TARGET_MAX_URL + 32];
	struct slice url, list;
	struct target t, again;

	if (!slice_cut(slice_of(data, size), '\n', &url, &list))
		url = slice_of(data, size);
	if (target_parse(&t, url) != OK)
		return 0;
	assert(slice_find(t.host, '@') == t.host.size && slice_find(t.host, '/') == t.host.size);
	snprintf(text, sizeof text, "https://%.*s:%u%.*s", SLICE_PRINT(t.host), t.port,
		 SLICE_PRINT(t.path));
	if (strlen(text) <= TARGET_MAX_URL) {
		assert(target_parse(&again, slice_of_string(text)) == OK);
		assert(target_same_place(&t, &again) && slice_equal(t.path, again.path));
	}
	snprintf(text, sizeof text, "%.*s:%u", SLICE_PRINT(t.host), t.port);
	assert(target_is_listed(&t, slice_of_string(text)));
	assert(!target_is_listed(&t, S("")));
	(void)target_is_listed(&t, list);
	return 0;
}
