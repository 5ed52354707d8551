/* SPDX-License-Identifier: Apache-2.0 */
/* countries.h - the two-letter codes of ISO 3166-1 that are assigned, and which of them are members
 * of the European Union. */
#ifndef POLICY_COUNTRIES_H
#define POLICY_COUNTRIES_H

#include "crypto/base/slice.h"

bool country_is_known(struct slice code); /* two capitals */
bool country_is_in_eu(struct slice code);

#endif
