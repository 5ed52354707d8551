/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/serve.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/porter/blobs.h"
#include "gateway/porter/ring.h"
#include "gateway/porter/sealing.h"
#include "schema/wire/control.h"
#include "schema/wire/keeper.h"

enum { THREAD_STACK = 256 * 1024 };

enum job_kind { JOB_SEAL, JOB_JOIN, JOB_OPEN, JOB_COPY };

/* One call that takes its time, from its message to its answer. */
struct job {
	struct serve *serve;
	struct channel channel; /* a descriptor of our own: the peer's may change meanwhile */
	uint32_t call;
	enum job_kind kind;
	union {
		struct wire_porter_seal seal;
		struct wire_porter_join join;
		struct wire_porter_open open;
		struct wire_porter_copy copy;
	} ask;
	uint64_t handle;
	int pipe;          /* to seal from; else -1 */
	struct keys *keys; /* those of its kind: to seal, or to open; NULL for a copy */
	struct key *key;
	int64_t deadline_ms; /* until then the key may come */
};

struct serve {
	int store;
	const struct process *process;
	struct loop *loop;
	struct keys *keys;         /* to open with */
	struct keys *sealing_keys; /* a transfer to the edge takes none of these */
	struct transfers *transfers;
	struct job *waiting[SERVE_MAX_WAITING];
	size_t waiting_count;
	pthread_mutex_t lock; /* of `running` */
	size_t running;
};

static void job_free(struct job *j)
{
	if (j->key)
		keys_release(j->keys, j->key);
	file_close(&j->pipe);
	channel_close(&j->channel);
	free(j);
}

struct serve *serve_new(int store, const struct process *p)
{
	struct serve *s = calloc(1, sizeof *s);

	assert(s);
	s->store = store;
	s->process = p;
	s->keys = keys_new();
	s->sealing_keys = keys_new();
	s->transfers = transfers_new(store);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void next_tick(struct serve *s)
{
	int64_t at = clock_monotonic_ms() + SERVE_TICK_MS;

	for (size_t i = 0; i < s->waiting_count; i++)
		if (s->waiting[i]->deadline_ms < at)
			at = s->waiting[i]->deadline_ms;
	loop_wake_at(s->loop, at);
}

void serve_use_loop(struct serve *s, struct loop *l)
{
	s->loop = l;
	next_tick(s);
}

static enum err run_seal(const struct job *j, struct buf *out)
{
	struct wire_porter_sealed answer;

	TRY(sealing_from_pipe(&answer, j->serve->store, key_secret(j->key), &j->ask.seal, j->pipe));
	wire_write_porter_sealed(out, &answer);
	return buf_done(out);
}

static enum err run_join(const struct job *j, struct buf *out)
{
	struct wire_porter_sealed answer;

	TRY(sealing_join(&answer, j->serve->store, key_secret(j->key), &j->ask.join));
	wire_write_porter_sealed(out, &answer);
	return buf_done(out);
}

static enum err run_open(const struct job *j, struct buf *out)
{
	struct wire_porter_opened answer;

	TRY(transfers_open(&answer, j->serve->transfers, j->channel.index, key_secret(j->key),
			   &j->ask.open));
	wire_write_porter_opened(out, &answer);
	return buf_done(out);
}

static enum err run_copy(const struct job *j, struct buf *out)
{
	struct wire_porter_copied answer;

	TRY(transfers_copy(&answer, j->serve->transfers, j->channel.index, &j->ask.copy));
	wire_write_porter_copied(out, &answer);
	return buf_done(out);
}

static const struct {
	enum err (*run)(const struct job *j, struct buf *out);
	enum wire_type reply;
} kinds[] = {
	[JOB_SEAL] = {run_seal, WIRE_PORTER_SEALED},
	[JOB_JOIN] = {run_join, WIRE_PORTER_JOINED},
	[JOB_OPEN] = {run_open, WIRE_PORTER_OPENED},
	[JOB_COPY] = {run_copy, WIRE_PORTER_COPIED},
};

/* The pipe is closed before the answer: who reads it to its end then has the answer next. */
static void run_job(struct job *j)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	enum err result = kinds[j->kind].run(j, &out);
	enum err sent;

	file_close(&j->pipe);
	j->pipe = -1;
	if (result == OK) {
		sent = channel_send(&j->channel, kinds[j->kind].reply, j->call, buf_slice(&out),
				    -1);
	} else {
		if (result ==
		    ERR_CLOSED) /* a client that went away is nothing to read in the morning */
			log_debug("porter.ended", "why=\"%s\"", failure_text());
		else
			log_warn("porter.failed", "kind=%s why=\"%s\"", err_name(result),
				 failure_text());
		sent = channel_send_fail(&j->channel, j->call, result, "");
	}
	if (sent != OK)
		log_warn("porter.unheard", "why=\"%s\"", failure_text());
}

static enum err take_place(struct serve *s)
{
	bool full;

	pthread_mutex_lock(&s->lock);
	full = s->running == SERVE_MAX_JOBS;
	if (!full)
		s->running++;
	pthread_mutex_unlock(&s->lock);
	if (full)
		return failure(ERR_UNAVAILABLE, "busy: %d files are being opened or sealed",
			       SERVE_MAX_JOBS);
	return OK;
}

static void give_place_back(struct serve *s)
{
	pthread_mutex_lock(&s->lock);
	s->running--;
	pthread_mutex_unlock(&s->lock);
}

static void *run_thread(void *context)
{
	struct job *j = context;
	struct serve *s = j->serve;

	run_job(j);
	job_free(j);
	give_place_back(s);
	return NULL;
}

/* On OK the job belongs to its thread. */
static enum err start_job(struct serve *s, struct job *j)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int result;

	TRY(take_place(s));
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	result = pthread_create(&thread, &attributes, run_thread, j);
	pthread_attr_destroy(&attributes);
	if (result == 0)
		return OK;
	give_place_back(s);
	return failure(ERR_UNAVAILABLE, "busy: no more threads");
}

static void start_or_refuse(struct serve *s, struct job *j)
{
	enum err result = start_job(s, j);

	if (result == OK)
		return;
	if (channel_send_fail(&j->channel, j->call, result, "") != OK)
		log_warn("porter.unheard", "why=\"%s\"", failure_text());
	job_free(j);
}

static enum err wait_for_key(struct serve *s, struct job *j)
{
	if (s->waiting_count == SERVE_MAX_WAITING)
		return failure(ERR_UNAVAILABLE, "busy: %d wait for a key", SERVE_MAX_WAITING);
	j->deadline_ms = clock_monotonic_ms() + SERVE_KEY_WAIT_MS;
	s->waiting[s->waiting_count++] = j;
	next_tick(s);
	return OK;
}

static struct job *unwait(struct serve *s, size_t i)
{
	struct job *j = s->waiting[i];

	s->waiting[i] = s->waiting[--s->waiting_count];
	return j;
}

static void wake_waiting(struct serve *s, struct keys *keys, uint64_t handle)
{
	for (size_t i = s->waiting_count; i-- > 0;) {
		if (s->waiting[i]->handle != handle || s->waiting[i]->keys != keys)
			continue;
		s->waiting[i]->key = keys_use(keys, handle, clock_monotonic_ms());
		start_or_refuse(s, unwait(s, i));
	}
}

static enum err on_key(struct serve *s, struct keys *keys, struct slice body)
{
	uint64_t handle;

	TRY(keys_take(keys, &handle, body, clock_monotonic_ms()));
	wake_waiting(s, keys, handle);
	return OK;
}

/* Starts it, or lets it wait for its key. On OK the job is given away. */
static enum err accept_job(struct serve *s, struct job *j, const struct channel *from)
{
	TRY(channel_duplicate(&j->channel, from));
	if (!j->keys)
		return start_job(s, j);
	j->key = keys_use(j->keys, j->handle, clock_monotonic_ms());
	return j->key ? start_job(s, j) : wait_for_key(s, j);
}

static enum err read_ask(struct job *j, const struct frame *frame)
{
	switch (j->kind) {
	case JOB_SEAL:
		TRY(wire_read_porter_seal(&j->ask.seal, frame->body));
		j->handle = j->ask.seal.handle;
		j->keys = j->serve->sealing_keys;
		return OK;
	case JOB_JOIN:
		TRY(wire_read_porter_join(&j->ask.join, frame->body));
		j->handle = j->ask.join.handle;
		j->keys = j->serve->sealing_keys;
		return OK;
	case JOB_OPEN:
		TRY(wire_read_porter_open(&j->ask.open, frame->body));
		j->handle = j->ask.open.handle;
		j->keys = j->serve->keys;
		return OK;
	case JOB_COPY:
		return wire_read_porter_copy(&j->ask.copy, frame->body);
	}
	return failure(ERR_INTERNAL, "a job of no kind");
}

static enum err on_job(struct serve *s, const struct channel *from, const struct frame *frame,
		       enum job_kind kind)
{
	struct job *j = calloc(1, sizeof *j);
	enum err result;

	assert(j);
	*j = (struct job){.serve = s, .call = frame->call, .kind = kind, .pipe = frame->fd};
	j->channel.fd = -1;
	result = read_ask(j, frame);
	if (result == OK)
		result = accept_job(s, j, from);
	if (result != OK)
		job_free(j);
	return result;
}

static enum err on_drop(struct serve *s, struct slice body)
{
	struct wire_porter_drop message;

	TRY(wire_read_porter_drop(&message, body));
	keys_drop(s->keys, message.handle);
	keys_drop(s->sealing_keys, message.handle);
	return OK;
}

static enum err on_discard(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_porter_discard message;

	TRY(wire_read_porter_discard(&message, frame->body));
	TRY(blobs_discard(s->store, message.blob));
	return channel_send(from, WIRE_PORTER_DISCARDED, frame->call, S(""), -1);
}

static enum err on_ring(struct serve *s, const struct channel *from, const struct frame *frame)
{
	TRY(ring_begin(s->transfers, s->process, from, frame->fd));
	return channel_send(from, WIRE_PORTER_RINGED, frame->call, S(""), -1);
}

enum err serve_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct serve *s = context;

	if (frame->type == WIRE_PORTER_SEAL)
		return on_job(s, from, frame, JOB_SEAL);
	if (frame->type == WIRE_PORTER_JOIN)
		return on_job(s, from, frame, JOB_JOIN);
	if (frame->type == WIRE_PORTER_OPEN)
		return on_job(s, from, frame, JOB_OPEN);
	if (frame->type == WIRE_PORTER_COPY)
		return on_job(s, from, frame, JOB_COPY);
	if (frame->type == WIRE_PORTER_RING)
		return on_ring(s, from, frame);
	if (frame->type == WIRE_HANDLE_KEY)
		return on_key(s, s->keys, frame->body);
	if (frame->type == WIRE_SEAL_KEY)
		return on_key(s, s->sealing_keys, frame->body);
	if (frame->type == WIRE_PORTER_DROP)
		return on_drop(s, frame->body);
	if (frame->type == WIRE_PORTER_DISCARD)
		return on_discard(s, from, frame);
	return failure(ERR_DENIED, "%s is not for a porter", wire_name(frame->type));
}

void serve_timer(void *context)
{
	struct serve *s = context;
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = s->waiting_count; i-- > 0;) {
		struct job *j = s->waiting[i];

		if (j->deadline_ms > now_ms)
			continue;
		if (channel_send_fail(&j->channel, j->call,
				      failure(ERR_NOT_FOUND, "no key came for this handle"),
				      "") != OK)
			log_warn("porter.unheard", "why=\"%s\"", failure_text());
		job_free(unwait(s, i));
	}
	keys_drop_old(s->keys, now_ms);
	keys_drop_old(s->sealing_keys, now_ms);
	next_tick(s);
}
