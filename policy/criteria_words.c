/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions in plain words, for who is told what is missing. */
#include <inttypes.h>

#include "crypto/base/clock.h"
#include "policy/claims.h"
#include "policy/criteria.h"

enum { WORDS_MAX_NAMES = 12 }; /* of a list; the rest is counted */

static void list_names(struct buf *out, const char *before, struct texts names)
{
	if (!names.count)
		return;
	buf_write_string(out, before);
	for (size_t i = 0; i < names.count && i < WORDS_MAX_NAMES; i++) {
		buf_write_string(out, i == 0 ? "" : i + 1 == names.count ? " or " : ", ");
		buf_write(out, names.list[i]);
	}
	if (names.count > WORDS_MAX_NAMES)
		buf_printf(out, " or %zu others", names.count - WORDS_MAX_NAMES);
}

static void write_age(struct buf *out, int64_t days)
{
	if (days)
		buf_printf(out, ", established within the last %" PRId64 " days", days);
}

static void write_claim(struct buf *out, const struct condition *c)
{
	buf_write_string(out, c->kind == CONDITION_TRAINING ? "a training certificate"
							    : "a verified claim ");
	if (c->kind != CONDITION_TRAINING)
		buf_write(out, c->type);
	list_names(out, c->kind == CONDITION_TRAINING ? " for " : " with the value ", c->values);
	if (c->pattern.size)
		buf_printf(out, " with a value like %.*s", SLICE_PRINT(c->pattern));
	list_names(out, " from ", c->sources);
	list_names(out, " said by ", c->asserters);
	list_names(out, " signed by ", c->issuers);
	write_age(out, c->max_age_days);
}

static void write_affiliation(struct buf *out, const struct condition *c)
{
	buf_write_string(out, "a verified affiliation");
	list_names(out, " as ", c->roles);
	list_names(out, " with ", c->values);
	if (c->takes_subdomains && c->values.count)
		buf_write_string(out, " or a part of it");
	list_names(out, " signed by ", c->issuers);
	write_age(out, c->max_age_days);
}

static void write_country(struct buf *out, const struct condition *c)
{
	list_names(out, "a country among ", c->values);
	if (c->country_sources == 1u << COUNTRY_CLAIM)
		buf_write_string(out, ", by a verified claim");
	else if (c->country_sources == 1u << COUNTRY_TABLE)
		buf_write_string(out, ", by the address of the call");
}

static void write_uses(struct buf *out, const struct condition *c)
{
	size_t count = 0;

	buf_write_string(out, c->is_within ? "no declared purpose but " : "the declared use ");
	for (int i = 0; i < USE_COUNT; i++)
		if (c->uses & use_bit((enum use)i))
			buf_printf(out, "%s%s (%s)", count++ ? ", " : "", use_code((enum use)i),
				   use_label((enum use)i));
}

static void write_rights(struct buf *out, const struct condition *c)
{
	size_t count = 0;

	buf_write_string(out,
			 c->is_within ? "a request for no right but " : "a request for the right ");
	for (int i = 0; i < RIGHT_COUNT; i++)
		if (c->rights & right_bit((enum right)i))
			buf_printf(out, "%s%s", count++ ? ", " : "", right_name((enum right)i));
}

static void write_range(struct buf *out, const struct condition *c, const char *what)
{
	if (c->until == INT64_MAX)
		buf_printf(out, "at least %" PRId64 " %s", c->from, what);
	else if (c->from == 0)
		buf_printf(out, "at most %" PRId64 " %s", c->until, what);
	else
		buf_printf(out, "%" PRId64 " to %" PRId64 " %s", c->from, c->until, what);
}

static void write_time(struct buf *out, const struct condition *c)
{
	char text[CLOCK_TEXT];

	buf_write_string(out, "a request made");
	if (c->from != INT64_MIN) {
		clock_text(text, c->from * 1000);
		buf_printf(out, " from %s on", text);
	}
	if (c->until != INT64_MAX) {
		clock_text(text, c->until * 1000);
		buf_printf(out, " before %s", text);
	}
}

static void write_parts(struct buf *out, const struct condition *c)
{
	for (size_t i = 0; i < c->part_count; i++) {
		if (i)
			buf_write_string(out, c->kind == CONDITION_ALL ? " and " : " or ");
		condition_describe(out, &c->parts[i], c->kind == CONDITION_NOT);
	}
}

static void write_institution(struct buf *out, const struct condition *c)
{
	buf_write_string(out, "membership of an institution");
	list_names(out, " of the kind ", c->values);
	list_names(out, " in ", c->countries);
}

static void write_atom(struct buf *out, const struct condition *c)
{
	switch (c->kind) {
	case CONDITION_ALL:
	case CONDITION_ANY:
	case CONDITION_NOT:
	case CONDITION_COUNT:
		write_parts(out, c);
		return;
	case CONDITION_CLAIM:
	case CONDITION_TRAINING:
		write_claim(out, c);
		return;
	case CONDITION_AFFILIATION:
		write_affiliation(out, c);
		return;
	case CONDITION_INSTITUTION:
		write_institution(out, c);
		return;
	case CONDITION_COUNTRY:
		write_country(out, c);
		return;
	case CONDITION_KNOWN:
		buf_printf(out, "a verified %s", c->is_institution ? "institution" : "country");
		return;
	case CONDITION_USES:
		write_uses(out, c);
		return;
	case CONDITION_RIGHTS:
		write_rights(out, c);
		return;
	case CONDITION_ACCESSORS:
		write_range(out, c, "named persons");
		return;
	case CONDITION_REFERENCES:
		write_range(out, c, "confirmed references");
		write_age(out, c->max_age_days);
		return;
	case CONDITION_TIME:
		write_time(out, c);
		return;
	case CONDITION_BLOCKED:
		buf_write_string(out, "an entry on the blocklist");
		return;
	case CONDITION_LIBRARY_CARD:
		buf_write_string(out, "a library card of the institution's signing official");
		return;
	case CONDITION_TERMS_SIGNED:
		buf_write_string(out, "a signature of the terms by an enrolled key");
		return;
	}
}

void condition_describe(struct buf *out, const struct condition *c, bool is_negated)
{
	if (is_negated)
		buf_write_string(out, "not: ");
	write_atom(out, c);
}
