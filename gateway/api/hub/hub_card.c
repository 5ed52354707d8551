/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /api/validate-yaml: huggingface_hub asks it before a commit with a README.md, and fails
 * without an answer. To us a model card is a file like any other, but for the form in it: what the
 * commit would refuse is said here, as the Hub says it.
 */
#include "crypto/json.h"
#include "gateway/api/model/form.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/commit.h"

void hub_validate_card(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	json_t *answer = json_object_new(), *errors = json_array_new();
	struct slice content;
	unsigned status = 200;

	(void)context;
	if (json_read(&body, exchange_body(x), COMMIT_MAX_BODY) == OK &&
	    json_get_text(&content, body, "content") == OK &&
	    form_check_card(exchange_arena(x), content) != OK) {
		json_t *one = json_object_new();

		json_put_text(one, "message", slice_of_string(failure_text()));
		json_push(errors, one);
		status = 400;
	}
	json_put(answer, "errors", errors);
	json_put(answer, "warnings", json_array_new());
	reply_json(x, status, answer);
}
