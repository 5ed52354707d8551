/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - a person who has signed in with a browser. A session is a credential as a token is
 * (schema/store/credential.h): what holds for tokens holds for it, except that it is known by a
 * cookie, ends when it is not used, and counts for pages of our own only (session_cookie.h).
 */
#ifndef GATEWAY_API_SIGNIN_SESSION_H
#define GATEWAY_API_SIGNIN_SESSION_H

#include "gateway/api/api.h"

/* Whose cookie is this? *found is false for one that does not count (any more). */
RESULT session_find(bool *found, struct store_holder *out, struct exchange *x,
		    struct route_context *context, struct slice cookie, int64_t now_ms);

/* Begin one for this person, in a transaction that is open or is begun here; committed and
 * published; the answer will carry its cookie. `method`: password, code, oidc:NAME. */
RESULT session_begin(struct store_credential *out, struct exchange *x,
		     struct route_context *context, const struct store_person *person,
		     struct slice method);

/* {"id","name","method","address","created","used","expires","ended"} */
json_t *session_describe(struct arena *arena, const struct store_credential *session);

/* The answer to whoever has signed in: 201. */
void session_reply(struct exchange *x, const struct store_credential *session,
		   const struct store_person *person);

#endif
