/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/guard.h"

#include <assert.h>
#include <string.h>

#include "crypto/base/clock.h"
#include "gateway/courier/address.h"

enum {
	GUARD_CONNECT_SECONDS = 15,
	GUARD_SLOW_BYTES = 512, /* a second: fewer is a stall */
};

/* Every connection passes here with the address that was really resolved. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct guard *g = context;
	enum address_kind kind = address_kind_of(&address->addr, address->addrlen);

	if (purpose != CURLSOCKTYPE_IPCXN || kind == ADDRESS_NEVER ||
	    (kind == ADDRESS_PRIVATE && !g->rules->allow_private)) {
		g->is_refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void guard_apply(struct guard *g, CURL *curl)
{
	struct curl_blob authorities = {.data = (void *)(uintptr_t)g->rules->authorities.data,
					.len = g->rules->authorities.size,
					.flags = CURL_BLOB_NOCOPY};
	int64_t left_ms = g->deadline_ms - clock_monotonic_ms();

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &authorities);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, g);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)GUARD_CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)GUARD_SLOW_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, g->rules->stall_seconds);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left_ms > 1 ? left_ms : 1));
}

enum err guard_explain(struct guard *g, CURLcode code)
{
	const char *why = curl_easy_strerror(code);

	if (g->is_refused_address)
		return failure(ERR_DENIED,
			       "%.*s is at an address that must not be connected to (private, "
			       "link-local or reserved); see courier.allow_private",
			       SLICE_PRINT(g->host));
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return failure(ERR_DENIED,
			       "the certificate of %.*s is not trusted (%s); see "
			       "courier.ca_file",
			       SLICE_PRINT(g->host), why);
	g->is_transient = code != CURLE_COULDNT_RESOLVE_HOST;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return failure(ERR_TIMEOUT, "%.*s stalled, or took too long", SLICE_PRINT(g->host));
	return failure(ERR_UNAVAILABLE, "%.*s: %s", SLICE_PRINT(g->host), why);
}

void guard_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	assert(longer);
	*list = longer;
}

void guard_curl_auto(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

void guard_headers_auto(struct curl_slist **list)
{
	for (struct curl_slist *h = *list; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(*list);
}
