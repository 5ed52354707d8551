/* SPDX-License-Identifier: Apache-2.0 */
/* signin.h - what every way of signing in has in common. */
#ifndef GATEWAY_API_SIGNIN_SIGNIN_H
#define GATEWAY_API_SIGNIN_SIGNIN_H

#include "gateway/api/api.h"
#include "schema/store/signin.h"

/* Count this attempt, before it is made. False: there were too many of late, by this address, for
 * this account, or both; it has answered. */
bool signin_may_try(struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS], struct exchange *x,
		    struct route_context *context, struct slice account);

/* Was this sent by a page of ours, or by no page? False: it has answered. Nobody is to be signed
 * in by a page of somebody else, as somebody else. */
bool signin_page_is_ours(struct exchange *x, struct route_context *context);

#endif
