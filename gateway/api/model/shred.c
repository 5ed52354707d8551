/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /api/v1/models/{ns}/{name}/shred: the keeper destroys the model's keys when it appends the
 * model.shred entry, before the act is answered; what is left of the sealed files is discarded as
 * far as porters are up. The answer says what could still open the files.
 */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/adapter/adapter.h"
#include "gateway/api/download/release.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/parts.h"
#include "schema/store/revision.h"

static enum err discard_revision(size_t *count, struct exchange *x, struct route_context *context,
				 const struct store_revision *revision)
{
	struct store_file *files;
	size_t file_count;

	TRY(store_revision_files(context->store, exchange_arena(x), &files, &file_count,
				 revision->model, revision->id));
	for (size_t i = 0; i < file_count; i++) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		unsigned porter;

		TRY(release_pick_porter(&porter, context->api));
		TRY(rpc_call(context->api->rpc, ROLE_PORTER, porter, WIRE_PORTER_DISCARD,
			     slice_of(files[i].blob, WIRE_ID), -1, &reply, API_CALL_MS));
		++*count;
	}
	return OK;
}

/* Nobody can open them any more; that they take room is all that can go wrong here. */
static enum err discard_files(size_t *count, struct exchange *x, struct route_context *context,
			      const struct store_model *model)
{
	struct store_revision *revisions;
	size_t revision_count;

	*count = 0;
	TRY(store_revision_list(context->store, exchange_arena(x), &revisions, &revision_count,
				model->id));
	for (size_t i = 0; i < revision_count; i++)
		TRY(discard_revision(count, x, context, &revisions[i]));
	return parts_sweep(context, exchange_arena(x), clock_now_ms()); /* unfinished uploads too */
}

static json_t *what_remains(struct route_context *context)
{
	json_t *list = json_array_new();
	struct api_keys keys;

	if (api_keys_get(&keys, context->api) != OK || keys.escrow[0])
		json_push_text(list, S("the escrow key opens a backup of the sealed files, with "
				       "the database or a backup of it"));
	json_push_text(list, S("a backup of the database from before a file's commit holds the "
			       "header of its upload, which the keeper's keys still open"));
	return list;
}

static void reply_shredded(struct exchange *x, struct route_context *context,
			   const struct store_model *model)
{
	json_t *answer = json_object_new();
	size_t discarded;

	if (discard_files(&discarded, x, context, model) != OK)
		log_warn("shred.leftover", "discarded=%zu reason=\"%s\"", discarded,
			 failure_text());
	json_put_text(answer, "model", model->name);
	json_put_text(answer, "state", S("shredded"));
	json_put_int(answer, "discarded", (int64_t)discarded);
	json_put(answer, "remains", what_remains(context));
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void model_shred(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model model;
	struct slice reason;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = json_get_text(&reason, body, "reason");
	if (result == OK && slice_trim(reason).size == 0)
		result = failure(ERR_FORMAT, "\"reason\" must say why the model is shredded");
	if (result == OK)
		result = hub_set_model_state(x, context, &model, AUDIT_MODEL_SHRED, S("shredded"),
					     reason);
	if (result == OK)
		result = adapter_delete_all(x, context, &model);
	if (result == OK)
		reply_shredded(x, context, &model);
	else
		reply_failure(x, result);
}
