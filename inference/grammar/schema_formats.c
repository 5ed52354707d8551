/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_formats.c - formats as regular expressions of our own. What they match is valid; not all
 * that is valid is matched (no leap seconds, no quoted names in mail addresses).
 */
#include <string.h>

#include "inference/grammar/schema_parts.h"

#define DATE \
	"(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]" \
	"\\d|30)" \
	"|02-(?:0[1-9]|1\\d|2[0-8]))" \
	"|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
#define TIME \
	"(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]" \
	"\\d)"
#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define IPV4 OCTET "(?:\\." OCTET "){3}"
#define H "[0-9A-Fa-f]{1,4}"
/* Groups before "::" and behind it are seven at most. */
#define IPV6 \
	"(?:(?:" H ":){7}" H "|(?:" H ":){1,7}:|(?:" H ":){1,6}:" H "|(?:" H ":){1,5}(?::" H \
	"){2}|(?:" H ":){1,4}(?::" H "){3}|(?:" H ":){1,3}(?::" H "){4}|(?:" H ":){1,2}(?::" H \
	"){5}|" H ":(?::" H "){6}|:(?::" H "){1,7}|::|(?:" H ":){6}" IPV4 "|::(?:" H \
	":){0,5}" IPV4 "|(?:" H ":){1,5}:" IPV4 "|(?:" H ":){1,3}(?::" H "){1,2}:" IPV4 ")"
/* No two hyphens in a row, as they begin names in other scripts; at most 61 characters. */
#define LABEL "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,30}"
#define HOST "(?:" LABEL "(?:\\." LABEL "){0,2})"
#define ATOM "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}"
#define PCHAR "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
#define AUTHORITY \
	"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:[A-Za-z0-9._~!$&'()*+,;=-]|" \
	"%[0-9A-Fa-f]{2})*(?::\\d{1,5})?"
#define CLOCK "(?:\\d{1,9}H(?:\\d{1,9}M(?:\\d{1,9}S)?)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)"
#define DAYS "(?:\\d{1,9}Y(?:\\d{1,9}M(?:\\d{1,9}D)?)?|\\d{1,9}M(?:\\d{1,9}D)?|\\d{1,9}D)"

const char *schema_format(const char *name)
{
	static const struct {
		const char *name, *pattern;
	} rows[] = {
		{"date", DATE},
		{"time", TIME},
		{"date-time", DATE "[Tt]" TIME},
		{"duration", "P(?:\\d{1,9}W|" DAYS "(?:T" CLOCK ")?|T" CLOCK ")"},
		{"uuid", "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"},
		{"email", ATOM "(?:\\." ATOM "){0,2}@" HOST},
		{"hostname", HOST},
		{"ipv4", IPV4},
		{"ipv6", IPV6},
		{"uri", "[A-Za-z][A-Za-z0-9+.-]*:(?://" AUTHORITY "(?:/" PCHAR "*)*|/?(?:" PCHAR
			"+(?:/" PCHAR "*)*)?)(?:\\?(?:" PCHAR "|[/?])*)?(?:#(?:" PCHAR "|[/?])*)?"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].pattern;
	return NULL;
}
