/* SPDX-License-Identifier: Apache-2.0 */
/*
 * country_table.h - the operator's table of which addresses are of which country: lines
 * "192.0.2.0/24,DE" or "2001:db8::/32,FR", in any order; empty lines and lines that begin with #
 * are skipped. Of networks that lie within each other the narrowest counts. What is in no network
 * has no country: nothing is guessed.
 */
#ifndef POLICY_COUNTRY_TABLE_H
#define POLICY_COUNTRY_TABLE_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	COUNTRY_TABLE_MAX_TEXT = 128 * 1024 * 1024,
	COUNTRY_TABLE_MAX_ROWS = 2000000,
};

struct country_table;

/* ERR_FORMAT with the number of the line: no network, bits set behind its prefix, no such country,
 * or the same network for two countries. ERR_LIMIT. */
RESULT country_table_parse(struct country_table **out, struct slice text);
void country_table_free(struct country_table *t); /* NULL is fine */

/* Of a numeric address, of either family; IPv4 in IPv6 (::ffff:192.0.2.1) is IPv4. False: it is in
 * no network, or is no address. O(log n). `t` may be NULL. */
bool country_table_find(char out[3], const struct country_table *t, struct slice address);

static inline void country_table_auto(struct country_table **t)
{
	country_table_free(*t);
}

#endif
