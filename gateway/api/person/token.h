/* SPDX-License-Identifier: Apache-2.0 */
/* token.h - making access tokens: for oneself, for another person, for a device or a job. */
#ifndef GATEWAY_API_PERSON_TOKEN_H
#define GATEWAY_API_PERSON_TOKEN_H

#include "gateway/api/authorize.h"
#include "gateway/api/scope.h"

/* A token of this person that is not narrowed; its end is a whole second. */
struct store_credential token_new(const uint8_t person[STORE_ID], struct slice name, int64_t days);

/* Narrow it to what was read of a request. */
void token_narrow(struct store_credential *c, const struct scope *scope);

/* Is all of it within what this principal's own credential may be used for? ERR_DENIED. */
RESULT token_check_within(const struct principal *who, const struct scope *scope);

/* Whoever gets a credential of somebody has what they have: ERR_DENIED if that is an office which
 * this principal does not hold likewise. `rights` (empty: all) is what the credential is for. */
RESULT token_check_equal(const struct principal *who, const struct store_person *owner,
			 struct slice rights);

/* The entry that the keeper asks for before it signs. */
void token_event(struct audit_event *event, const uint8_t actor[STORE_ID], struct slice actor_name,
		 const struct store_credential *c);

/* Row and entry in one transaction, which is open or is begun here; published, and signed by the
 * keeper. The text lives in the exchange's arena. */
RESULT token_make(const char **token, struct exchange *x, struct route_context *context,
		  struct audit_event *event, const struct store_credential *c);

#endif
