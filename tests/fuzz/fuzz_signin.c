/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers send to sign in: a range is kept in one way that covers itself, a name made of a
 * claim is one the database takes, an address out of a discovery is HTTPS. */
#include <assert.h>

#include "gateway/api/signin/oidc_provider.h"
#include "gateway/api/signin/one_time.h"
#include "gateway/api/signin/session_cookie.h"
#include "policy/address_range.h"
#include "tests/fuzz/fuzz.h"

static void try_range(struct slice text)
{
	AUTO(buf_free) struct buf once = buf_new(ADDRESS_RANGE_MAX);
	AUTO(buf_free) struct buf twice = buf_new(ADDRESS_RANGE_MAX);

	if (address_range_write(&once, text) != OK)
		return;
	assert(address_range_write(&twice, buf_slice(&once)) == OK);
	assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
	assert(address_ranges_contain(buf_slice(&once), buf_slice(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {0};
	struct slice text = slice_of(data, size), name;
	struct http_header header = {S("Cookie"), text};
	struct http_request request = {.method = S("GET"), .headers = &header, .header_count = 1};
	struct oidc_provider providers[OIDC_MAX_PROVIDERS];
	struct oidc_discovery discovery;
	struct session_cookie cookie;
	struct digest hash;
	size_t count;

	try_range(text);
	name = oidc_person_name(&arena, text);
	assert(name.size <= 62 && slice_find(name, '@') == name.size);
	if (oidc_read_discovery(&discovery, &arena, text, S("https://i")) == OK)
		assert(slice_starts_with(discovery.token, S("https://")));
	(void)!oidc_read_providers(providers, &count, &arena, text);
	(void)!session_cookie_read(&cookie, session_cookie_find(&request, SESSION_COOKIE));
	(void)!one_time_hash(&hash, text);
	return 0;
}
