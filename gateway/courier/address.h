/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - may the courier connect to this address? Judged on what was resolved, for every
 * connection, so that a name that points inward (by mistake, by a redirect, by DNS rebinding)
 * leads nowhere.
 */
#ifndef GATEWAY_COURIER_ADDRESS_H
#define GATEWAY_COURIER_ADDRESS_H

#include <sys/socket.h>

enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE, /* loopback, RFC 1918, RFC 6598, unique local: if a setting allows it */
	ADDRESS_NEVER,   /* link-local (metadata services), multicast, unspecified, reserved */
};

/* An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo ...) is judged as that address;
 * where it could be any, never. A family that is neither is ADDRESS_NEVER. */
enum address_kind address_kind_of(const struct sockaddr *address, socklen_t size);

#endif
