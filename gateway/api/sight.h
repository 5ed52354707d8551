/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sight.h - who may know that a model exists. Everybody, unless its settings hide it: then those
 * who administer models or decide on access, and persons who have or had a license or an access
 * request for it. To all others it is as if there were no such model.
 */
#ifndef GATEWAY_API_SIGHT_H
#define GATEWAY_API_SIGHT_H

#include "gateway/api/authorize.h"

/* By office, held everywhere: models:manage, requests:handle or licenses:manage. */
bool sight_of_hidden(const struct principal *who);

/* With what a decision has loaded anyway. */
bool sight_by_access(const struct principal *who, const struct store_access *access);

/* With the model alone; asks the database only about a hidden one. ERR_NOT_FOUND: the asker must
 * not learn of it. */
RESULT sight_check(struct exchange *x, struct route_context *context,
		   const struct store_model *model);

#endif
