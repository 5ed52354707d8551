/* SPDX-License-Identifier: Apache-2.0 */
/* engine_scene.h - an engine over a real model, and what is heard of each of its sequences. */
#ifndef TESTS_UNIT_INFERENCE_ENGINE_SCENE_H
#define TESTS_UNIT_INFERENCE_ENGINE_SCENE_H

#include "inference/engine.h"
#include "tests/unit/inference/files.h"

enum { BUDGET = 256 << 20, LISTENERS = 12 };

#define MODEL "models/stories260K"

/* What was heard of one sequence. */
struct heard {
	struct buf text;
	uint32_t ids[600];
	float logprobs[600]; /* of those */
	size_t count;
	struct sample read[600]; /* of the prompt, where it is echoed */
	size_t read_count;
	size_t characters; /* of all tokens, those of the prompt included */
	size_t events;
	enum engine_finish finish;
	size_t prompt_tokens;
	struct sample last;
};

struct setup {
	struct folder folder;
	struct engine *engine;
	struct heard heard[LISTENERS]; /* by id */
};

static inline void on_event(void *context, const struct engine_event *event)
{
	struct setup *s = context;
	struct heard *h = &s->heard[event->id];

	assert_int_equal(h->finish, ENGINE_RUNNING); /* nothing after the last */
	assert_true(slice_is_utf8(event->text));
	buf_write(&h->text, event->text);
	h->characters += event->characters;
	if (event->sample && event->sample->is_read)
		h->read[h->read_count++] = *event->sample;
	if (event->sample && !event->sample->is_read) {
		h->logprobs[h->count] = event->sample->chosen.logprob;
		h->ids[h->count++] = event->sample->chosen.token;
		h->last = *event->sample;
	}
	assert_int_equal(event->completion_tokens, h->count);
	h->events++;
	h->finish = event->finish;
	h->prompt_tokens = event->prompt_tokens;
}

/* False, and said so, where the model is not there. */
static inline bool setup_open_model(struct setup *s, const char *model,
				    const struct engine_options *options)
{
	char path[400];
	char name[100];

	memset(s, 0, sizeof *s);
	snprintf(name, sizeof name, "%s/model.safetensors", model);
	if (!shared_path(path, sizeof path, name))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->folder, path);
	for (size_t i = 0; i < LISTENERS; i++)
		s->heard[i].text = buf_new(1 << 16);
	assert_ok(engine_open(&s->engine, &s->folder.files, options));
	return true;
}

static inline bool setup_open(struct setup *s, const struct engine_options *options)
{
	return setup_open_model(s, MODEL, options);
}

static inline void setup_close(struct setup *s)
{
	engine_close(s->engine);
	folder_free(&s->folder);
	for (size_t i = 0; i < LISTENERS; i++)
		buf_free(&s->heard[i].text);
}

static inline struct engine_request greedy(struct slice prompt, uint32_t max_tokens)
{
	return (struct engine_request){
		.prompt = prompt, .max_tokens = max_tokens, .sampling = {.top_p = 1}};
}

static inline void run(struct setup *s)
{
	while (!engine_is_idle(s->engine))
		assert_ok(engine_step(s->engine, on_event, s));
}

#endif
