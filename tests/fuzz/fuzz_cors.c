/* SPDX-License-Identifier: Apache-2.0 */
/* "list LF origin": what is allowed stands in a list that the start accepts, word for word, and no
 * origin brings a line of its own into the headers. */
#include <assert.h>

#include "gateway/api/cors.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf out = buf_new(8192);
	struct http_header header = {.name = S("Origin")};
	struct http_request request = {
		.method = S("OPTIONS"), .headers = &header, .header_count = 1};
	struct slice list, lines, line;
	size_t count = 0;

	slice_cut(slice_of(data, size < 1000 ? size : 1000), '\n', &list, &header.value);
	if (cors_check(list) != OK)
		return 0;
	cors_write(&out, list, &request);
	lines = buf_slice(&out);
	while (slice_cut(lines, '\n', &line, &lines))
		count++;
	assert(count == (list.size == 0 ? 0 : cors_allows(list, header.value) ? 6 : 1));
	for (size_t i = 0; cors_allows(list, header.value) && i < header.value.size; i++)
		assert(header.value.data[i] > 0x20 && header.value.data[i] != '*');
	return 0;
}
