/* SPDX-License-Identifier: Apache-2.0 */
/* A head and its body come out the same wherever the network cuts them (the first byte says). */
#include <assert.h>

#include "crypto/base/buf.h"
#include "gateway/http/body.h"
#include "tests/fuzz/fuzz.h"

static unsigned read_request(struct slice in, size_t end, struct buf *out)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct http_scan scan = {.seen = 0};
	struct http_refusal no = {.status = 0};
	struct http_request request;
	enum http_scan_result found = http_head_scan(&scan, slice_part(in, 0, end), &no);
	size_t n;

	if (found == HTTP_SCAN_MORE)
		found = http_head_scan(&scan, in, &no);
	if (found != HTTP_SCAN_HEAD ||
	    http_request_parse(&request, &arena, slice_part(in, 0, scan.seen), &no) != OK)
		return no.status;
	for (struct http_body body = http_body_of(&request); !http_body_is_done(&body);) {
		struct slice data, rest = slice_part(slice_part(in, 0, end), scan.seen, in.size);

		if (http_body_next(&body, rest, &n, &data) != OK)
			return 1;
		buf_write(out, data);
		scan.seen += n;
		if (n == 0 && end == in.size)
			return 2;
		end = n ? end : in.size;
	}
	return 3 + (unsigned)scan.seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf whole = buf_new(1 << 20);
	AUTO(buf_free) struct buf parts = buf_new(1 << 20);
	struct slice in = slice_of(size ? data + 1 : data, size ? size - 1 : 0);
	unsigned verdict = read_request(in, in.size, &whole);

	assert(verdict == read_request(in, size ? data[0] * in.size / 256 : 0, &parts));
	assert(slice_equal(buf_slice(&whole), buf_slice(&parts)));
	return 0;
}
