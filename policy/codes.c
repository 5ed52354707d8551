/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/codes.h"

static const struct {
	const char *name;
	unsigned status;
	const char *sentence;
} codes[CODE_COUNT] = {
#define CODE_ROW(code, text, http_status, words) [CODE_##code] = {text, http_status, words},
	CODES(CODE_ROW)
#undef CODE_ROW
};

const char *code_name(enum code code)
{
	return codes[code].name;
}

unsigned code_status(enum code code)
{
	return codes[code].status;
}

const char *code_sentence(enum code code)
{
	return codes[code].sentence;
}

bool code_parse(enum code *out, struct slice text)
{
	for (int i = 0; i < CODE_COUNT; i++) {
		if (slice_equal(text, slice_of_string(codes[i].name))) {
			*out = (enum code)i;
			return true;
		}
	}
	return false;
}
