/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stand_in.c - the smallest process of each role, for tests of the supervisor: starts and confines
 * itself like the real one. The keeper answers LOG_STATE with its process id as the size; the
 * scribe answers SCRIBE_AWAIT with its own id and the keeper's; the edge answers every TCP client
 * with "SCRIBE KEEPER\n", or with the name of the error. After SIGUSR1 keeper and scribe break the
 * message table.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/loop.h"
#include "gateway/proc/rpc.h"
#include "schema/wire/keeper.h"
#include "schema/wire/scribe.h"

enum { CALL_MS = 5000 };

static volatile sig_atomic_t is_mad; /* told by SIGUSR1: the next answer breaks the table */

static void go_mad(int signal)
{
	(void)signal;
	is_mad = 1;
}

static enum err rave(const struct channel *to)
{
	static const uint8_t frame[WIRE_FRAME_HEADER] = {0xee, 0xee};

	if (send(to->fd, frame, sizeof frame, MSG_NOSIGNAL) != (ssize_t)sizeof frame)
		return failure_errno("stand-in: cannot rave");
	return OK;
}

static enum err answer_state(const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_log_state_is state = {.size = (uint64_t)getpid()};

	wire_write_log_state_is(&body, &state);
	TRY(buf_done(&body));
	return channel_send(from, WIRE_LOG_STATE_IS, frame->call, buf_slice(&body), -1);
}

static enum err answer_await(struct loop *l, const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_scribe_published published = {.index = (uint64_t)getpid()};
	struct wire_log_state_is state;
	struct frame reply;

	TRY(loop_call(l, ROLE_KEEPER, 0, WIRE_LOG_STATE, S(""), &reply, CALL_MS));
	TRY(wire_read_log_state_is(&state, reply.body));
	published.size = state.size;
	wire_write_scribe_published(&body, &published);
	TRY(buf_done(&body));
	return channel_send(from, WIRE_SCRIBE_PUBLISHED, frame->call, buf_slice(&body), -1);
}

static enum err on_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct loop **l = context;

	if (is_mad)
		return rave(from);
	if (frame->type == WIRE_LOG_STATE)
		return answer_state(from, frame);
	if (frame->type == WIRE_SCRIBE_AWAIT)
		return answer_await(*l, from, frame);
	return failure(ERR_UNSUPPORTED, "a stand-in does not know %s", wire_name(frame->type));
}

static enum err serve_loop(struct process *p)
{
	struct loop *l;
	struct loop_handlers handlers = {.frame = on_frame, .context = &l};
	enum err result;

	TRY(loop_new(&l, p, &handlers));
	TRY(process_ready(p));
	result = loop_run(l);
	loop_free(l);
	return result;
}

static void answer_client(struct rpc *r, int client)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	uint8_t event[WIRE_ID] = {0};
	struct wire_scribe_published published;
	char text[64];
	enum err result = rpc_call(r, ROLE_SCRIBE, 0, WIRE_SCRIBE_AWAIT,
				   slice_of(event, sizeof event), -1, &reply, CALL_MS);

	if (result == OK)
		result = wire_read_scribe_published(&published, buf_slice(&reply.body));
	if (result == OK)
		snprintf(text, sizeof text, "%u %u\n", (unsigned)published.index,
			 (unsigned)published.size);
	else
		snprintf(text, sizeof text, "%s\n", err_name(result));
	if (send(client, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_warn("client.gone", "fd=%d", client);
}

static enum err serve_clients(struct process *p)
{
	AUTO(file_close) int listener = -1;
	struct rpc *r;

	TRY(process_ready(p));
	TRY(process_take_listener(&listener, p));
	TRY(rpc_start(&r, p));
	for (;;) {
		struct pollfd polled[2] = {{.fd = rpc_stop_fd(r), .events = POLLIN},
					   {.fd = listener, .events = POLLIN}};

		if (poll(polled, 2, -1) < 0 || polled[0].revents)
			break;
		AUTO(file_close) int client = accept(listener, NULL, NULL);
		if (client >= 0)
			answer_client(r, client);
	}
	rpc_free(r);
	return OK;
}

static enum err run(int argc, char **argv)
{
	AUTO(process_auto) struct process *p = NULL;

	TRY(process_start(&p, STAND_IN_ROLE, argc, argv));
	signal(SIGUSR1, go_mad);
	TRY(process_confine(p, &(struct confinement){NULL, 0}));
	return STAND_IN_ROLE == ROLE_EDGE ? serve_clients(p) : serve_loop(p);
}

int main(int argc, char **argv)
{
	if (run(argc, argv) == OK)
		return 0;
	log_error("stand_in.failed", "why=\"%s\"", failure_text());
	return 1;
}
