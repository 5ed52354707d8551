/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed file as one age file: its header from the database, its payload from the store. No key
 * is released; whoever holds the escrow identity opens it with the stock age tool.
 */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <unistd.h>

#include "gateway/api/hub.h"
#include "gateway/api/release.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/wire/porter.h"

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

static enum err start_copy(struct rpc_stream **out, int *read_end, struct api *api,
			   const struct store_file *f)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_copy ask;
	unsigned porter;
	int ends[2];
	enum err result;

	memcpy(ask.blob, f->blob, WIRE_ID);
	wire_write_porter_copy(&body, &ask);
	TRY(release_pick_porter(&porter, api));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return failure_errno("no pipe");
	result = rpc_open_stream(out, api->rpc, ROLE_PORTER, porter, WIRE_PORTER_COPY,
				 buf_slice(&body), ends[1]);
	close(ends[1]);
	if (result != OK) {
		close(ends[0]);
		return result;
	}
	*read_end = ends[0];
	return OK;
}

/* Payload bytes flow from the pipe into the stream, behind the header. */
static enum err pass_on(struct exchange *x, int fd)
{
	uint8_t bytes[64 * 1024];

	for (;;) {
		ssize_t got = read(fd, bytes, sizeof bytes);

		if (got < 0)
			return failure_errno("the porter's pipe");
		if (got == 0)
			return OK;
		TRY(exchange_stream_write(x, slice_of(bytes, (size_t)got)));
	}
}

static enum err send(struct exchange *x, struct route_context *context, const struct store_file *f)
{
	AUTO(rpc_stream_auto) struct rpc_stream *copying = NULL;
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	enum err result;
	int fd = -1;

	TRY(start_copy(&copying, &fd, context->api, f));
	result = exchange_stream_begin(x, 200, "application/octet-stream");
	if (result == OK)
		result = exchange_stream_write(x, f->header);
	if (result == OK)
		result = pass_on(x, fd);
	close(fd);
	TRY(result);
	return rpc_next(copying, &reply, API_CALL_MS); /* did the porter get to the end? */
}

void model_sealed(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision revision;
	struct store_file file;
	uint8_t event[WIRE_ID];
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
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event));
	result = send(x, context, &file);
	if (result == OK)
		exchange_stream_end(x);
	else if (exchange_is_answered(x))
		exchange_abort(x);
	else
		reply_failure(x, result);
}
