/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/role.h"

const char *role_name(enum role role)
{
	switch (role) {
#define ROLE_CASE(name, number, text) \
	case ROLE_##name: \
		return text;
		ROLES(ROLE_CASE)
#undef ROLE_CASE
	}
	return "unknown";
}

bool role_is_known(unsigned number)
{
	return number < ROLE_COUNT;
}

bool role_of_name(enum role *out, struct slice name)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (!slice_equal(name, slice_of_string(role_name((enum role)i))))
			continue;
		*out = (enum role)i;
		return true;
	}
	return false;
}
