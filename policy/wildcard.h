/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wildcard.h - patterns as GA4GH writes them in the conditions of visas: `?` is any one character,
 * `*` any run of them, also none; everything else is itself, and case counts.
 */
#ifndef POLICY_WILDCARD_H
#define POLICY_WILDCARD_H

#include "crypto/base/slice.h"

/* *steps counts what it costs, at most pattern.size * text.size. `?` takes a byte of ASCII or one
 * whole character of UTF-8. */
bool wildcard_matches(struct slice pattern, struct slice text, size_t *steps);

#endif
