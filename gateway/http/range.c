/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/range.h"

static const struct range unsatisfiable = {.kind = RANGE_UNSATISFIABLE};

/* "bytes=-n": the last n bytes. */
static struct range range_of_suffix(struct slice count, uint64_t size, struct range whole)
{
	uint64_t n;

	if (!slice_to_u64(count, UINT64_MAX, &n))
		return whole;
	if (n == 0 || size == 0)
		return unsatisfiable;
	if (n > size)
		n = size;
	return (struct range){.kind = RANGE_PART, .first = size - n, .length = n};
}

struct range range_of(struct slice header, uint64_t size)
{
	const struct range whole = {.kind = RANGE_WHOLE, .length = size};
	struct slice unit, set, from, to;
	uint64_t first, last = UINT64_MAX;

	if (!slice_cut(header, '=', &unit, &set) || !slice_equal_ignoring_case(unit, S("bytes")))
		return whole;
	set = slice_trim(set);
	if (slice_find(set, ',') < set.size || !slice_cut(set, '-', &from, &to))
		return whole;
	if (from.size == 0)
		return range_of_suffix(to, size, whole);
	if (!slice_to_u64(from, UINT64_MAX, &first) ||
	    (to.size && !slice_to_u64(to, UINT64_MAX, &last)) || last < first)
		return whole;
	if (first >= size)
		return unsatisfiable;
	if (last > size - 1)
		last = size - 1;
	return (struct range){.kind = RANGE_PART, .first = first, .length = last - first + 1};
}
