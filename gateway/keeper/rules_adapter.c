/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/rules_adapter.h"

#include "crypto/base/text.h"
#include "crypto/json.h"

bool adapter_name_parse(struct adapter_name *out, struct slice name)
{
	struct slice id;

	return slice_cut(name, ':', &out->model, &id) && out->model.size > 0 &&
	       text_read_uuid(out->id, id) == OK;
}

enum err adapter_name_write(struct buf *out, const json_t *payload)
{
	uint8_t id[WIRE_ID];
	struct slice model, adapter;

	TRY(json_get_text(&model, payload, "model"));
	TRY(json_get_text(&adapter, payload, "adapter"));
	if (text_read_uuid(id, adapter) != OK || slice_find(model, ':') != model.size)
		return failure(ERR_FORMAT, "log entry: no adapter has this name");
	buf_write(out, model);
	buf_write(out, S(":"));
	buf_write(out, adapter);
	return buf_done(out);
}

enum err rules_adapter_names(struct rules *r, const json_t *payload, struct slice model,
			     struct slice revision)
{
	AUTO(buf_free) struct buf name = buf_new(WIRE_MAX_MODEL);

	TRY(adapter_name_write(&name, payload));
	if (!slice_equal(buf_slice(&name), model) || !slice_equal(revision, S("adapter")))
		return rules_refuse(r, ERR_DENIED, "", "the entry is about another adapter");
	return OK;
}

enum err rules_adapter_serve(struct rules *r, const struct evidence *e,
			     const struct wire_key_release *ask, const struct age_context *context,
			     struct adapter_name *name)
{
	if (ask->role != ROLE_ENGINE)
		return rules_refuse(r, ERR_DENIED, "", "an adapter.serve is for an engine");
	if (!adapter_name_parse(name, context->model))
		return rules_refuse(r, ERR_DENIED, "", "the file is not one of an adapter");
	TRY(rules_adapter_names(r, e->payload, context->model, context->revision));
	TRY(evidence_file(r, e->payload, context->path, context->sha256.bytes));
	return evidence_target(r, e->payload, ask->role, ask->index);
}
