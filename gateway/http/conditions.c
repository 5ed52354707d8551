/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/conditions.h"

static struct slice skip_spaces(struct slice text)
{
	while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = slice_part(text, 1, text.size);
	return text;
}

/* Takes one tag, W/"..." or "...", off the front. False: there is none, or it is malformed. */
static bool next_tag(struct slice *list, bool *is_weak, struct slice *tag)
{
	struct slice text = skip_spaces(*list);
	size_t end;

	*is_weak = slice_starts_with(text, S("W/"));
	if (*is_weak)
		text = slice_part(text, 2, text.size);
	if (!slice_starts_with(text, S("\"")))
		return false;
	end = slice_find(slice_part(text, 1, text.size), '"');
	if (end == text.size - 1) /* no closing quote */
		return false;
	*tag = slice_part(text, 0, end + 2);
	text = skip_spaces(slice_part(text, end + 2, text.size));
	if (text.size && text.data[0] != ',')
		return false;
	*list = slice_part(text, text.size > 0, text.size);
	return true;
}

static bool list_has(struct slice list, struct slice etag, bool weak_counts)
{
	struct slice tag;
	bool is_weak;

	if (slice_equal(slice_trim(list), S("*")))
		return true;
	while (next_tag(&list, &is_weak, &tag))
		if (slice_equal(tag, etag) && (weak_counts || !is_weak))
			return true;
	return false;
}

enum condition condition_of(struct slice if_match, struct slice if_none_match, struct slice etag)
{
	if (if_match.data && !list_has(if_match, etag, false))
		return CONDITION_FAILED;
	if (if_none_match.data && list_has(if_none_match, etag, true))
		return CONDITION_NOT_MODIFIED;
	return CONDITION_NONE;
}

bool condition_allows_range(struct slice if_range, struct slice etag)
{
	return !if_range.data || slice_equal(slice_trim(if_range), etag);
}
