/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/embeddings: the inputs in frames that an engine takes, one call of it behind the other,
 * and all their vectors as one answer. */
#include "crypto/json.h"
#include "gateway/api/infer/call.h"
#include "gateway/api/infer/call_body.h"
#include "gateway/api/openai/embedding.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/wire/engine_read.h"

enum {
	FRAME_ROOM = WIRE_MAX_BODY - 64,
	FRAME_AROUND = 8, /* of an input: its kind and its length */
	MAX_VALUES = EMBEDDING_MAX_ANSWER,
};

/* One call under way. Lives in the exchange's arena. */
struct job {
	struct embedding ask;
	size_t done;  /* inputs that have their vectors */
	size_t asked; /* behind those: that an engine has now */
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

static enum err start(struct call *c, struct job *job, struct rpc_stream **stream)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	const struct embedding *wish = &job->ask;
	struct wire_engine_embed ask = {
		.truncates = wish->truncates,
		.truncate = wish->truncate,
		.dimensions = wish->dimensions,
		.length = length_of(wish->length),
		.first = (uint32_t)job->done,
		.count = (uint16_t)job->asked,
	};

	TRY(call_pass(c, &ask.pass));
	for (size_t i = 0; i < job->asked; i++)
		ask.inputs[i] = (struct wire_input){wish->inputs[job->done + i].is_text,
						    wish->inputs[job->done + i].bytes};
	wire_write_engine_embed(&body, &ask);
	TRY(buf_done(&body));
	return call_open(c, stream, WIRE_ENGINE_EMBED, buf_slice(&body));
}

static enum err take_values(struct call *c, struct slice body)
{
	struct job *job = c->ask;
	struct wire_engine_vectors part;

	TRY(wire_read_engine_vectors(&part, body));
	buf_write(&job->values, part.values);
	return buf_done(&job->values);
}

static enum err take_end(struct call *c, struct slice body)
{
	struct job *job = c->ask;
	struct wire_engine_embedded end;

	TRY(wire_read_engine_embedded(&end, body));
	c->prompt_tokens += end.tokens;
	c->is_counted = true;
	if (!end.is_whole)
		return failure(ERR_LIMIT, "the vectors of %zu inputs are too large", job->asked);
	job->done += job->asked;
	job->width = end.width;
	if (job->values.size != job->done * end.width * sizeof(float))
		return failure(ERR_INTERNAL, "an engine gave %zu bytes for %zu vectors of %u",
			       job->values.size, job->done, end.width);
	return OK;
}

static enum err embed_some(struct call *c, struct job *job)
{
	static const struct call_frames frames = {WIRE_ENGINE_EMBEDDED, take_values, take_end};
	AUTO(rpc_stream_auto) struct rpc_stream *stream = NULL;

	job->asked = embedding_share(&job->ask, job->done, WIRE_MAX_INPUTS, FRAME_ROOM,
				     FRAME_AROUND);
	TRY(start(c, job, &stream));
	c->is_begun = true;
	return call_read(c, stream, &frames);
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
	AUTO(json_auto) json_t *body = call_body(x, EMBEDDING_MAX_BODY);
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct job *job = arena_alloc(exchange_arena(x), sizeof *job);
	struct generation_flaw flaw;
	enum err result;

	if (!body)
		return;
	*job = (struct job){0};
	*c = (struct call){.x = x, .context = context, .kind = &kind, .ask = job};
	result = embedding_read(&job->ask, &flaw, exchange_arena(x), body);
	if (result != OK) {
		call_reply_flaw(x, result, &flaw);
		return;
	}
	c->model = job->ask.model;
	c->most_tokens = job->ask.most_tokens;
	call_run(c);
}
