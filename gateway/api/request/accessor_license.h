/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accessor_license.h - licenses of those who get access beside the requester: the same as the
 * requester's, under the terms that they have accepted themselves. Whoever accepts after the
 * approval gets theirs then, and of that approval no other.
 */
#ifndef GATEWAY_API_REQUEST_ACCESSOR_LICENSE_H
#define GATEWAY_API_REQUEST_ACCESSOR_LICENSE_H

#include "gateway/api/request/request.h"
#include "schema/store/accessor.h"
#include "schema/store/deliberation.h"

enum { VOTE_MAX_APPROVALS = 128 * 1024 };

struct issue accessor_license(const struct issue *first, const struct store_accessor *accessor);

/* The statements that came with the votes that approve: those about this license are for the
 * keeper to find. */
RESULT accessor_license_approvals(struct issue *issue, struct arena *arena,
				  const struct store_vote *votes, size_t count);

/* All who may come to have a license of this request, for the statement that approvers sign:
 * whether or not they have accepted the terms yet. */
RESULT accessor_license_others(struct issue *issue, struct exchange *x,
			       struct route_context *context, const uint8_t request[STORE_ID]);

/* The license of one who accepts when the request is approved: drawn up, not issued. It has the
 * rights, conditions and end that the request was approved with. ERR_CONFLICT: nobody voted for the
 * request, its own license is not in force, or the accessor has had theirs. */
RESULT accessor_license_late(struct issue *out, struct exchange *x, struct route_context *context,
			     const struct store_request *request,
			     const struct store_accessor *accessor);

/* Once more, in the transaction that stores it: locks the request. ERR_CONFLICT. */
RESULT accessor_license_hold(struct exchange *x, struct route_context *context,
			     const struct store_request *request,
			     const struct store_accessor *accessor);

#endif
