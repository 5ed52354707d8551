/* SPDX-License-Identifier: Apache-2.0 */
/* "pattern LF path": the matcher agrees with the plain recursive reading of the rules, opens
 * nothing for a pattern it refuses, and never weights. */
#include <assert.h>

#include "policy/open_paths.h"
#include "tests/fuzz/fuzz.h"

static bool matches(struct slice p, struct slice t)
{
	bool is_deep = slice_starts_with(p, S("**"));

	if (p.size == 0)
		return t.size == 0;
	if (is_deep && p.size == 2)
		return true;
	if (is_deep) { /* then "/" */
		size_t slash = slice_find(t, '/');

		return matches(slice_part(p, 3, p.size), t) ||
		       (slash < t.size && matches(p, slice_part(t, slash + 1, t.size)));
	}
	if (slice_starts_with(p, S("/**")) && t.size == 0)
		return matches(slice_part(p, 3, p.size), t);
	if (p.data[0] == '*')
		return matches(slice_part(p, 1, p.size), t) ||
		       (t.size && t.data[0] != '/' && matches(p, slice_part(t, 1, t.size)));
	return t.size && p.data[0] == t.data[0] &&
	       matches(slice_part(p, 1, p.size), slice_part(t, 1, t.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice pattern, path;

	slice_cut(slice_of(data, size < 48 ? size : 48), '\n', &pattern, &path);
	if (open_path_is_weights(path) || open_pattern_check(pattern) != OK)
		assert(!open_pattern_matches(pattern, path));
	else if (slice_find(path, '/') > 0 && path.size && !slice_ends_with(path, S("/")))
		assert(open_pattern_matches(pattern, path) == matches(pattern, path));
	return 0;
}
