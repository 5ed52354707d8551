/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scribe: gives events their place in the log and publishes it. It holds no key and sees no
 * business rows; its database role reaches the outbox and the log tables only.
 */
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/proc/loop.h"
#include "gateway/proc/process.h"
#include "gateway/scribe/awaits.h"
#include "gateway/scribe/publisher.h"
#include "schema/wire/keeper.h"
#include "schema/wire/scribe.h"

enum {
	SCRIBE_POLL_MS = 100, /* for events whose edge did not say */
	SCRIBE_BACKOFF_MS = 2000,
	SCRIBE_KEEPER_MS = 5000,
	SCRIBE_STATEMENT_MS = 10000,
};

struct scribe {
	struct loop *loop;
	struct publisher publisher;
	struct awaits awaits;
	struct wire_log_append message; /* large: not for the stack */
	bool is_wanted;                 /* something came while a cycle ran */
	int backoff_ms;
};

static enum err keeper_state(void *context, uint64_t *size, struct digest *root)
{
	struct scribe *s = context;
	struct wire_log_state_is state;
	struct frame answer;

	TRY(loop_call(s->loop, ROLE_KEEPER, 0, WIRE_LOG_STATE, S(""), &answer, SCRIBE_KEEPER_MS));
	TRY(wire_read_log_state_is(&state, answer.body));
	*size = state.size;
	memcpy(root->bytes, state.root, sizeof root->bytes);
	return OK;
}

static enum err keeper_append(void *context, uint64_t first, const struct store_leaf *leaves,
			      size_t count, uint64_t *size, struct buf *note)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct scribe *s = context;
	struct wire_log_appended appended;
	struct frame answer;

	s->message.first = first;
	s->message.count = (uint16_t)count;
	for (size_t i = 0; i < count; i++) {
		s->message.entries[i].leaf = leaves[i].leaf;
		s->message.entries[i].payload = leaves[i].payload;
		memcpy(s->message.entries[i].nonce, leaves[i].nonce, STORE_NONCE);
	}
	wire_write_log_append(&body, &s->message);
	TRY(buf_done(&body));
	TRY(loop_call(s->loop, ROLE_KEEPER, 0, WIRE_LOG_APPEND, buf_slice(&body), &answer,
		      SCRIBE_KEEPER_MS));
	TRY(wire_read_log_appended(&appended, answer.body));
	*size = appended.size;
	buf_write(note, appended.checkpoint);
	return buf_done(note);
}

static void answer_published(struct scribe *s, const struct await *item, uint64_t index)
{
	const struct channel *edge = loop_peer(s->loop, ROLE_EDGE, item->edge);
	struct wire_scribe_published published = {index, s->publisher.published};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_scribe_published(&body, &published);
	if (edge &&
	    channel_send(edge, WIRE_SCRIBE_PUBLISHED, item->call, buf_slice(&body), -1) != OK)
		log_warn("reply.lost", "why=\"%s\"", failure_text());
}

static void answer_failed(struct scribe *s, const struct await *item)
{
	const struct channel *edge = loop_peer(s->loop, ROLE_EDGE, item->edge);

	if (edge && channel_send_fail(edge, item->call, ERR_UNAVAILABLE, "AUDIT_UNAVAILABLE") != OK)
		log_warn("reply.lost", "why=\"%s\"", failure_text());
}

/* True: it still waits. */
static bool answer_one(void *context, const struct await *item)
{
	struct scribe *s = context;
	uint64_t index;

	if (!s->publisher.is_read_only &&
	    publisher_find(&s->publisher, item->event, &index) == OK) {
		answer_published(s, item, index);
		return false;
	}
	if (!s->publisher.is_read_only && clock_monotonic_ms() < item->deadline_ms)
		return true;
	answer_failed(s, item);
	return false;
}

/* While the database is away nothing can be looked up: only the overdue are answered. */
static bool expire_one(void *context, const struct await *item)
{
	if (clock_monotonic_ms() < item->deadline_ms)
		return true;
	answer_failed(context, item);
	return false;
}

static int next_backoff(int backoff_ms)
{
	if (backoff_ms == 0)
		return SCRIBE_POLL_MS;
	return 2 * backoff_ms < SCRIBE_BACKOFF_MS ? 2 * backoff_ms : SCRIBE_BACKOFF_MS;
}

/* An entry the keeper refuses stops the log until a person has looked: nothing passes over it. */
static void tell_failure(enum err result)
{
	bool is_refusal = result == ERR_FORMAT || result == ERR_FORGED || result == ERR_LIMIT;

	if (is_refusal)
		log_error("log.stopped", "why=\"%s\"", failure_text());
	else
		log_warn("log.cycle", "why=\"%s\"", failure_text());
}

static void run_cycle(void *context)
{
	struct scribe *s = context;
	bool more = false;
	int delay_ms = SCRIBE_POLL_MS;
	enum err result;

	s->is_wanted = false;
	result = publisher_cycle(&s->publisher, &more);
	if (result == OK) {
		s->backoff_ms = 0;
		if (more || s->is_wanted)
			delay_ms = 0;
		awaits_filter(&s->awaits, answer_one, s);
	} else {
		if (s->backoff_ms == 0)
			tell_failure(result);
		s->backoff_ms = delay_ms = next_backoff(s->backoff_ms);
		awaits_filter(&s->awaits, s->publisher.is_read_only ? answer_one : expire_one, s);
	}
	loop_wake_at(s->loop, clock_monotonic_ms() + delay_ms);
}

static enum err on_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct scribe *s = context;
	struct wire_scribe_await message;

	if (frame->type == WIRE_SCRIBE_AWAIT) {
		TRY(wire_read_scribe_await(&message, frame->body));
		TRY(awaits_add(&s->awaits, message.event, from->index, frame->call,
			       clock_monotonic_ms()));
	} else if (frame->type != WIRE_SCRIBE_WAKE) {
		return failure(ERR_DENIED, "the scribe has no use for this message");
	}
	s->is_wanted = true;
	if (s->backoff_ms == 0)
		loop_wake_at(s->loop, clock_monotonic_ms());
	return OK;
}

static void on_peer(void *context, const struct channel *peer, bool joined)
{
	struct scribe *s = context;

	if (peer->peer == ROLE_EDGE)
		awaits_drop(&s->awaits, peer->index);
	if (peer->peer == ROLE_KEEPER)
		publisher_forget(&s->publisher);
	if (joined) {
		s->backoff_ms = 0;
		loop_wake_at(s->loop, clock_monotonic_ms());
	}
}

static enum err open_store(struct store **out, const struct settings *settings)
{
	char port[8];
	const struct store_settings wanted = {
		.host = settings->database_host,
		.port = port,
		.database = settings->database_name,
		.role = "sallyport_scribe",
		.password_file = settings->scribe_password_file[0] ? settings->scribe_password_file
								   : NULL,
		.statement_timeout_ms = SCRIBE_STATEMENT_MS,
	};

	snprintf(port, sizeof port, "%d", (int)settings->database_port);
	return store_new(out, &wanted);
}

static enum err serve(int argc, char **argv)
{
	static struct scribe scribe; /* large; there is one */
	AUTO(process_auto) struct process *process = NULL;
	AUTO(store_auto) struct store *store = NULL;
	AUTO(file_close) int directory = -1;
	const struct publisher_keeper keeper = {keeper_state, keeper_append, &scribe};
	const struct loop_handlers handlers = {on_frame, on_peer, run_cycle, &scribe};
	enum err result;

	TRY(process_start(&process, ROLE_SCRIBE, argc, argv));
	TRY(open_store(&store, process_settings(process)));
	TRY(process_open_directory(&directory, process, "log"));

	const struct confine_path paths[] = {{directory, PATH_READ | PATH_WRITE}};
	const struct confinement confinement = {paths, 1};

	TRY(process_confine(process, &confinement));
	TRY(loop_new(&scribe.loop, process, &handlers));
	publisher_init(&scribe.publisher, store, &keeper, directory);
	TRY(process_ready(process));
	loop_wake_at(scribe.loop, clock_monotonic_ms());
	result = loop_run(scribe.loop);
	loop_free(scribe.loop);
	return result;
}

int main(int argc, char **argv)
{
	if (serve(argc, argv) == OK)
		return 0;
	log_error("scribe.stopped", "why=\"%s\"", failure_text());
	return 1;
}
