/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed file as one age file: its header from the database, its payload from the store. No key
 * is released; whoever holds the escrow identity opens it with the stock age tool.
 */
#include "gateway/api/download/porter_file.h"
#include "gateway/api/download/release.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

static enum err log_export(uint8_t event_id[WIRE_ID], struct exchange *x,
			   struct route_context *context, const struct store_model *m,
			   const struct store_revision *r, const struct store_file *f)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (slice_equal(m->state, S("shredded")))
		return failure(ERR_CONFLICT, "the model is shredded: its keys and files are gone");
	audit_event_begin(&event, AUDIT_MODEL_EXPORT, who->person.id, who->person.name);
	audit_event_text(&event, "model", m->name);
	audit_event_text(&event, "revision", r->id);
	audit_event_text(&event, "path", f->path);
	TRY(api_log(context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

void model_sealed(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision revision;
	struct store_file file;
	struct exchange_file sealed;
	uint8_t event[WIRE_ID];
	unsigned porter;
	enum err result;

	if (!hub_find_model(&model, x, context) ||
	    !hub_find_revision(&revision, x, context, &model))
		return;
	result = store_revision_file(context->store, exchange_arena(x), &file, model.id,
				     revision.id, exchange_param(x, "path"));
	if (result == OK)
		result = log_export(event, x, context, &model, &revision, &file);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	result = release_pick_porter(&porter, context->api);
	if (result == OK)
		result = porter_file_copy(&sealed, x, context->api, porter, file.blob);
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event));
	if (result == OK)
		exchange_answer_file(x, 200, "application/octet-stream", file.header, &sealed, NULL,
				     NULL);
	else
		reply_failure(x, result);
}
