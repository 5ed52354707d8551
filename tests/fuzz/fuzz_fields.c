/* SPDX-License-Identifier: Apache-2.0 */
/* "name value" lines that make a request by HTTP/2 make the same one as a head of HTTP/1.1. */
#include <assert.h>

#include "crypto/base/buf.h"
#include "gateway/http/fields.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf head = buf_new(4 * HTTP_MAX_HEAD);
	struct http_fields fields = {.size = 0};
	struct http_request by_fields, by_lines;
	struct http_refusal no;
	struct slice rest = slice_of(data, size), line, name, value;

	while (rest.size) {
		slice_cut(rest, '\n', &line, &rest);
		slice_cut(line, ' ', &name, &value);
		http_fields_add(&fields, &arena, name, value);
	}
	if (http_fields_finish(&by_fields, &fields, &arena, false, &no))
		return 0;
	buf_write(&head, by_fields.method);
	buf_write_string(&head, " ");
	buf_write(&head, by_fields.target);
	buf_write_string(&head, " HTTP/1.1\r\n");
	for (size_t i = 0; i < by_fields.header_count; i++) {
		buf_write(&head, by_fields.headers[i].name);
		buf_write_string(&head, ":");
		buf_write(&head, by_fields.headers[i].value);
		buf_write_string(&head, "\r\n");
	}
	buf_write_string(&head, "\r\n");
	if (by_fields.header_count > HTTP_MAX_HEADERS)
		return 0; /* Host, counted apart there */
	assert(http_request_parse(&by_lines, &arena, buf_slice(&head), &no) == OK);
	assert(slice_equal(by_fields.path, by_lines.path));
	assert(slice_equal(by_fields.host, by_lines.host));
	assert(by_fields.content_length == by_lines.content_length);
	return 0;
}
