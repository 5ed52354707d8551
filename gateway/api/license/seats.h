/* SPDX-License-Identifier: Apache-2.0 */
/* seats.h - who may act on an institution's license, and how it is shown. */
#ifndef GATEWAY_API_LICENSE_SEATS_H
#define GATEWAY_API_LICENSE_SEATS_H

#include "gateway/api/license/licensing.h"
#include "schema/store/institution_license.h"

/* The institution's license of the address ({id}), for its officials, those who manage licenses,
 * and auditors, who only look; false: it has answered. */
bool seats_find_parent(struct store_institution_license *out, struct exchange *x,
		       struct route_context *context);

json_t *institution_license_describe(struct arena *arena,
				     const struct store_institution_license *license);

#endif
