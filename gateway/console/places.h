/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h - the first parts of addresses that the console's pages have, besides "/": whoever asks
 * for one, or up to two segments below it, gets index.html, and the page is found there. None may
 * be the namespace of a model: its files keep their addresses (they are deeper), but it reads
 * badly.
 */
#ifndef GATEWAY_CONSOLE_PLACES_H
#define GATEWAY_CONSOLE_PLACES_H

/* clang-format off */
#define CONSOLE_PLACES(X) \
	X("admin") X("audit") X("keys") X("licenses") X("log-status") X("models") X("playground") \
	X("receipts") X("references") X("requests") X("settings") X("sign-in") X("tokens") X("usage")
/* clang-format on */

#endif
