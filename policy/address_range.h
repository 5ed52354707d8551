/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_range.h - ranges of network addresses ("192.0.2.0/24", "2001:db8::/32") that an access
 * token is good from. An IPv4 address inside IPv6 (::ffff:192.0.2.1) is the IPv4 address.
 */
#ifndef POLICY_ADDRESS_RANGE_H
#define POLICY_ADDRESS_RANGE_H

#include "crypto/base/buf.h"

enum { ADDRESS_RANGES_MAX = 32, ADDRESS_RANGE_MAX = 64 };

/* The range as it is kept: bits behind the prefix cleared, an address alone with /32 or /128.
 * ERR_FORMAT says what is wrong. */
RESULT address_range_write(struct buf *out, struct slice text);

/* Is the address in one of the ranges (comma-separated; none: everywhere)? What is no address is
 * in no range. */
bool address_ranges_cover(struct slice ranges, struct slice address);

/* Does `outer` cover whatever `inner` does? The empty list covers everything. */
bool address_ranges_contain(struct slice outer, struct slice inner);

#endif
