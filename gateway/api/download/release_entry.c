/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/download/release_entry.h"

#include "crypto/base/clock.h"
#include "schema/store/delivery.h"

/* Who got it: a recall asks. Nobody can ask a stranger. */
static enum err note_delivery(struct store *store, const struct grant *g)
{
	struct store_delivery row = {.revision = g->access.revision.id,
				     .path = g->access.file.path,
				     .last_ms = clock_now_ms()};

	if (!g->who->authenticated)
		return OK;
	memcpy(row.person, g->who->person.id, STORE_ID);
	memcpy(row.model, g->access.model.id, STORE_ID);
	if (g->decision.basis == BASIS_LICENSE)
		memcpy(row.license, g->license->id, STORE_ID);
	return store_delivery_add(store, &row);
}

enum err release_log(struct release *release, struct exchange *x, struct route_context *context,
		     const struct grant *g)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_KEY_RELEASE,
			  g->who->authenticated ? g->who->person.id : NULL, g->who->person.name);
	audit_event_text(&event, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "revision", g->access.revision.id);
	audit_event_text(&event, "path", g->access.file.path);
	if (g->open_pattern.size) /* the keeper asks which of the model's patterns opens the file */
		audit_event_text(&event, "pattern", g->open_pattern);
	audit_event_text(&event, "right", slice_of_string(right_name(g->right)));
	audit_event_text(&event, "role", S("porter"));
	audit_event_number(&event, "index", release->porter);
	audit_event_number(&event, "handle", (int64_t)release->handle);
	audit_event_text(&event, "decision", slice_of_string(exchange_request_id(x)));
	audit_event_text(&event, "address", exchange_client_address(x));
	principal_tell(g->who, &event);
	TRY(store_begin(store));
	TRY(authorize_record(store, x, g));
	TRY(note_delivery(store, g));
	TRY(api_log(store, &event));
	TRY(store_commit(store));
	memcpy(release->event, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

enum err release_ask_keeper(const struct release *release, struct api *api, const struct grant *g)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_release ask = {
		.header = g->access.file.header,
		.path = g->access.file.path,
		.role = ROLE_PORTER,
		.index = (uint8_t)release->porter,
		.handle = release->handle,
	};

	memcpy(ask.event, release->event, WIRE_ID);
	if (g->decision.basis == BASIS_LICENSE) {
		ask.license = g->license->document;
		memcpy(ask.signature, g->license->signature, WIRE_SIGNATURE);
	}
	wire_write_key_release(&body, &ask);
	TRY(buf_done(&body));
	return api_ask_keeper(&reply, api, WIRE_KEY_RELEASE, buf_slice(&body));
}
