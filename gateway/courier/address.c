/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct range4 {
	uint32_t network;
	unsigned bits;
	enum address_kind kind;
};

struct range6 {
	uint8_t network[16];
	unsigned bits;
	enum address_kind kind;
};

/* The IANA registries of special-purpose addresses (RFC 6890 and later). What is not listed is
 * public. */
/* clang-format off */
static const struct range4 ranges4[] = {
	{0x00000000,  8, ADDRESS_NEVER},   /* 0.0.0.0/8        this network */
	{0x0a000000,  8, ADDRESS_PRIVATE}, /* 10.0.0.0/8       RFC 1918 */
	{0x64400000, 10, ADDRESS_PRIVATE}, /* 100.64.0.0/10    shared, RFC 6598 */
	{0x7f000000,  8, ADDRESS_PRIVATE}, /* 127.0.0.0/8      loopback */
	{0xa9fe0000, 16, ADDRESS_NEVER},   /* 169.254.0.0/16   link-local, metadata services */
	{0xac100000, 12, ADDRESS_PRIVATE}, /* 172.16.0.0/12    RFC 1918 */
	{0xc0000000, 24, ADDRESS_NEVER},   /* 192.0.0.0/24     protocol assignments */
	{0xc0000200, 24, ADDRESS_NEVER},   /* 192.0.2.0/24     documentation */
	{0xc0586300, 24, ADDRESS_NEVER},   /* 192.88.99.0/24   6to4 relays */
	{0xc0a80000, 16, ADDRESS_PRIVATE}, /* 192.168.0.0/16   RFC 1918 */
	{0xc6120000, 15, ADDRESS_NEVER},   /* 198.18.0.0/15    benchmarks */
	{0xc6336400, 24, ADDRESS_NEVER},   /* 198.51.100.0/24  documentation */
	{0xcb007100, 24, ADDRESS_NEVER},   /* 203.0.113.0/24   documentation */
	{0xe0000000,  3, ADDRESS_NEVER},   /* 224.0.0.0/3      multicast, reserved, broadcast */
};

static const struct range6 ranges6[] = {
	{{[15] = 1},                  128, ADDRESS_PRIVATE}, /* ::1 loopback */
	{{0xfc},                        7, ADDRESS_PRIVATE}, /* fc00::/7 unique local */
	{{0x20, 0x01, 0x0d, 0xb8},     32, ADDRESS_NEVER},   /* 2001:db8::/32 documentation */
	{{0x20, 0x01},                 23, ADDRESS_NEVER},   /* 2001::/23 Teredo, ORCHID, ... */
	{{0x3f, 0xff},                 20, ADDRESS_NEVER},   /* 3fff::/20 documentation */
	{{0x20},                        3, ADDRESS_PUBLIC},  /* 2000::/3 global unicast */
};
/* clang-format on */

/* Prefixes behind which an IPv4 address stands, and at which byte. */
static const struct {
	uint8_t network[16];
	unsigned bits;
	unsigned at;
} embedded[] = {
	{{[10] = 0xff, [11] = 0xff}, 96, 12}, /* ::ffff:0:0/96 mapped */
	{{0x00, 0x64, 0xff, 0x9b}, 96, 12},   /* 64:ff9b::/96 NAT64 */
	{{0x20, 0x02}, 16, 2},                /* 2002::/16 6to4 */
};

static enum address_kind kind_of_ipv4(uint32_t address)
{
	for (size_t i = 0; i < sizeof ranges4 / sizeof ranges4[0]; i++)
		if ((address ^ ranges4[i].network) >> (32 - ranges4[i].bits) == 0)
			return ranges4[i].kind;
	return ADDRESS_PUBLIC;
}

static bool begins_with(const uint8_t *address, const uint8_t *network, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, network, whole) != 0)
		return false;
	return rest == 0 || (uint8_t)(address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

static uint32_t ipv4_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum address_kind kind_of_ipv6(const uint8_t address[16])
{
	for (size_t i = 0; i < sizeof embedded / sizeof embedded[0]; i++)
		if (begins_with(address, embedded[i].network, embedded[i].bits))
			return kind_of_ipv4(ipv4_at(address + embedded[i].at));
	for (size_t i = 0; i < sizeof ranges6 / sizeof ranges6[0]; i++)
		if (begins_with(address, ranges6[i].network, ranges6[i].bits))
			return ranges6[i].kind;
	return ADDRESS_NEVER; /* outside 2000::/3 nothing else is global */
}

enum address_kind address_kind_of(const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET && size >= sizeof v4) {
		memcpy(&v4, address, sizeof v4);
		return kind_of_ipv4(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6 && size >= sizeof v6) {
		memcpy(&v6, address, sizeof v6);
		return kind_of_ipv6(v6.sin6_addr.s6_addr);
	}
	return ADDRESS_NEVER;
}
