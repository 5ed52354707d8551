/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/adapting.h"

#include "crypto/base/log.h"
#include "gateway/engine/loading.h"
#include "gateway/engine/sealed.h"

enum err adapting_named(struct serve *s, struct slice body)
{
	struct wire_engine_adapts adapts;

	TRY(wire_read_engine_adapts(&adapts, body));
	passes_adapt(s->passes, &adapts);
	return OK;
}

static enum err open_files(struct serve *s, struct engine_adapter *out,
			   const struct wire_engine_adapt *ask, const struct wire_engine_load *load)
{
	AUTO(sealed_auto) struct sealed *sealed = NULL;

	TRY(passes_check_adapter(s->passes, ask->adapter));
	TRY(sealed_open(&sealed, s->store, s->keys, load));
	return engine_adapter_load(s->engine, out, ask->adapter, sealed_files(sealed));
}

/* Those that run wait meanwhile: an adapter is small beside its base. */
static enum err load(struct serve *s, struct engine_adapter *out,
		     const struct wire_engine_adapt *ask)
{
	struct wire_engine_load files = {.count = ask->count};
	enum err result;

	memcpy(files.files, ask->files, sizeof ask->files);
	loading_await_keys(s, &files);
	result = open_files(s, out, ask, &files);
	loading_drop_keys(s, &files);
	if (result == OK)
		log_info("engine.adapted", "rank=%u products=%zu memory_bytes=%zu", out->rank,
			 out->products, out->memory_bytes);
	return result;
}

enum err adapting_load(struct serve *s, const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf out = buf_new(64);
	struct wire_engine_adapt ask;
	struct engine_adapter adapter = {0};

	TRY(wire_read_engine_adapt(&ask, frame->body));
	if (!s->engine)
		return failure(ERR_UNAVAILABLE, "this engine has no model yet, try again");
	if (ask.count > 0)
		TRY(load(s, &adapter, &ask));
	else if (!engine_adapter_find(s->engine, &adapter, ask.adapter))
		return failure(ERR_NOT_FOUND, "the adapter is not loaded");
	wire_write_engine_adapted(&out,
				  &(struct wire_engine_adapted){adapter.memory_bytes, adapter.rank,
								(uint32_t)adapter.products});
	TRY(buf_done(&out));
	return channel_send(from, WIRE_ENGINE_ADAPTED, frame->call, buf_slice(&out), -1);
}

enum err adapting_drop(struct serve *s, struct slice body)
{
	struct wire_engine_adapt_drop ask;

	TRY(wire_read_engine_adapt_drop(&ask, body));
	if (s->engine)
		sequences_drop_adapter(s->sequences, s->engine, ask.adapter);
	return OK;
}
