/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_access.h - the Hub's access-request API (research/access-and-hub.md 1.7) as a view of our
 * requests and licenses: what showing them (hub_access.c) and acting on them (hub_handle.c,
 * hub_ask.c) share.
 */
#ifndef GATEWAY_API_HUB_HUB_ACCESS_H
#define GATEWAY_API_HUB_HUB_ACCESS_H

#include "gateway/api/hub/hub.h"
#include "schema/store/hub_request.h"

/* The model of the address, if access to it is asked for at all. False: it has answered, where its
 * gate is open with the Hub's 400 RepoNotGated. */
bool hub_find_gated(struct store_model *out, struct exchange *x, struct route_context *context);

/* Whom "user" (a name) or "userId" of a body means. ERR_NOT_FOUND. */
RESULT hub_find_user(struct store_person *out, struct exchange *x, struct route_context *context,
		     const json_t *body);

/* As reply_failure, in the Hub's words: what its administration scripts look for. */
void hub_reply_refusal(struct exchange *x, enum err kind);

#endif
