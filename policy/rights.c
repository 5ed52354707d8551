/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rights.h"

static const struct {
	const char *name;
	bool office;
} rights[RIGHT_COUNT] = {
#define RIGHT_ROW(right, text, is_office) [right] = {text, is_office},
	RIGHTS(RIGHT_ROW)
#undef RIGHT_ROW
};

const char *right_name(enum right r)
{
	return rights[r].name;
}

bool right_is_office(enum right r)
{
	return rights[r].office;
}

bool right_parse(enum right *out, struct slice text)
{
	for (int i = 0; i < RIGHT_COUNT; i++) {
		if (slice_equal(text, slice_of_string(rights[i].name))) {
			*out = (enum right)i;
			return true;
		}
	}
	return false;
}
