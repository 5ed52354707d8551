/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/supervisor/family.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "gateway/supervisor/cores.h"
#include "gateway/supervisor/spawn.h"
#include "schema/wire/control.h"

enum { STOP_MS = 5000, STOP_STEP_MS = 10, STEADY_MS = 1000 };

static void add_children(struct family *f, enum role role, int64_t count)
{
	for (unsigned i = 0; i < count; i++)
		f->children[f->count++] = (struct child){
			.role = role,
			.index = i,
			.state = CHILD_WAITING,
			.control = {.fd = -1, .self = ROLE_SUPERVISOR, .peer = role, .index = i},
			.backoff_ms = FAMILY_BACKOFF_FIRST_MS,
		};
}

enum err family_init(struct family *f, const struct settings *s, const char *config_path,
		     const char *program_directory, const struct listeners *listeners)
{
	*f = (struct family){.settings = s, .config_path = config_path, .listeners = listeners};
	add_children(f, ROLE_KEEPER, 1);
	add_children(f, ROLE_SCRIBE, 1);
	add_children(f, ROLE_PORTER, s->porters);
	add_children(f, ROLE_ENGINE, s->engines);
	add_children(f, ROLE_COURIER, 1);
	add_children(f, ROLE_EDGE, s->edges); /* last: who meets strangers finds the others there */
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		f->programs[role] = -1;
	f->inbox = malloc(sizeof *f->inbox);
	assert(f->inbox);
	for (unsigned role = ROLE_EDGE; role < ROLE_COUNT; role++)
		TRY(spawn_open_program(&f->programs[role], program_directory, (enum role)role));
	return OK;
}

void family_clear(struct family *f)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		file_close(&f->programs[role]);
	free(f->inbox);
	f->inbox = NULL;
}

static bool is_alive(const struct child *c)
{
	return c->pid != 0 && c->control.fd >= 0;
}

static enum err send_peer(const struct child *to, const struct child *who, enum wire_type type,
			  int fd)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_peer peer = {.role = who->role, .index = (uint8_t)who->index};

	wire_write_peer(&body, &peer);
	TRY(buf_done(&body));
	return channel_send(&to->control, type, 0, buf_slice(&body), fd);
}

/* A fresh pair between the two. A child that cannot take its end is on its way out; its exit
 * is seen later. Our copies are closed, so that each end sees the other one go. */
static enum err join(const struct child *a, const struct child *b)
{
	int pair[2];
	enum err first;
	enum err second;

	TRY(channel_pair(pair));
	first = send_peer(a, b, WIRE_PEER, pair[0]);
	second = send_peer(b, a, WIRE_PEER, pair[1]);
	close(pair[0]);
	close(pair[1]);
	if (first != OK || second != OK)
		log_warn("channel.lost", "between=%s.%u and=%s.%u why=\"%s\"", role_name(a->role),
			 a->index, role_name(b->role), b->index, failure_text());
	return OK;
}

static enum err join_all(struct family *f, struct child *fresh)
{
	for (size_t i = 0; i < f->count; i++) {
		struct child *other = &f->children[i];

		if (other != fresh && is_alive(other) && wire_may_speak(fresh->role, other->role))
			TRY(join(fresh, other));
	}
	return OK;
}

void family_plan_return(struct child *c, int status, int64_t now)
{
	int64_t lived = now - c->started_ms;
	bool was_ready = c->state == CHILD_RUNNING;

	c->state = CHILD_WAITING;
	if (was_ready && lived >= FAMILY_HEALTHY_MS)
		c->backoff_ms = FAMILY_BACKOFF_FIRST_MS;
	if (c->role == ROLE_ENGINE && was_ready && status == 0) {
		/* A slot that unloaded its model: soon, if it had it for a moment only, and no
		 * later each time, or whoever asks for spoiled models would hold up all others. */
		c->start_at_ms = now + (lived >= STEADY_MS ? 0 : FAMILY_BACKOFF_FIRST_MS);
		return;
	}
	c->failures += !was_ready;
	c->start_at_ms = now + c->backoff_ms;
	c->backoff_ms *= 2;
	if (c->backoff_ms > FAMILY_BACKOFF_MOST_MS)
		c->backoff_ms = FAMILY_BACKOFF_MOST_MS;
}

static enum err give_listener(const struct family *f, const struct child *edge)
{
	TRY(listeners_resume(f->listeners, edge->index));
	return channel_send(&edge->control, WIRE_LISTENER, 0, slice_of(NULL, 0),
			    f->listeners->fds[edge->index]);
}

static enum err start(struct family *f, struct child *c)
{
	c->started_ms = clock_monotonic_ms();
	c->end_by_ms = 0;
	TRY(spawn_child(&c->pid, &c->control.fd, f->programs[c->role], f->config_path, c->role,
			c->index));
	c->state = CHILD_STARTING;
	log_info("child.started", "role=%s index=%u pid=%d", role_name(c->role), c->index,
		 (int)c->pid);
	if (c->role == ROLE_EDGE && give_listener(f, c) != OK)
		log_warn("child.failed", "role=edge index=%u why=\"%s\"", c->index, failure_text());
	return join_all(f, c);
}

/* ERR_UNAVAILABLE: no use in trying again. */
static enum err give_up(const struct family *f, const struct child *c)
{
	if (f->was_ready || c->failures < FAMILY_START_ATTEMPTS)
		return OK;
	return failure(ERR_UNAVAILABLE, "the %s does not start: see its lines in the log",
		       role_name(c->role));
}

/* It has had its time. */
static void end_closed(struct child *c, int64_t now)
{
	if (!c->pid || !c->end_by_ms || now < c->end_by_ms)
		return;
	c->end_by_ms = 0;
	kill(c->pid, SIGKILL);
}

enum err family_start_due(struct family *f)
{
	int64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < f->count; i++) {
		struct child *c = &f->children[i];

		end_closed(c, now);
		if (c->state != CHILD_WAITING || c->start_at_ms > now || start(f, c) == OK)
			continue;
		log_error("child.failed", "role=%s index=%u why=\"%s\"", role_name(c->role),
			  c->index, failure_text());
		if (c->pid)
			kill(c->pid, SIGKILL); /* half joined: family_reap plans its return */
		else
			family_plan_return(c, EXIT_FAILURE, now);
		TRY(give_up(f, c));
	}
	return OK;
}

int family_wait_ms(const struct family *f)
{
	int64_t now = clock_monotonic_ms();
	int64_t least = -1;

	for (size_t i = 0; i < f->count; i++) {
		const struct child *c = &f->children[i];
		bool is_closed = c->pid && c->end_by_ms;
		int64_t left = (is_closed ? c->end_by_ms : c->start_at_ms) - now;

		if (c->state != CHILD_WAITING && !is_closed)
			continue;
		left = left < 0 ? 0 : left;
		least = least < 0 || left < least ? left : least;
	}
	return (int)least;
}

size_t family_list(const struct family *f, struct pollfd *out)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		if (f->children[i].control.fd >= 0)
			out[count++] = (struct pollfd){.fd = f->children[i].control.fd,
						       .events = POLLIN};
	return count;
}

static struct child *find_child(struct family *f, enum role role, unsigned index)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->children[i].role == role && f->children[i].index == index)
			return &f->children[i];
	return NULL;
}

/* Ended, not joined afresh: who breaks the table is broken or taken over, and a second channel
 * would be a second try. */
static void end_accused(struct family *f, const struct child *by, struct slice body)
{
	struct wire_peer who;
	const struct child *accused;

	if (wire_read_peer(&who, body) != OK || !wire_may_speak(by->role, who.role))
		return;
	accused = find_child(f, who.role, who.index);
	if (!accused || !accused->pid)
		return;
	log_warn("child.accused", "role=%s index=%u by=%s.%u", role_name(accused->role),
		 accused->index, role_name(by->role), by->index);
	kill(accused->pid, SIGKILL); /* family_reap plans its return */
}

static void take_word(struct family *f, struct child *c, const struct frame *frame)
{
	if (frame->type == WIRE_AT_WORK) {
		cores_hear(f, c, frame->body);
		return;
	}
	if (frame->type == WIRE_PEER_REFUSED) {
		end_accused(f, c, frame->body);
		return;
	}
	log_info("child.ready", "role=%s index=%u", role_name(c->role), c->index);
	c->state = CHILD_RUNNING;
	c->failures = 0;
}

/* READY, PEER_REFUSED and (an engine) AT_WORK are all a child may say. Its silence for good is seen
 * by its exit; a child that breaks the rules, or closes its channel and stays, is ended. */
void family_receive(struct family *f, int fd)
{
	for (size_t i = 0; i < f->count; i++) {
		struct child *c = &f->children[i];
		struct frame frame;
		enum err result;

		if (fd < 0 || c->control.fd != fd)
			continue;
		result = channel_receive(&c->control, f->inbox, &frame, 0);
		if (result == ERR_TIMEOUT)
			return;
		if (result == OK) {
			take_word(f, c, &frame);
			return;
		}
		channel_close(&c->control);
		if (c->pid && result == ERR_CLOSED) { /* an engine gives back much memory */
			c->end_by_ms = clock_monotonic_ms() + FAMILY_CLOSED_MS;
			return;
		}
		log_warn("child.refused", "role=%s index=%u why=\"%s\"", role_name(c->role),
			 c->index, failure_text());
		if (c->pid)
			kill(c->pid, SIGKILL);
		return;
	}
}

static void log_exit(const struct child *c, int status)
{
	if (WIFSIGNALED(status))
		log_warn("child.killed", "role=%s index=%u signal=%d%s", role_name(c->role),
			 c->index, WTERMSIG(status),
			 WTERMSIG(status) == SIGSYS ? " why=\"a forbidden system call\"" : "");
	else
		log_info("child.exited", "role=%s index=%u status=%d", role_name(c->role), c->index,
			 WEXITSTATUS(status));
}

static void tell_gone(struct family *f, struct child *gone)
{
	cores_gone(f, gone);
	for (size_t i = 0; i < f->count; i++) {
		const struct child *other = &f->children[i];

		if (other == gone || !is_alive(other) || !wire_may_speak(gone->role, other->role))
			continue;
		if (send_peer(other, gone, WIRE_PEER_GONE, -1) != OK)
			log_warn("child.deaf", "role=%s index=%u why=\"%s\"",
				 role_name(other->role), other->index, failure_text());
	}
}

static struct child *find_pid(struct family *f, pid_t pid)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->children[i].pid == pid)
			return &f->children[i];
	return NULL;
}

enum err family_reap(struct family *f)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *c = find_pid(f, pid);

		if (!c)
			continue;
		family_receive(f, c->control.fd); /* a READY it said just before */
		c->pid = 0;
		channel_close(&c->control);
		log_exit(c, status);
		if (c->role == ROLE_EDGE)
			listeners_pause(f->listeners, c->index);
		family_plan_return(c, status, clock_monotonic_ms());
		tell_gone(f, c);
		TRY(give_up(f, c));
	}
	return OK;
}

bool family_became_ready(struct family *f)
{
	if (f->was_ready)
		return false;
	for (size_t i = 0; i < f->count; i++)
		if (f->children[i].state != CHILD_RUNNING)
			return false;
	f->was_ready = true;
	return true;
}

static bool wanted(const struct child *c, bool edge)
{
	return c->pid != 0 && (c->role == ROLE_EDGE) == edge;
}

static size_t collect(struct family *f, bool edge)
{
	size_t left = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *c = find_pid(f, pid);

		if (!c)
			continue;
		c->pid = 0;
		c->state = CHILD_GONE;
		channel_close(&c->control);
		log_exit(c, status);
	}
	for (size_t i = 0; i < f->count; i++)
		left += wanted(&f->children[i], edge);
	return left;
}

/* Asks either the edges or the others, waits, kills what is left, and waits for that. */
static void stop_some(struct family *f, bool edge, int64_t timeout_ms)
{
	int64_t deadline = clock_monotonic_ms() + timeout_ms;

	for (size_t i = 0; i < f->count; i++)
		if (wanted(&f->children[i], edge) &&
		    channel_send(&f->children[i].control, WIRE_STOP, 0, slice_of(NULL, 0), -1) !=
			    OK)
			kill(f->children[i].pid, SIGKILL);
	while (collect(f, edge) > 0) {
		if (clock_monotonic_ms() < deadline) {
			poll(NULL, 0, STOP_STEP_MS);
			continue;
		}
		for (size_t i = 0; i < f->count; i++) {
			if (!wanted(&f->children[i], edge))
				continue;
			log_warn("child.stubborn", "role=%s index=%u",
				 role_name(f->children[i].role), f->children[i].index);
			kill(f->children[i].pid, SIGKILL);
		}
		deadline = clock_monotonic_ms() + timeout_ms;
	}
}

void family_stop(struct family *f)
{
	stop_some(f, true, f->settings->drain_seconds * 1000 + FAMILY_STOP_SPARE_MS);
	stop_some(f, false, STOP_MS);
}
