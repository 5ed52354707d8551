/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/sight.h"

static const enum right offices[] = {RIGHT_MODELS_MANAGE, RIGHT_REQUESTS_HANDLE,
				     RIGHT_LICENSES_MANAGE};
enum { OFFICES = sizeof offices / sizeof offices[0] };

bool sight_of_hidden(const struct principal *who)
{
	for (size_t i = 0; i < OFFICES; i++)
		if (principal_holds(who, offices[i]))
			return true;
	return false;
}

static bool sees_hidden(const struct principal *who, struct slice model)
{
	for (size_t i = 0; i < OFFICES; i++)
		if (principal_holds_on(who, offices[i], model))
			return true;
	return false;
}

bool sight_by_access(const struct principal *who, const struct store_access *access)
{
	return !access->model.hidden || access->license_count > 0 || access->request_state.size ||
	       sees_hidden(who, access->model.name);
}

enum err sight_check(struct exchange *x, struct route_context *context,
		     const struct store_model *model)
{
	const struct principal *who = authorize_principal(x);
	bool concerns = !model->hidden || sees_hidden(who, model->name);

	if (!concerns && who->authenticated)
		TRY(store_model_concerns(context->store, &concerns, model->id, who->person.id));
	return concerns ? OK
			: failure(ERR_NOT_FOUND, "model %.*s does not exist",
				  SLICE_PRINT(model->name));
}
