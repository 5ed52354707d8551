/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/target.h"

static bool is_alphanumeric(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
}

static bool is_host_name(struct slice host)
{
	if (host.size == 0 || host.size > TARGET_MAX_HOST || !is_alphanumeric(host.data[0]))
		return false;
	for (size_t i = 0; i < host.size; i++) {
		uint8_t b = host.data[i];

		if (b == '.' && i + 1 < host.size && host.data[i + 1] == '.')
			return false;
		if (!is_alphanumeric(b) && b != '-' && b != '.')
			return false;
	}
	return is_alphanumeric(host.data[host.size - 1]);
}

/* Whether it is a whole address, the resolver says; here only that it cannot be anything else. */
static bool is_bracketed(struct slice host)
{
	if (host.size < 4 || host.size > TARGET_MAX_HOST || host.data[0] != '[' ||
	    host.data[host.size - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < host.size; i++) {
		uint8_t b = host.data[i];
		bool hex = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') ||
			   (b >= 'A' && b <= 'F');

		if (!hex && b != ':' && b != '.')
			return false;
	}
	return true;
}

/* HOST[:PORT]; false if it is neither. */
static bool read_place(struct target *out, struct slice text)
{
	size_t end = 0;
	uint64_t port = TARGET_HTTPS;
	struct slice rest;

	if (text.size && text.data[0] == '[') {
		end = slice_find(text, ']');
		end += end < text.size;
	} else {
		end = slice_find(text, ':');
	}
	out->host = slice_part(text, 0, end);
	rest = slice_part(text, end, text.size - end);
	if (rest.size && (rest.data[0] != ':' ||
			  !slice_to_u64(slice_part(rest, 1, rest.size - 1), UINT16_MAX, &port)))
		return false;
	out->port = (uint16_t)port;
	return port != 0 && (is_host_name(out->host) || is_bracketed(out->host));
}

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f || text.data[i] == '\\' ||
		    text.data[i] == '#')
			return false;
	return true;
}

enum err target_parse(struct target *out, struct slice url)
{
	struct slice rest;
	size_t slash = 0;

	if (url.size > TARGET_MAX_URL)
		return failure(ERR_LIMIT, "the address is longer than %d bytes", TARGET_MAX_URL);
	if (!slice_starts_with(url, S("https://")) || !is_plain(url))
		return failure(ERR_FORMAT, "an address begins with https:// and is visible ASCII "
					   "without \"#\" and \"\\\"");
	rest = slice_part(url, 8, url.size - 8);
	while (slash < rest.size && rest.data[slash] != '/' && rest.data[slash] != '?')
		slash++;
	out->path = slice_part(rest, slash, rest.size - slash);
	if (!read_place(out, slice_part(rest, 0, slash)))
		return failure(ERR_FORMAT, "https://HOST[:PORT]/... is expected, without a user");
	if (out->path.size && out->path.data[0] != '/')
		return failure(ERR_FORMAT, "a slash is expected behind the host");
	return OK;
}

/* "*.host" covers what is below it, not itself. */
static bool read_word(struct target *out, struct slice word, bool *below)
{
	*below = slice_starts_with(word, S("*."));
	if (*below)
		word = slice_part(word, 2, word.size - 2);
	return read_place(out, word) && !(*below && out->host.data[0] == '[');
}

static bool covers(struct slice word, const struct target *t)
{
	struct target listed;
	bool below;
	size_t more;

	if (!read_word(&listed, word, &below) || listed.port != t->port)
		return false;
	if (!below)
		return slice_equal_ignoring_case(listed.host, t->host);
	if (t->host.size <= listed.host.size + 1)
		return false;
	more = t->host.size - listed.host.size;
	return t->host.data[more - 1] == '.' &&
	       slice_equal_ignoring_case(slice_part(t->host, more, listed.host.size), listed.host);
}

bool target_is_listed(const struct target *t, struct slice list)
{
	struct slice rest = list, word;
	bool more = true;

	while (more) {
		more = slice_cut(rest, ' ', &word, &rest);
		if (word.size && covers(word, t))
			return true;
	}
	return false;
}

enum err target_check_list(struct slice list)
{
	struct slice rest = list, word;
	struct target listed;
	bool more = true, below;

	while (more) {
		more = slice_cut(rest, ' ', &word, &rest);
		if (word.size && !read_word(&listed, word, &below))
			return failure(ERR_FORMAT,
				       "allow: \"%.*s\" is not HOST, HOST:PORT or *.HOST",
				       SLICE_PRINT(slice_part(word, 0, 100)));
	}
	return OK;
}

bool target_same_place(const struct target *a, const struct target *b)
{
	return a->port == b->port && slice_equal_ignoring_case(a->host, b->host);
}
