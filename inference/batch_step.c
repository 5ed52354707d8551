/* SPDX-License-Identifier: Apache-2.0 */
/* batch_step.c - one pass, and what it has made known. */
#include <assert.h>
#include <string.h>

#include "inference/batch_parts.h"

/* Who shares a step with one that wants the same bits in any company gets them as well. */
static bool wants_fixed(const struct batch *b)
{
	for (size_t i = 0; i < b->running; i++)
		if (b->sequences[i]->is_fixed)
			return true;
	return false;
}

/* The next sources that fit into one pass, in order. */
static enum err read_sources(struct batch *b)
{
	size_t used = 0, first = 0, last;
	const float *hidden;
	enum err result;

	while (first < b->running && batch_is_ready(b->sequences[first]))
		first++;
	for (last = first; last < b->running; last++) {
		const struct sequence *s = b->sequences[last];

		if (s->source_count > FORWARD_MAX_ROWS - used)
			break;
		for (size_t i = 0; i < s->source_count; i++)
			b->rows[used++] = (struct forward_row){.table = &s->source_table,
							       .position = (uint32_t)i,
							       .token = s->source[i],
							       .length = (uint32_t)s->source_count};
	}
	if (first == last)
		return OK;
	compute_fix(b->compute, wants_fixed(b));
	result = forward_encode(b->forward, b->rows, used, &hidden);
	compute_fix(b->compute, false);
	TRY(result);
	for (size_t i = first; i < last; i++) {
		b->sequences[i]->is_source_read = true;
		batch_forget_source(b->sequences[i]);
	}
	return OK;
}

static enum err run_rows(struct batch *b, float **logits)
{
	size_t rows = batch_plan_rows(b);
	enum err result;

	*logits = NULL;
	if (rows == 0)
		return OK; /* all wait for an encoder */
	b->counts.rows += rows;
	compute_fix(b->compute, wants_fixed(b));
	result = forward_run(b->forward, b->rows, rows, logits);
	compute_fix(b->compute, false);
	return result;
}

/* Who hears of tokens. */
struct listener {
	batch_token_fn *on_token;
	void *context;
};

static enum batch_verdict give_token(struct sequence *s, float *logits, const struct listener *l)
{
	struct sample sample;

	sampler_take(s->sampler, logits, &sample);
	s->tokens[s->count++] = sample.chosen.token;
	if (l->on_token(l->context, s->id, &sample, s->cached) == BATCH_DONE || s->count == s->end)
		return BATCH_DONE;
	return BATCH_GO_ON;
}

/* A token of the prompt; `logits` (NULL for the first) say what was to be expected there. */
static enum batch_verdict echo_token(struct sequence *s, size_t position, const float *logits,
				     const struct listener *l)
{
	struct sample sample = {.chosen = {.token = s->tokens[position]}, .is_first = !logits};

	if (logits)
		sampler_weigh(s->sampler, logits, s->tokens[position], &sample);
	sample.is_read = true;
	s->echoed = position + 1;
	return l->on_token(l->context, s->id, &sample, s->cached);
}

/* Behind the last token: the next, and one more for each guess that it was. */
static enum batch_verdict give_written(struct batch *b, struct sequence *s, size_t at,
				       float *logits, const struct listener *l)
{
	enum batch_verdict verdict = BATCH_GO_ON;
	size_t last = s->first + s->take - 1, right = 0;
	bool goes_on = true;

	for (; goes_on; at++, logits += b->model->config.vocabulary) {
		uint32_t guessed = at < last ? s->tokens[at + 1] : 0;

		verdict = give_token(s, logits, l);
		goes_on = verdict == BATCH_GO_ON && at < last && s->tokens[at + 1] == guessed;
		right += goes_on;
	}
	b->counts.guessed += s->guesses;
	b->counts.right += right;
	if (s->guesses > 0)
		lookup_learn(&s->lookup, s->guesses, right);
	s->done = s->count - 1; /* what comes behind a wrong guess was computed in vain */
	return verdict;
}

/* What this step has made known of one sequence. */
static enum batch_verdict give_tokens(struct batch *b, struct sequence *s, float *logits,
				      const struct listener *l)
{
	enum batch_verdict verdict = BATCH_GO_ON;
	size_t rows_end = s->first + s->take;

	s->done = rows_end - s->guesses;
	if (s->echo && s->echoed == 0 && s->take > 0)
		verdict = echo_token(s, 0, NULL, l);
	for (size_t at = s->first; at < rows_end; at++) {
		if (!batch_wants_logits(s, at))
			continue;
		if (at + 1 >= s->prompt)
			return give_written(b, s, at, logits, l);
		verdict = echo_token(s, at + 1, logits, l);
		logits += b->model->config.vocabulary;
	}
	return s->done == s->end ? BATCH_DONE : verdict;
}

/* Tokens that have been through the model for the first time are charged; full pages are kept. */
static void settle(struct batch *b, struct sequence *s)
{
	if (s->done > s->charged) {
		fair_charge(&b->fair, s->payer, s->priority, s->done - s->charged);
		s->charged = s->done;
	}
	while (s->is_kept && (s->kept + 1) * KVCACHE_PAGE <= s->done) {
		prefixes_add(b->prefixes, &s->table, s->kept, &s->branch, &s->scope,
			     s->tokens + s->kept * KVCACHE_PAGE);
		s->kept++;
	}
}

/* Rows with logits follow each other in the order of their sequences. */
static void hand_out(struct batch *b, float *logits)
{
	for (size_t i = 0; i < b->running; i++) {
		struct sequence *s = b->sequences[i];

		s->logits = logits;
		for (size_t k = 0; k < s->take; k++)
			if (batch_wants_logits(s, s->first + k))
				logits += b->model->config.vocabulary;
	}
}

enum err batch_step(struct batch *b, batch_token_fn *on_token, void *context)
{
	const struct listener listener = {on_token, context};
	bool finished[BATCH_MAX_SEQUENCES] = {false};
	float *logits;

	batch_admit(b);
	if (b->running == 0)
		return OK;
	b->counts.steps++;
	TRY(read_sources(b));
	TRY(run_rows(b, &logits));
	if (logits)
		hand_out(b, logits);
	for (size_t i = 0; i < b->running; i++) {
		struct sequence *s = b->sequences[i];

		if (s->take > 0)
			finished[i] = give_tokens(b, s, s->logits, &listener) == BATCH_DONE;
		settle(b, s);
	}
	for (size_t i = b->running; i-- > 0;)
		if (finished[i])
			batch_take_out(b, i);
	return OK;
}
