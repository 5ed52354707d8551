/* SPDX-License-Identifier: Apache-2.0 */
/* "address LF subject LF text": whatever is written, a message has its nine headers and no other,
 * and no line that a mail server would not take; an address that is taken is one word. */
#include <assert.h>

#include "gateway/courier/mailbox.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf out = buf_new(256 * 1024);
	struct mailbox_message m = {.from = S("a@b"), .id = S("1"), .domain = S("b")};
	struct slice rest, line;
	unsigned headers = 0;

	slice_cut(slice_of(data, size < 60000 ? size : 60000), '\n', &m.to, &rest);
	slice_cut(rest, '\n', &m.subject, &m.text);
	if (mailbox_check(m.to) != OK)
		return 0;
	for (size_t i = 0; i < m.to.size; i++)
		assert(m.to.data[i] > ' ' && m.to.data[i] < 0x7f && m.to.data[i] != '>');
	mailbox_write(&out, &m);
	assert(buf_done(&out) == OK);
	rest = buf_slice(&out);
	while (slice_cut(rest, '\n', &line, &rest) && line.size > 1)
		headers++;
	assert(headers == 9);
	while (slice_cut(rest, '\n', &line, &rest))
		assert(line.size <= 998 && line.data[line.size - 1] == '\r');
	return 0;
}
