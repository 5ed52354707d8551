/* SPDX-License-Identifier: Apache-2.0 */
/*
 * licensing.h - what the routes about licenses share: who may see and manage one, the license of
 * an address, and its renewal.
 */
#ifndef GATEWAY_API_LICENSE_LICENSING_H
#define GATEWAY_API_LICENSE_LICENSING_H

#include "gateway/api/license/issue.h"

/* Do they manage licenses of this model? Auditors of it, and those who do, see them all. */
bool licensing_manages(const struct exchange *x, struct slice model);
bool licensing_sees(const struct exchange *x, struct slice model);

/* The license of the address ({id}), if the asker may see it; false: it has answered. */
bool licensing_find(struct store_license *out, struct exchange *x, struct route_context *context);

/* The same, if the asker manages licenses of its model. */
bool licensing_find_managed(struct store_license *out, struct exchange *x,
			    struct route_context *context);

/* A change of state: which act, from where to where. */
struct licensing_act {
	enum audit_kind kind;
	struct slice from, to;
};

/* "expires_days" of a body: API_LICENSE_DAYS without one. */
RESULT licensing_days(int64_t *out, const json_t *body);

/* What keeps the license of a person alone, and the entry's fields that name it. */
void licensing_tell(struct audit_event *event, const struct store_license *license);

#endif
