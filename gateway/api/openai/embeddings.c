/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/embeddings: the inputs in frames that an engine takes, one call of it behind the other,
 * and all their vectors as one answer. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/infer/call.h"
#include "gateway/api/openai/embedding.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/wire/engine_read.h"

enum {
	ENGINE_LOOK_MS = 250, /* at an engine that was told to stop */
	ENGINE_END_MS = 5000, /* until it says how far it came */
	FRAME_ROOM = WIRE_MAX_BODY - 64,
	FRAME_AROUND = 8, /* of an input: its kind and its length */
	MAX_VALUES = EMBEDDING_MAX_ANSWER,
};

/* One call under way. Lives in the exchange's arena. */
struct job {
	struct embedding ask;
	size_t done; /* inputs that have their vectors */
	size_t width;
	struct buf values;
};

static enum wire_length length_of(enum embedding_length length)
{
	switch (length) {
	case EMBEDDING_LENGTH_ONE:
		return WIRE_LENGTH_ONE;
	case EMBEDDING_LENGTH_AS_IS:
		return WIRE_LENGTH_AS_IS;
	case EMBEDDING_LENGTH_MODEL:
		break;
	}
	return WIRE_LENGTH_MODEL;
}

/* The next `count` inputs. */
static enum err start(struct call *c, struct job *job, size_t count, struct rpc_stream **stream)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	const struct embedding *wish = &job->ask;
	struct wire_engine_embed ask = {
		.truncates = wish->truncates,
		.truncate = wish->truncate,
		.dimensions = wish->dimensions,
		.length = length_of(wish->length),
		.first = (uint32_t)job->done,
		.count = (uint16_t)count,
	};

	TRY(call_pass(c, &ask.pass));
	for (size_t i = 0; i < count; i++)
		ask.inputs[i] = (struct wire_input){wish->inputs[job->done + i].is_text,
						    wish->inputs[job->done + i].bytes};
	wire_write_engine_embed(&body, &ask);
	TRY(buf_done(&body));
	return call_open(c, stream, WIRE_ENGINE_EMBED, buf_slice(&body));
}

static enum err take_values(struct job *job, struct slice body)
{
	struct wire_engine_vectors part;

	TRY(wire_read_engine_vectors(&part, body));
	buf_write(&job->values, part.values);
	return buf_done(&job->values);
}

static enum err take_end(struct call *c, struct job *job, size_t count, struct slice body)
{
	struct wire_engine_embedded end;

	TRY(wire_read_engine_embedded(&end, body));
	c->prompt_tokens += end.tokens;
	c->is_counted = true;
	if (!end.is_whole)
		return failure(ERR_LIMIT, "the vectors of %zu inputs are too large", count);
	job->done += count;
	job->width = end.width;
	if (job->values.size != job->done * end.width * sizeof(float))
		return failure(ERR_INTERNAL, "an engine gave %zu bytes for %zu vectors of %u",
			       job->values.size, job->done, end.width);
	return OK;
}

/* It was told to stop: what it has read until then counts all the same. */
static void await_end(struct call *c, struct rpc_stream *stream)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_END_MS;
	enum err result = ERR_TIMEOUT;

	while (!c->is_counted && (result == OK || result == ERR_TIMEOUT) &&
	       clock_monotonic_ms() < deadline) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		struct wire_engine_embedded end;

		result = rpc_next(stream, &reply, ENGINE_LOOK_MS);
		if (result != OK || reply.type != WIRE_ENGINE_EMBEDDED)
			continue;
		c->is_counted = wire_read_engine_embedded(&end, buf_slice(&reply.body)) == OK;
		c->prompt_tokens += c->is_counted ? end.tokens : 0;
		return;
	}
}

/* Until the engine has told its last of these inputs. */
static enum err pump(struct call *c, struct job *job, size_t count, struct rpc_stream *stream)
{
	for (;;) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		enum err result = call_next(c, stream, &reply);

		c->is_counted = result != OK && reply.type != 0; /* its own refusal */
		TRY(result);
		if (reply.type == WIRE_ENGINE_EMBEDDED)
			return take_end(c, job, count, buf_slice(&reply.body));
		TRY(take_values(job, buf_slice(&reply.body)));
	}
}

static enum err embed_some(struct call *c, struct job *job)
{
	size_t count = embedding_share(&job->ask, job->done, WIRE_MAX_INPUTS, FRAME_ROOM,
				       FRAME_AROUND);
	AUTO(rpc_stream_auto) struct rpc_stream *stream = NULL;
	enum err result;

	TRY(start(c, job, count, &stream));
	c->is_begun = true;
	result = pump(c, job, count, stream);
	if (result != OK && !c->is_counted) {
		result = call_keep_reason(c, result);
		call_cancel(c, stream);
		await_end(c, stream);
		return failure(result, "%s", c->why);
	}
	return result;
}

/* Before more is computed than can be answered. */
static enum err check_size(const struct job *job)
{
	size_t size = embedding_answer_size(&job->ask, job->width);

	if (size <= EMBEDDING_MAX_ANSWER)
		return OK;
	return failure(ERR_LIMIT,
		       "the answer would have about %zu MiB, at most %d can be sent: ask for fewer "
		       "inputs at a time, fewer dimensions%s",
		       size >> 20, EMBEDDING_MAX_ANSWER >> 20,
		       job->ask.base64 ? "" : ", or encoding_format base64");
}

static enum err answer(struct call *c, struct job *job)
{
	AUTO(buf_free) struct buf text = buf_new(EMBEDDING_MAX_ANSWER);
	const float *values = (const float *)(const void *)job->values.data;

	TRY(embedding_write(&text, &job->ask, values, job->width, c->prompt_tokens));
	exchange_answer(c->x, 200, "application/json", buf_slice(&text));
	return OK;
}

static enum err embed_all(struct call *c, struct job *job)
{
	while (job->done < job->ask.count) {
		TRY(embed_some(c, job));
		TRY(check_size(job));
	}
	c->finish = "stop";
	return answer(c, job);
}

static enum err work(struct call *c)
{
	struct job *job = c->ask;
	enum err result;

	job->values = buf_new(MAX_VALUES);
	result = embed_all(c, job);
	buf_free(&job->values);
	return result;
}

static const struct call_kind kind = {
	.right = RIGHT_INFER_EMBED,
	.route = "embeddings",
	.work = work,
};

void openai_embeddings(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct job *job = arena_alloc(exchange_arena(x), sizeof *job);
	struct generation_flaw flaw;
	enum err result = json_read(&body, exchange_body(x), EMBEDDING_MAX_BODY);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	*job = (struct job){0};
	*c = (struct call){.x = x, .context = context, .kind = &kind, .ask = job};
	result = embedding_read(&job->ask, &flaw, exchange_arena(x), body);
	if (result != OK) {
		reply_code(x, result == ERR_LIMIT ? CODE_TOO_LARGE : CODE_BAD_REQUEST, flaw.message,
			   flaw.param);
		return;
	}
	c->model = job->ask.model;
	c->most_tokens = job->ask.most_tokens;
	call_run(c);
}
