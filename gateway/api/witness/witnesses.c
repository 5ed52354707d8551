/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/witness/witnesses.h"

#include <fcntl.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/jobs.h"
#include "gateway/api/log_tiles.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/witness/ask_witness.h"
#include "schema/store/witness.h"

/* Only the thread of jobs writes; others read what is atomic. */
struct witnesses {
	struct arena arena;
	struct log_policy policy;
	int64_t due_ms[LOG_POLICY_MAX_PARTS]; /* monotonic; 0: at once */
	bool was_looked_at[LOG_POLICY_MAX_PARTS];
	atomic_uint failing;
	_Atomic uint64_t size;     /* of the newest that holds */
	_Atomic uint64_t cosigned; /* by any, the newest */
};

/* One round: what was published when it began. */
struct round {
	struct route_context *context;
	struct arena *arena;
	struct witnesses *w;
	struct witness_question question;
	struct buf note; /* the checkpoint, and lines behind it */
	bool has_new;
};

enum err witnesses_new(struct witnesses **out, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(LOG_POLICY_MAX_TEXT);
	struct witnesses *w;
	enum err result;

	*out = NULL;
	if (!path[0])
		return OK;
	TRY(file_read(&text, AT_FDCWD, path));
	w = calloc(1, sizeof *w);
	if (!w)
		return failure(ERR_INTERNAL, "no memory for the witnesses");
	result = log_policy_parse(&w->policy, &w->arena, buf_slice(&text));
	for (size_t i = 0; result == OK && i < w->policy.part_count; i++)
		if (!w->policy.parts[i].is_group && w->policy.parts[i].url.size == 0)
			result = failure(ERR_FORMAT, "witness \"%.*s\" has no URL",
					 SLICE_PRINT(w->policy.parts[i].name));
	if (result == OK) {
		*out = w;
		return OK;
	}
	arena_free(&w->arena);
	free(w);
	return result;
}

static enum err begin_round(struct round *r)
{
	struct witness_question *q = &r->question;
	struct api_keys keys;
	struct slice known;

	TRY(log_checkpoint_read(&r->note, &q->here, r->context->api->log_directory));
	q->note = arena_copy(r->arena, buf_slice(&r->note));
	TRY(api_keys_get(&keys, r->context->api));
	TRY(note_key_parse(&q->log, slice_of_string(keys.log_vkey)));
	TRY(note_verify(&q->text, q->note, &q->log, 1));
	TRY(checkpoint_parse(&q->here, q->text));
	if (store_witnessed_get(r->context->store, r->arena, &known, q->here.size) == OK) {
		buf_reset(&r->note);
		buf_write(&r->note, known);
	}
	return buf_done(&r->note);
}

/* Seen with fresh eyes: the log may have grown since the round began. */
static bool is_confirmed(const struct round *r)
{
	struct round again = {.context = r->context,
			      .arena = r->arena,
			      .w = r->w,
			      .question = {.witness = r->question.witness},
			      .note = buf_new(NOTE_MAX)};
	uint64_t size;
	bool confirmed = begin_round(&again) == OK &&
			 ask_witness_look(&size, r->context, r->arena, &again.question) ==
				 ERR_CONFLICT;

	buf_free(&again.note);
	return confirmed;
}

static enum err halt(struct round *r)
{
	if (!is_confirmed(r))
		return OK;
	log_error("log.halted", "reason=\"%s\"", failure_text());
	return store_log_halt(r->context->store, slice_of_string(failure_text()));
}

static enum err ask(struct round *r, size_t i, struct store_witness *state)
{
	struct witness_question *q = &r->question;
	struct slice lines;
	uint64_t size;

	if (!r->w->was_looked_at[i]) {
		enum err result = ask_witness_look(&size, r->context, r->arena, q);

		if (result != OK && result != ERR_NOT_FOUND)
			return result;
		state->size = result == OK ? size : 0;
		r->w->was_looked_at[i] = true;
	}
	q->old_size = state->size;
	TRY(ask_witness_cosign(&lines, r->context, r->arena, q));
	buf_write(&r->note, lines);
	state->size = q->here.size;
	state->cosigned_ms = clock_now_ms();
	r->has_new = true;
	return buf_done(&r->note);
}

static int64_t pause_ms(unsigned failures)
{
	int64_t pause = 1000;

	for (unsigned i = 1; i < failures && pause < WITNESSES_MAX_PAUSE_MS; i++)
		pause *= 2;
	return pause < WITNESSES_MAX_PAUSE_MS ? pause : WITNESSES_MAX_PAUSE_MS;
}

static bool has_line(const struct round *r, const struct note_key *key)
{
	struct slice text;

	return note_verify(&text, buf_slice(&r->note), key, 1) == OK;
}

static enum err tend(struct round *r, size_t i)
{
	const struct log_policy_part *part = &r->w->policy.parts[i];
	struct store_witness state = {.name = slice_of_string(part->key.name)};
	enum err result;

	if (r->w->was_looked_at[i] && has_line(r, &part->key))
		return OK;
	result = store_witness_get(r->context->store, r->arena, &state, state.name);
	if (result != OK && result != ERR_NOT_FOUND)
		return result;
	state.name = slice_of_string(part->key.name);
	state.asked_ms = clock_now_ms();
	r->question.witness = part;
	result = ask(r, i, &state);
	state.failures = result == OK ? 0 : state.failures + 1;
	state.reason = result == OK ? S("") : arena_copy(r->arena, slice_of_string(failure_text()));
	r->w->due_ms[i] = clock_monotonic_ms() + (result == OK ? 0 : pause_ms(state.failures));
	if (state.failures == 1)
		log_warn("witness.failed", "name=%.*s reason=\"%s\"", SLICE_PRINT(state.name),
			 failure_text());
	if (result == ERR_CONFLICT)
		TRY(halt(r));
	return store_witness_put(r->context->store, &state);
}

static unsigned count_lines(const struct round *r, uint64_t *bits)
{
	*bits = 0;
	for (size_t i = 0; i < r->w->policy.part_count; i++)
		if (!r->w->policy.parts[i].is_group && has_line(r, &r->w->policy.parts[i].key))
			*bits |= UINT64_C(1) << i;
	return (unsigned)__builtin_popcountll(*bits);
}

static enum err keep(struct round *r)
{
	uint64_t bits, size = r->question.here.size;
	unsigned count = count_lines(r, &bits);
	bool holds = log_policy_holds(&r->w->policy, bits);

	atomic_store(&r->w->cosigned, size);
	if (holds)
		atomic_store(&r->w->size, size);
	return store_witnessed_put(r->context->store, size, buf_slice(&r->note), count, holds);
}

static enum err run_round(struct round *r)
{
	unsigned failing = 0;

	TRY(begin_round(r));
	for (size_t i = 0; i < r->w->policy.part_count; i++) {
		if (!r->w->policy.parts[i].is_group && clock_monotonic_ms() >= r->w->due_ms[i])
			TRY(tend(r, i));
		failing += r->w->due_ms[i] > clock_monotonic_ms();
	}
	atomic_store(&r->w->failing, failing);
	return r->has_new ? keep(r) : OK;
}

enum err job_witnesses(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct round r = {.context = context, .arena = arena, .w = context->api->witnesses};
	enum err result;

	(void)now_ms;
	if (!r.w)
		return OK;
	r.note = buf_new(NOTE_MAX);
	result = run_round(&r);
	buf_free(&r.note);
	return result == ERR_NOT_FOUND ? OK : result; /* nothing is published yet */
}

enum err witnesses_newest(struct slice *note, uint64_t *size, struct route_context *context,
			  struct arena *arena)
{
	if (!context->api->witnesses)
		return failure(ERR_NOT_FOUND, "there are no witnesses");
	return store_witnessed_newest(context->store, arena, size, note);
}

struct slice witnesses_add_lines(struct route_context *context, struct arena *arena,
				 struct slice note)
{
	struct checkpoint checkpoint;
	struct slice text, cosigned;

	if (!context->api->witnesses || note_text(&text, note) != OK ||
	    checkpoint_parse(&checkpoint, text) != OK ||
	    store_witnessed_get(context->store, arena, &cosigned, checkpoint.size) != OK ||
	    !slice_starts_with(cosigned, text))
		return note;
	return cosigned;
}

void witnesses_write_metrics(struct buf *out, struct api *api, const char *edge)
{
	struct witnesses *w = api->witnesses;

	if (!w)
		return;
	metrics_write_gauge(out, "sallyport_log_witnessed_size",
			    "entries of the newest checkpoint that enough witnesses have cosigned",
			    edge, atomic_load(&w->size));
	metrics_write_gauge(out, "sallyport_log_cosigned_size",
			    "entries of the newest checkpoint that any witness has cosigned", edge,
			    atomic_load(&w->cosigned));
	metrics_write_gauge(out, "sallyport_witnesses_failing",
			    "witnesses that did not cosign when last asked", edge,
			    atomic_load(&w->failing));
}

static json_t *describe(struct route_context *context, struct arena *arena,
			const struct log_policy_part *part)
{
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);
	struct store_witness state = {.size = 0};
	json_t *one = json_object_new();

	note_key_write(&vkey, &part->key);
	json_put_text(one, "name", part->name);
	json_put_text(one, "vkey", buf_slice(&vkey));
	json_put_text(one, "url", part->url);
	if (store_witness_get(context->store, arena, &state, slice_of_string(part->key.name)) != OK)
		state = (struct store_witness){.reason = S("it was not asked yet")};
	json_put_int(one, "size", (int64_t)state.size);
	if (state.cosigned_ms)
		json_put_text(one, "cosigned_at",
			      slice_of_string(api_time(arena, state.cosigned_ms)));
	json_put_int(one, "failures", state.failures);
	json_put_text(one, "reason", state.reason);
	return one;
}

void log_witnesses(struct exchange *x, struct route_context *context)
{
	const struct witnesses *w = context->api->witnesses;
	json_t *answer = json_object_new(), *list = json_array_new();
	struct slice note;
	uint64_t size;

	for (size_t i = 0; w && i < w->policy.part_count; i++)
		if (!w->policy.parts[i].is_group)
			json_push(list, describe(context, exchange_arena(x), &w->policy.parts[i]));
	json_put(answer, "witnesses", list);
	json_put_text(answer, "quorum",
		      w && w->policy.quorum >= 0 ? w->policy.parts[w->policy.quorum].name
						 : S("none"));
	if (witnesses_newest(&note, &size, context, exchange_arena(x)) == OK) {
		json_put_int(answer, "size", (int64_t)size);
		json_put_text(answer, "checkpoint", note);
	}
	reply_json(x, 200, answer);
}
