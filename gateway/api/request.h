/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - what submitting an access request (submit.c) and deciding it (requests.c) share: how
 * one is shown, and how a verdict is carried out.
 */
#ifndef GATEWAY_API_REQUEST_H
#define GATEWAY_API_REQUEST_H

#include "gateway/api/issue.h"

json_t *request_describe(struct arena *arena, const struct store_request *request);

/* Everything that decides a request: who decides (NULL: the model's published gate), what. */
struct verdict {
	const struct store_request *request;
	struct slice to;
	struct slice reason;
	enum audit_kind kind;
	bool by_gate; /* gate "auto": nobody decided */
};

/* State, entry, and (for an approval; else NULL) the license, in one transaction. */
RESULT request_carry_out(struct exchange *x, struct route_context *context,
			 const struct verdict *verdict, const struct store_license *license);

/* The license an approval gives: to be made by issue_license. */
struct issue request_license(const struct store_request *request, struct slice rights,
			     int64_t days);

/* The same, as the body of approve says: rights, days. ERR_FORMAT. */
RESULT request_grant(struct issue *out, struct exchange *x, struct route_context *context,
		     const struct store_request *request, const json_t *body);

/* Carry out an approval whose license the keeper has signed; if it comes to nothing, the license is
 * revoked. */
RESULT request_approve_with(struct exchange *x, struct route_context *context,
			    const struct verdict *verdict, const struct issue *issue);

#endif
