/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAI's generation: what the engine is asked, and its frames as an answer. A client that goes
 * away stops its generation. */
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/adapter/adapter.h"
#include "gateway/api/infer/call.h"
#include "gateway/api/infer/call_body.h"
#include "gateway/api/openai/choices.h"
#include "gateway/api/openai/generation.h"
#include "gateway/api/openai/openai_answer.h"
#include "gateway/api/openai/texts.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum {
	BUSY_SECONDS = 2, /* until an engine that all use has room, as a guess */
	BUSY_AT_ONCE = 1, /* a license that has too many may have one more when one has ended */
};

/* One generation under way. Lives in the exchange's arena. */
struct job {
	struct generation ask;
	struct choices choices;
	struct openai_answer answer;
	bool exceeds_context; /* the failure is that */
};

/* Whatever decides on the bits of an answer and is not in the request: the weights. */
static const char *fingerprint_of(const struct call *c)
{
	AUTO(buf_free) struct buf about = buf_new(STORE_REVISION + STORE_SHA256);
	AUTO(buf_free) struct buf hex = buf_new(32);
	struct digest digest;

	buf_write(&about, c->grant->access.revision.id);
	if (c->adapter)
		buf_write(&about, slice_of(c->adapter->sha256, STORE_SHA256));
	digest = digest_of(buf_slice(&about));
	text_write_hex(&hex, slice_part(digest_slice(&digest), 0, 5));
	return arena_printf(exchange_arena(c->x), "fp_%.*s", SLICE_PRINT(buf_slice(&hex)));
}

/* Of several prompts each must fit before the first is begun: an answer that has begun to leave can
 * be refused no more. One alone is measured where it is begun. */
static enum err check_lengths(struct call *c, struct job *job)
{
	const struct generation *g = &job->ask;
	enum err result = OK;

	for (size_t i = 0; i < g->prompt_count && g->prompt_count > 1 && result == OK; i++)
		result = texts_check_length(c, &g->prompts[i], g->is_bare,
					    g->is_default_tokens ? 1 : g->max_tokens);
	job->exceeds_context = result == ERR_LIMIT;
	return result;
}

/* As the last entry has it: the end that most is to be known of. */
static void note_finish(struct call *c, enum wire_finish finish)
{
	if (!c->finish || finish == WIRE_FINISH_CANCELLED ||
	    (finish == WIRE_FINISH_LENGTH && strcmp(c->finish, "stop") == 0))
		c->finish = openai_finish(finish);
}

static enum err take_event(struct call *c, struct job *job)
{
	struct choice_event event;
	enum err result = choices_next(&job->choices, &event);

	job->exceeds_context = result == ERR_LIMIT && job->choices.is_refused;
	TRY(result);
	if (event.delta)
		return openai_answer_delta(&job->answer, event.index, event.delta);
	note_finish(c, event.finish);
	if (event.finish == WIRE_FINISH_CANCELLED) /* not by us */
		return failure(ERR_UNAVAILABLE, "the answer was not taken as fast as it came");
	return openai_answer_finish(&job->answer, event.index, openai_finish(event.finish));
}

/* Streamed: the status line leaves with the first frame, so that an engine's refusal can still
 * be a proper error. */
static enum err pump(struct call *c, struct job *job)
{
	enum err result = check_lengths(c, job);

	while (result == OK && !choices_are_done(&job->choices))
		result = take_event(c, job);
	result = call_keep_reason(c, result);
	choices_end(&job->choices);
	return result == OK ? OK : failure(result, "%s", c->why);
}

static enum err work(struct call *c)
{
	struct job *job = c->ask;
	struct openai_usage usage;

	choices_begin(&job->choices, c, &job->ask);
	openai_answer_begin(&job->answer, c->x, &job->ask, c->event, fingerprint_of(c));
	TRY(pump(c, job));
	usage = (struct openai_usage){c->prompt_tokens, job->choices.cached_tokens,
				      c->completion_tokens};
	return openai_answer_end(&job->answer, &usage);
}

static bool is_about(const struct call *c, const char *parameter)
{
	struct slice why = slice_of_string(c->why);

	return slice_starts_with(why, slice_of_string(parameter)) && why.size > strlen(parameter) &&
	       why.data[strlen(parameter)] == ':';
}

/* What an engine does not take: it says of which parameter, or it is the prompt. */
static const char *refused_parameter(const struct call *c, const struct job *job)
{
	if (is_about(c, "tools"))
		return "tools";
	if (is_about(c, "tool_choice"))
		return "tool_choice";
	return job->ask.chat ? "messages" : "prompt";
}

/* A stream that was cut off says so in its last event; a prompt that is too long, or is none for
 * this model, where it is. */
static bool tell(struct call *c, enum err result)
{
	struct job *job = c->ask;
	bool is_told = true;

	if (job->answer.streaming && call_is_cut(c))
		openai_answer_break(&job->answer, "access_withdrawn", c->why);
	else if (!exchange_is_answered(c->x) && job->exceeds_context)
		reply_code(c->x, CODE_TOO_LARGE, c->why, job->ask.chat ? "messages" : "prompt");
	else if (!exchange_is_answered(c->x) && job->choices.is_refused && result == ERR_CONFLICT)
		reply_busy(c->x, c->why, BUSY_AT_ONCE);
	else if (!exchange_is_answered(c->x) && job->choices.is_refused &&
		 result == ERR_UNAVAILABLE)
		reply_not_ready(c->x, c->why, BUSY_SECONDS);
	else if (!exchange_is_answered(c->x) && job->choices.is_refused &&
		 (result == ERR_UNSUPPORTED || result == ERR_FORMAT))
		reply_code(c->x, result == ERR_FORMAT ? CODE_BAD_REQUEST : CODE_UNSUPPORTED, c->why,
			   refused_parameter(c, job));
	else
		is_told = false;
	openai_answer_clear(&job->answer);
	return is_told;
}

static const struct call_kind chat_kind = {
	.right = RIGHT_INFER_GENERATE,
	.adapts = true,
	.route = "chat.completions",
	.work = work,
	.tell = tell,
};

static const struct call_kind completion_kind = {
	.right = RIGHT_INFER_GENERATE,
	.adapts = true,
	.route = "completions",
	.work = work,
	.tell = tell,
};

typedef enum err read_fn(struct generation *out, struct generation_flaw *flaw, struct arena *arena,
			 const json_t *body);

static void generate(struct exchange *x, struct route_context *context, read_fn *read,
		     const struct call_kind *kind)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct job *job = arena_alloc(exchange_arena(x), sizeof *job);
	struct generation_flaw flaw;
	enum err result;

	if (!body)
		return;
	*c = (struct call){.x = x, .context = context, .kind = kind, .ask = job};
	result = read(&job->ask, &flaw, exchange_arena(x), body);
	if (result != OK) {
		call_reply_flaw(x, result, &flaw);
		return;
	}
	c->model = job->ask.model;
	c->most_tokens = generation_most_tokens(&job->ask);
	call_run(c);
}

void openai_chat(struct exchange *x, struct route_context *context)
{
	generate(x, context, generation_read_chat, &chat_kind);
}

void openai_completions(struct exchange *x, struct route_context *context)
{
	generate(x, context, generation_read_completion, &completion_kind);
}
