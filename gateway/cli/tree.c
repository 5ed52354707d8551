/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/tree.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "gateway/api/upload/commit.h"

enum { TREE_SHA256 = 64, TREE_GIT = 40 };

enum err tree_check_path(struct slice path)
{
	if (commit_check_path(path) == OK && !slice_starts_with(path, S(TREE_OWN_PREFIX)))
		return OK;
	return failure(ERR_DENIED, "the gateway names a file that cannot be written here");
}

bool tree_matches(const char *path, const char *const *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fnmatch(patterns[i], path, 0) == 0)
			return true;
	return false;
}

/* Hexadecimal digits, or as many stars. */
static enum err read_id(const char **out, struct tree *t, struct arena *arena, const json_t *object,
			size_t size)
{
	struct slice text;
	size_t digits = 0, stars = 0;

	TRY(json_get_text(&text, object, "oid"));
	for (size_t i = 0; i < text.size; i++) {
		uint8_t b = text.data[i];

		digits += (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f');
		stars += b == '*';
	}
	if (text.size != size || (digits != size && stars != size))
		return failure(ERR_FORMAT, "the gateway gives a file an id that is none");
	t->is_masked = t->is_masked || stars;
	*out = arena_string(arena, text);
	return OK;
}

static enum err read_file(struct tree *t, struct arena *arena, const json_t *one)
{
	const json_t *lfs = json_object_get(one, "lfs");
	struct tree_file *file = &t->files[t->count];
	struct slice path;
	int64_t size;

	TRY(json_get_text(&path, one, "path"));
	TRY(json_get_int(&size, one, "size"));
	TRY(tree_check_path(path));
	if (size < 0 || size >> TREE_MAX_SIZE_BITS)
		return failure(ERR_FORMAT, "the gateway gives a file a size that none has");
	if (json_is_object(lfs))
		TRY(read_id(&file->sha256, t, arena, lfs, TREE_SHA256));
	else
		TRY(read_id(&file->git, t, arena, one, TREE_GIT));
	file->path = arena_string(arena, path);
	file->size = (uint64_t)size;
	t->bytes += file->size;
	t->count++;
	return OK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct tree_file *)a)->path, ((const struct tree_file *)b)->path);
}

enum err tree_read(struct tree *out, struct arena *arena, const json_t *list)
{
	size_t count = json_array_size(list);

	*out = (struct tree){.count = 0};
	if (!json_is_array(list) || count > TREE_MAX_FILES)
		return failure(ERR_FORMAT,
			       "the gateway's listing is none, or has more than %d files",
			       TREE_MAX_FILES);
	out->files = arena_alloc(arena, (count + 1) * sizeof *out->files);
	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_array_get(list, i);
		struct slice type;

		TRY(json_get_text_or(&type, one, "type", S("file")));
		if (slice_equal(type, S("file")))
			TRY(read_file(out, arena, one));
	}
	qsort(out->files, out->count, sizeof *out->files, compare);
	for (size_t i = 1; i < out->count; i++)
		if (compare(&out->files[i - 1], &out->files[i]) == 0)
			return failure(ERR_FORMAT, "the gateway lists a file twice");
	return OK;
}

/* One link: "<address>; rel="next"; other=x". */
static bool is_next(struct slice parameters)
{
	bool more = true;

	while (more) {
		struct slice one, rest, name, value;

		more = slice_cut(parameters, ';', &one, &rest);
		parameters = rest;
		if (slice_cut(one, '=', &name, &value) &&
		    slice_equal_ignoring_case(slice_trim(name), S("rel")) &&
		    (slice_equal(slice_trim(value), S("\"next\"")) ||
		     slice_equal(slice_trim(value), S("next"))))
			return true;
	}
	return false;
}

struct slice tree_next_page(struct slice link)
{
	struct slice rest = link, before, address, behind, parameters;

	while (slice_cut(rest, '<', &before, &behind) &&
	       slice_cut(behind, '>', &address, &parameters)) {
		struct slice own = slice_part(parameters, 0, slice_find(parameters, '<'));

		if (slice_find(own, ',') < own.size)
			own = slice_part(own, 0, slice_find(own, ','));
		if (is_next(own))
			return address;
		rest = parameters;
	}
	return S("");
}
