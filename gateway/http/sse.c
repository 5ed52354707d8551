/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/sse.h"

void sse_write_event(struct buf *out, const char *event, struct slice data)
{
	bool more = true;

	if (event)
		buf_printf(out, "event: %s\n", event);
	while (more) {
		struct slice line;

		more = slice_cut(data, '\n', &line, &data);
		buf_write_string(out, "data: ");
		buf_write(out, line);
		buf_write_string(out, "\n");
	}
	buf_write_string(out, "\n");
}

void sse_write_comment(struct buf *out)
{
	buf_write_string(out, ":\n\n");
}

/* How many bytes the character at the front of `text` has; 0 if it is not UTF-8. */
static size_t character_size(struct slice text)
{
	for (size_t n = 1; n <= 4 && n <= text.size; n++)
		if (slice_is_utf8(slice_part(text, 0, n)))
			return n;
	return 0;
}

static void write_ascii(struct buf *out, uint8_t c)
{
	static const char short_names[] = "\"\\\b\f\n\r\t";
	static const char short_letters[] = "\"\\bfnrt";
	const char *found = c ? strchr(short_names, c) : NULL;

	if (found)
		buf_printf(out, "\\%c", short_letters[found - short_names]);
	else if (c < 0x20 || c == 0x7f)
		buf_printf(out, "\\u%04x", c);
	else
		buf_write_u8(out, c);
}

void json_write_text(struct buf *out, struct slice text)
{
	buf_write_string(out, "\"");
	while (text.size) {
		size_t n = character_size(text);

		if (n == 0)
			buf_write_string(out, "\xef\xbf\xbd");
		else if (n == 1)
			write_ascii(out, text.data[0]);
		else
			buf_write(out, slice_part(text, 0, n));
		text = slice_part(text, n ? n : 1, text.size);
	}
	buf_write_string(out, "\"");
}
