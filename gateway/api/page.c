/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/page.h"

#include <inttypes.h>

#include "crypto/base/text.h"
#include "gateway/http/url.h"

static enum err refuse_cursor(void)
{
	return failure(ERR_FORMAT, "this \"cursor\" is none of ours; begin without one");
}

static enum err find(struct slice *out, struct arena *arena, struct slice query, const char *name)
{
	enum err result = url_form_find(out, arena, query, name);

	if (result == ERR_NOT_FOUND)
		*out = S("");
	return result == ERR_NOT_FOUND ? OK : result;
}

static enum err read_limit(size_t *out, struct slice text, size_t usual, size_t most)
{
	uint64_t limit = usual;

	if (text.size && (!slice_to_u64(text, UINT32_MAX, &limit) || limit == 0))
		return failure(ERR_FORMAT, "\"limit\" must be a number from 1 to %zu", most);
	*out = limit < most ? (size_t)limit : most;
	return OK;
}

static enum err read_cursor(struct slice *out, struct arena *arena, struct slice text)
{
	AUTO(buf_free) struct buf name = buf_new(PAGE_MAX_NAME);
	struct slice bytes;

	if (text.size > 2 * PAGE_MAX_NAME ||
	    text_read_base64(&name, text, TEXT_BASE64_URL_RAW) != OK || buf_done(&name) != OK ||
	    !slice_is_utf8(buf_slice(&name)) || slice_find(buf_slice(&name), 0) < name.size)
		return refuse_cursor();
	bytes = buf_slice(&name);
	*out = arena_copy(arena, bytes);
	return OK;
}

enum err page_read(struct page *out, struct arena *arena, struct slice query, size_t usual,
		   size_t most)
{
	struct slice limit, cursor;

	TRY(find(&limit, arena, query, "limit"));
	TRY(find(&cursor, arena, query, "cursor"));
	TRY(read_limit(&out->limit, limit, usual, most));
	return read_cursor(&out->after, arena, cursor);
}

enum err page_read_moment(int64_t *ms, uint8_t id[16], const struct page *page)
{
	struct slice time, name;
	uint64_t at = 0;

	if (page->after.size &&
	    (!slice_cut(page->after, ':', &time, &name) || !slice_to_u64(time, INT64_MAX, &at) ||
	     text_read_uuid(id, name) != OK))
		return refuse_cursor();
	*ms = (int64_t)at;
	return OK;
}

struct slice page_moment(struct arena *arena, int64_t ms, const uint8_t id[16])
{
	char name[TEXT_UUID];

	text_uuid(name, id);
	return slice_of_string(arena_printf(arena, "%" PRId64 ":%s", ms, name));
}

/* As it came in, but for what would end the address in a Link header. */
static void write_raw(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '"' || c == '\\')
			buf_printf(out, "%%%02X", c);
		else
			buf_write_u8(out, c);
	}
}

void page_write_next(struct buf *out, struct slice base, struct slice path, struct slice query,
		     struct slice last)
{
	AUTO(arena_free) struct arena arena = {0};
	struct slice pair, name, value;

	buf_write_string(out, "<");
	write_raw(out, base);
	write_raw(out, path);
	buf_write_string(out, "?");
	while (query.size) {
		slice_cut(query, '&', &pair, &query);
		slice_cut(pair, '=', &name, &value);
		if (pair.size == 0 || url_decode(&name, &arena, name) != OK ||
		    slice_equal(name, S("cursor")))
			continue;
		write_raw(out, pair);
		buf_write_string(out, "&");
	}
	buf_write_string(out, "cursor=");
	text_write_base64(out, last, TEXT_BASE64_URL_RAW);
	buf_write_string(out, ">; rel=\"next\"");
}
