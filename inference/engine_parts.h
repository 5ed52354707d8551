/* SPDX-License-Identifier: Apache-2.0 */
/* engine_parts.h - what an engine is made of, for the files of engine.h only. */
#ifndef INFERENCE_ENGINE_PARTS_H
#define INFERENCE_ENGINE_PARTS_H

#include "inference/batch.h"
#include "inference/chat/chat.h"
#include "inference/engine_read.h"
#include "inference/guides.h"
#include "inference/reading/labels.h"
#include "inference/reading/readings.h"
#include "inference/textstream.h"
#include "inference/tokenizer/tokenizer.h"

/* One answer being written: what of it is text. The ids are the batch's. */
struct answer {
	uint64_t id;
	struct textstream *stream;
	bool is_first; /* no token with text of its own yet */
	size_t prompt_tokens;
	size_t cached_tokens;
	size_t completion_tokens;
	size_t max_tokens;
	struct place *adapter; /* NULL: the base */
	struct guide *guide;   /* NULL: anything may come */

	struct buf prompt_text; /* to be shown first, and then emptied */
	enum engine_echo echo;
	size_t echoed;      /* tokens of the prompt that came back */
	bool is_text_begun; /* of those: one with text of its own was there */
	bool is_only_read, ignores_end, shows_special;
	uint32_t stop_tokens[ENGINE_MAX_STOP_TOKENS];
	size_t stop_token_count;

	struct toolcall_reader *calls; /* NULL: no tools are offered */
	bool is_one_call;
};

struct engine {
	struct config config;
	struct tokenizer *tokenizer;
	struct chat *chat;
	struct model *model;
	struct compute *compute;
	struct batch *batch;
	struct answer *answers[BATCH_MAX_SEQUENCES + BATCH_MAX_WAITING];
	size_t answer_count;
	struct buf piece;
	struct places adapters;
	struct guides *guides;
	bool strict;
	/* engine_read.c's */
	uint32_t tasks;
	struct pooling pooling;
	char *pooling_refused; /* why nothing can be embedded; NULL: it can */
	struct labels labels;
	uint32_t mask; /* the token that stands for what is to be filled in */
	struct readings *readings;
	struct engine_job *jobs[ENGINE_MAX_JOBS];
	size_t job_count;
};

/* What a model with these files can be asked for (tasks.h). ERR_UNSUPPORTED: nothing. */
RESULT engine_read_check(uint32_t *tasks, struct model_files *files, const struct config *config);

/* With everything else open; `files` as for engine_open. */
RESULT engine_read_open(struct engine *e, struct model_files *files);
void engine_read_close(struct engine *e); /* before the rest */
RESULT engine_read_step(struct engine *e);

void engine_answer_free(struct answer *a);

/* engine_adapter.c: the place of a request's adapter; NULL for none. ERR_UNAVAILABLE: not there. */
RESULT engine_adapter_enter(struct engine *e, struct place **out, const uint8_t *id);

/* engine_calls.c: an answer in which calls of tools may stand. */
bool engine_calls_are_done(const struct answer *a); /* no more are wanted */
/* The event's text as what it is: maybe several events, the last with its finish. */
void engine_tell_calls(struct answer *a, const struct engine_event *event,
		       engine_event_fn *on_event, void *context);

#endif
