/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/pickle.h"

static struct slice leaf_of(struct slice path)
{
	struct slice head, rest = path;

	while (slice_cut(rest, '/', &head, &rest))
		;
	return head;
}

static bool ends_with(struct slice name, const char *ending)
{
	struct slice wanted = slice_of_string(ending);

	return name.size > wanted.size &&
	       slice_equal_ignoring_case(slice_part(name, name.size - wanted.size, wanted.size),
					 wanted);
}

bool pickle_is_named(struct slice path)
{
	static const char *const endings[] = {".pt", ".pth", ".ckpt", ".pkl", ".pickle"};
	struct slice leaf = leaf_of(path), prefix = S("pytorch_model");

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (ends_with(leaf, endings[i]))
			return true;
	return ends_with(leaf, ".bin") &&
	       slice_equal_ignoring_case(slice_part(leaf, 0, prefix.size), prefix);
}

/* PROTO, its number, and an opcode that begins what such programs make: a frame, a container, a
 * name, a number, a text (Python's pickletools has the list). Three bytes, so that random ones are
 * hardly ever taken for it. */
static bool is_pickle(struct slice b)
{
	static const char begins[] = "\x95}](cXKMJGNUC)\x8a\x8b\x88\x89\x8c\x8f";

	return b.size >= 3 && b.data[0] == 0x80 && b.data[1] >= 2 && b.data[1] <= 5 &&
	       memchr(begins, b.data[2], sizeof begins - 1) != NULL;
}

/* The first entry of the archive is "NAME/data.pkl". */
static bool is_torch_archive(struct slice b)
{
	enum { NAME_SIZE_AT = 26, NAME_AT = 30 };
	size_t size;

	if (b.size < NAME_AT || memcmp(b.data, "PK\x03\x04", 4) != 0)
		return false;
	size = (size_t)b.data[NAME_SIZE_AT] | (size_t)b.data[NAME_SIZE_AT + 1] << 8;
	return size <= b.size - NAME_AT &&
	       slice_ends_with(slice_part(b, NAME_AT, size), S("/data.pkl"));
}

bool pickle_begins(struct slice beginning)
{
	return is_pickle(beginning) || is_torch_archive(beginning);
}
