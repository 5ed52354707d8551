/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/wildcard.h"

/* One character on: bytes 10xxxxxx are the rest of the one before them. */
static size_t behind_character(struct slice text, size_t at)
{
	at++;
	while (at < text.size && (text.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* When a sign does not fit, the last star takes one character more and all is tried from there:
 * enough, since an earlier star has no better choice than its shortest (Krauss, "Matching
 * Wildcards", 2008). */
bool wildcard_matches(struct slice pattern, struct slice text, size_t *steps)
{
	size_t p = 0, t = 0, star = pattern.size, mark = 0;

	while (t < text.size) {
		++*steps;
		if (p < pattern.size && pattern.data[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.size && pattern.data[p] == '?') {
			p++;
			t = behind_character(text, t);
		} else if (p < pattern.size && pattern.data[p] == text.data[t]) {
			p++;
			t++;
		} else if (star < pattern.size) {
			p = star + 1;
			t = mark = behind_character(text, mark);
		} else {
			return false;
		}
	}
	while (p < pattern.size && pattern.data[p] == '*')
		p++;
	return p == pattern.size;
}
