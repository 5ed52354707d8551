/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/visa_values.h"

#include "crypto/visa.h"

typedef bool value_fn(struct slice value);

static bool is_letter(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

/* scheme:rest in visible ASCII (RFC 3986): https://..., urn:... Compared byte by byte, never
 * fetched. */
static bool is_address(struct slice value)
{
	size_t colon = slice_find(value, ':');

	if (value.size == 0 || !is_letter(value.data[0]) || colon + 1 >= value.size)
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!is_letter(value.data[i]) && !is_digit(value.data[i]) && value.data[i] != '+' &&
		    value.data[i] != '-' && value.data[i] != '.')
			return false;
	for (size_t i = colon; i < value.size; i++)
		if (value.data[i] <= ' ' || value.data[i] > '~')
			return false;
	return true;
}

static bool is_domain(struct slice text)
{
	size_t label = 0;
	bool has_dot = false;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t b = text.data[i];

		if (b == '.' && label == 0)
			return false;
		has_dot = has_dot || b == '.';
		label = b == '.' ? 0 : label + 1;
		if (b != '.' && b != '-' && !is_letter(b) && !is_digit(b))
			return false;
	}
	return has_dot && label > 0 && text.size <= 253;
}

/* An address that anybody gets for the asking is no institution. */
static bool is_mail_provider(struct slice domain)
{
	static const char *const names[] = {
		"gmail.com", "googlemail.com", "outlook.com", "hotmail.com",  "live.com",
		"yahoo.com", "icloud.com",     "me.com",      "aol.com",      "gmx.de",
		"gmx.net",   "gmx.com",        "web.de",      "proton.me",    "protonmail.com",
		"mail.com",  "mail.ru",        "yandex.ru",   "yandex.com",   "qq.com",
		"163.com",   "126.com",        "zoho.com",    "fastmail.com",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_equal_ignoring_case(domain, slice_of_string(names[i])))
			return true;
	return false;
}

/* role@domain: an eduPersonScopedAffiliation. */
static bool is_affiliation(struct slice value)
{
	struct slice role, domain;

	if (!slice_cut(value, '@', &role, &domain) || role.size == 0)
		return false;
	for (size_t i = 0; i < role.size; i++)
		if (!is_letter(role.data[i]) && !is_digit(role.data[i]) && role.data[i] != '-' &&
		    role.data[i] != '.' && role.data[i] != '_')
			return false;
	return is_domain(domain) && !is_mail_provider(domain);
}

static bool is_country(struct slice value)
{
	return value.size == 2 && value.data[0] >= 'A' && value.data[0] <= 'Z' &&
	       value.data[1] >= 'A' && value.data[1] <= 'Z';
}

static bool are_links(struct slice value)
{
	AUTO(arena_free) struct arena a = {0};
	struct visa_identity links[VISA_LINKS_MAX];
	size_t count;

	return visa_links(links, &count, &a, value) == OK;
}

static const struct {
	const char *type;
	value_fn *is_good;
	const char *form;
	bool needs_by;
} types[] = {
	{VISA_AFFILIATION, is_affiliation, "role@domain of an institution", false},
	{VISA_TERMS, is_address, "an address, as https://...", true},
	{VISA_RESEARCHER, is_address, "an address, as https://...", false},
	{VISA_GRANT, is_address, "an address, as https://...", false},
	{VISA_LINKED, are_links, "sub,iss;sub,iss, each percent-encoded", false},
	{VISA_TRAINING, is_address, "an address, as https://...", false},
	{VISA_COUNTRY, is_country, "two capitals of ISO 3166-1", false},
};

static enum err check_by(const struct visa *visa)
{
	static const char *const known[] = {"self", "peer", "system", "so", "dac"};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (slice_equal(visa->by, slice_of_string(known[i])))
			return OK;
	return failure(ERR_FORMAT, "visa: \"by\" is one of self, peer, system, so, dac");
}

enum err visa_check_value(const struct visa *visa)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!slice_equal(visa->type, slice_of_string(types[i].type)))
			continue;
		if (!types[i].is_good(visa->value))
			return failure(ERR_FORMAT, "visa: the value of a %s is %s", types[i].type,
				       types[i].form);
		if (types[i].needs_by && visa->by.size == 0)
			return failure(ERR_FORMAT, "visa: a %s says who accepted (\"by\")",
				       types[i].type);
		return visa->by.size ? check_by(visa) : OK;
	}
	return failure(ERR_UNSUPPORTED, "visa: the type \"%.*s\" does not count here",
		       SLICE_PRINT(slice_part(visa->type, 0, 64)));
}

static int hex_value(uint8_t b)
{
	if (is_digit(b))
		return b - '0';
	if (b >= 'a' && b <= 'f')
		return b - 'a' + 10;
	return b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
}

/* Percent-decoded; what a URI would not have as it is must not be there as it is. */
static bool decode(struct slice *out, struct arena *a, struct slice text)
{
	uint8_t *bytes = arena_alloc(a, text.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t b = text.data[i];
		int high, low;

		if (b <= ' ' || b > '~')
			return false;
		if (b == '%') {
			high = i + 2 < text.size ? hex_value(text.data[i + 1]) : -1;
			low = i + 2 < text.size ? hex_value(text.data[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			b = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (b == 0)
			return false;
		bytes[size++] = b;
	}
	*out = slice_of(bytes, size);
	return size > 0 && slice_is_utf8(*out);
}

enum err visa_links(struct visa_identity out[VISA_LINKS_MAX], size_t *count, struct arena *a,
		    struct slice value)
{
	struct slice pair, sub, iss, rest = value;
	bool more = true;

	for (*count = 0; more; (*count)++) {
		more = slice_cut(rest, ';', &pair, &rest);
		if (*count == VISA_LINKS_MAX)
			return failure(ERR_LIMIT, "visa: more than %d linked identities",
				       VISA_LINKS_MAX);
		if (!slice_cut(pair, ',', &sub, &iss) || slice_find(iss, ',') != iss.size ||
		    !decode(&out[*count].sub, a, sub) || !decode(&out[*count].iss, a, iss))
			return failure(ERR_FORMAT,
				       "visa: linked identities are sub,iss;sub,iss, each "
				       "percent-encoded");
	}
	return OK;
}
