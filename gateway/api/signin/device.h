/* SPDX-License-Identifier: Apache-2.0 */
/* device.h - devices that wait for their person, as the API and the page (device_page.c) see them.
 */
#ifndef GATEWAY_API_SIGNIN_DEVICE_H
#define GATEWAY_API_SIGNIN_DEVICE_H

#include <jansson.h>

#include "gateway/api/authorize.h"
#include "gateway/api/scope.h"
#include "schema/store/login.h"

/* The device that shows this code and still waits. ERR_FORMAT, ERR_NOT_FOUND. */
RESULT device_find(struct store_device *out, struct exchange *x, struct route_context *context,
		   struct slice typed);

/* What its token will be for, and for how long; never longer than a narrowed credential that
 * approves it. */
void device_narrow(struct store_device *device, const struct principal *who,
		   const struct scope *scope, int64_t days);

/* By the principal of the exchange; an entry of the log. */
RESULT device_decide(struct exchange *x, struct route_context *context, struct store_device *device,
		     bool approves);

/* The answers and fields of OAuth: RFC 6749 sections 5.1 and 5.2; a form, or JSON if not NULL. */
void oauth_refuse(struct exchange *x, const char *error, const char *description);
void oauth_reply_token(struct exchange *x, const char *token, const struct store_credential *c);
RESULT oauth_field(struct slice *out, struct exchange *x, const json_t *json, const char *name);

/* workload.c: for an id token of another issuer. Answers. */
void workload_exchange(struct exchange *x, struct route_context *context, struct slice jwt);

#endif
