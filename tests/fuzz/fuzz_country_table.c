/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's table: what is read finds a country of the list or none, for any address, and
 * each network's own first address is in a country. */
#include <assert.h>

#include "policy/countries.h"
#include "policy/country_table.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(country_table_auto) struct country_table *t = NULL;
	struct slice text = slice_of(data, size), line, address, rest;
	char code[3];
	bool more = size > 0;

	if (size > 4096 || country_table_parse(&t, text) != OK)
		return 0;
	while (more) {
		more = slice_cut(text, '\n', &line, &text);
		if (slice_cut(slice_trim(line), '/', &address, &rest) && line.data[0] != '#')
			assert(country_table_find(code, t, address));
		if (country_table_find(code, t, line))
			assert(country_is_known(slice_of(code, 2)));
	}
	return 0;
}
