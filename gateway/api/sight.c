/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/sight.h"

bool sight_of_hidden(const struct principal *who)
{
	return principal_holds(who, RIGHT_MODELS_MANAGE) ||
	       principal_holds(who, RIGHT_REQUESTS_DECIDE) ||
	       principal_holds(who, RIGHT_LICENSES_MANAGE);
}

bool sight_by_access(const struct principal *who, const struct store_access *access)
{
	return !access->model.hidden || access->license_count > 0 || access->has_request ||
	       sight_of_hidden(who);
}

enum err sight_check(struct exchange *x, struct route_context *context,
		     const struct store_model *model)
{
	const struct principal *who = authorize_principal(x);
	bool concerns = !model->hidden || sight_of_hidden(who);

	if (!concerns && who->authenticated)
		TRY(store_model_concerns(context->store, &concerns, model->id, who->person.id));
	return concerns ? OK
			: failure(ERR_NOT_FOUND, "model %.*s does not exist",
				  SLICE_PRINT(model->name));
}
