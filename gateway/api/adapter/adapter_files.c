/* SPDX-License-Identifier: Apache-2.0 */
/* An adapter's files on their way in: sealed as they come, under a key made against an entry. */
#include "crypto/json.h"
#include "gateway/api/adapter/adapter.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/seal.h"

/* Which file it may be, and how large. A pickle is a program, and is not carried. */
static enum err check_file(uint64_t *size, struct exchange *x, struct slice path)
{
	const struct http_request *request = exchange_request(x);
	uint64_t most = slice_equal(path, S(ADAPTER_CONFIG))    ? ADAPTER_MAX_CONFIG_BYTES
			: slice_equal(path, S(ADAPTER_WEIGHTS)) ? ADAPTER_MAX_BYTES
								: 0;

	if (slice_ends_with(path, S(".bin")) || slice_ends_with(path, S(".pt")) ||
	    slice_ends_with(path, S(".pkl")))
		return failure(ERR_UNSUPPORTED,
			       "\"%.*s\" is a pickle, which is a program: it is never run nor "
			       "carried; save the adapter with safe_serialization=True",
			       SLICE_PRINT(slice_part(path, 0, 100)));
	if (most == 0)
		return failure(ERR_FORMAT, "an adapter has the files " ADAPTER_CONFIG
					   " and " ADAPTER_WEIGHTS ", no others");
	if (request->is_chunked)
		return failure(ERR_FORMAT, "say how long the file is: Content-Length is missing");
	if (request->content_length == 0 || request->content_length > most)
		return failure(ERR_LIMIT, "%.*s may have 1 to %llu bytes", SLICE_PRINT(path),
			       (unsigned long long)most);
	*size = request->content_length;
	return OK;
}

static enum err receive(struct store_blob *out, struct exchange *x, struct route_context *context,
			const struct store_adapter *a, uint64_t size)
{
	AUTO(seal_clear) struct seal seal = {.pipe = -1};
	enum err result, pumped;
	uint64_t moved;
	int pipe_end;

	TRY(seal_begin_large(&seal, x, context, a->model, size));
	pipe_end = seal.pipe;
	seal.pipe = -1;
	pumped = exchange_pump_body(x, pipe_end, &moved); /* closes it */
	result = seal_end(&seal, context, NULL);
	*out = seal.blob;
	return result == OK ? pumped : result;
}

/* The one that this one takes the place of; none: all zeros. */
static enum err find_before(uint8_t blob[STORE_ID], struct exchange *x,
			    struct route_context *context, const struct store_adapter *a,
			    struct slice path)
{
	struct store_adapter_file *files;
	size_t count;

	memset(blob, 0, STORE_ID);
	TRY(store_adapter_files(context->store, exchange_arena(x), &files, &count, a->id));
	for (size_t i = 0; i < count; i++)
		if (slice_equal(files[i].path, path))
			memcpy(blob, files[i].blob, STORE_ID);
	return OK;
}

static enum err put(struct store_adapter_file *file, struct exchange *x,
		    struct route_context *context, const struct store_adapter *a)
{
	uint8_t before[STORE_ID];
	struct store_blob blob;

	file->path = exchange_param(x, "file");
	TRY(check_file(&file->size, x, file->path));
	seal_sweep(context, exchange_arena(x));
	TRY(find_before(before, x, context, a, file->path));
	TRY(receive(&blob, x, context, a, file->size));
	memcpy(file->blob, blob.id, STORE_ID);
	memcpy(file->sha256, blob.sha256, STORE_SHA256);
	file->size = blob.size;
	TRY(store_adapter_file_put(context->store, a->id, file));
	if (!store_id_is_none(before))
		seal_forget(before, context);
	return OK;
}

void adapter_put_file(struct exchange *x, struct route_context *context)
{
	struct store_adapter_file file = {0};
	struct store_adapter adapter;
	json_t *answer;
	enum err result;

	if (!authorize_person(x) || !adapter_find(&adapter, x, context) ||
	    !adapter_takes_files(&adapter, x))
		return;
	if (!authorize_model(x, context, RIGHT_ADAPTERS_WRITE, adapter.model_name, S(""), S("")))
		return;
	result = put(&file, x, context, &adapter);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "path", file.path);
	json_put_int(answer, "size", (int64_t)file.size);
	json_put_text(answer, "sha256",
		      slice_of_string(api_hex(exchange_arena(x), slice_of(file.sha256, 32))));
	reply_json(x, 200, answer);
}
