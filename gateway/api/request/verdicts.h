/* SPDX-License-Identifier: Apache-2.0 */
/* verdicts.h - what is done with one request and with many alike. */
#ifndef GATEWAY_API_REQUEST_VERDICTS_H
#define GATEWAY_API_REQUEST_VERDICTS_H

#include "gateway/api/request/request.h"

/* The return of this request for changes, as the body says it ("reason", "changes"): *act borrows
 * from `view`, `body` and `detail`, an object that the caller owns. ERR_DENIED: not theirs to
 * return. */
RESULT verdict_read_return(struct request_act *act, const struct request_view *view,
			   const json_t *body, json_t *detail);

#endif
