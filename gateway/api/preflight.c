/* SPDX-License-Identifier: Apache-2.0 */
/* OPTIONS of any path that some route serves. What a foreign page may send stands in the headers
 * that every answer gets (cors.h); this adds which methods there are. */
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/edge/exchange.h"

void preflight(struct exchange *x, struct route_context *context)
{
	(void)context;
	exchange_header(x, "Allow", "%s", exchange_allow(x));
	reply_empty(x, 204);
}
