/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/call_body.h"

#include "crypto/json.h"
#include "gateway/api/reply.h"

json_t *call_body(struct exchange *x, size_t most)
{
	json_t *body = NULL;
	enum err result = json_read(&body, exchange_body(x), most);

	if (result == OK)
		return body;
	reply_failure(x, result);
	return NULL;
}

void call_reply_flaw(struct exchange *x, enum err kind, const struct generation_flaw *flaw)
{
	enum code code = kind == ERR_UNSUPPORTED ? CODE_UNSUPPORTED
			 : kind == ERR_LIMIT     ? CODE_TOO_LARGE
						 : CODE_BAD_REQUEST;

	reply_code(x, code, flaw->message, flaw->param);
}
