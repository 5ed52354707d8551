/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a real process of the family under test: started as the supervisor starts it, in a
 * data directory of its own, with this program at the other end of its channels.
 */
#ifndef TESTS_UNIT_GATEWAY_KEEPER_CHILD_H
#define TESTS_UNIT_GATEWAY_KEEPER_CHILD_H

#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/channel.h"
#include "schema/wire/control.h"

enum { CHILD_UID_BASE = 61200, CHILD_WAIT_MS = 60 * 1000 };

struct child {
	char path[64]; /* of the data directory */
	char config[96];
	enum role role;
	pid_t pid;
	struct channel control;
	struct channel_inbox inbox;
};

static inline void child_directory(struct child *c, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", c->path, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* As root each role runs as a user of its own, which then owns its directory. */
static inline void child_own(const struct child *c, const char *name)
{
	char command[256];
	pid_t pid;
	int status;

	if (geteuid() != 0)
		return;
	snprintf(command, sizeof command, "%s/%s", c->path, name);
	pid = fork();
	if (pid == 0) {
		char owner[32];

		snprintf(owner, sizeof owner, "%d:%d", CHILD_UID_BASE + (int)c->role,
			 CHILD_UID_BASE + (int)c->role);
		execlp("chown", "chown", "-R", owner, command, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline void child_prepare(struct child *c, enum role role)
{
	FILE *file;

	memset(c, 0, sizeof *c);
	snprintf(c->path, sizeof c->path, "/tmp/sallyport-child-XXXXXX");
	assert_non_null(mkdtemp(c->path));
	c->role = role;
	snprintf(c->config, sizeof c->config, "%s/sallyport.ini", c->path);
	file = fopen(c->config, "w");
	assert_non_null(file);
	fprintf(file,
		"[gateway]\ndata_dir = %s\norigin = test/log\nexternal_url = https://test\n"
		"tls_certificate = /none\ntls_key = /none\nuid_base = %d\nengine_threads = 1\n"
		"log_level = warn\n[database]\nhost = /none\n",
		c->path, CHILD_UID_BASE);
	fclose(file);
}

static inline void child_exec(const struct child *c, int control)
{
	char program[512];

	snprintf(program, sizeof program, SALLYPORT_BIN "/sallyport-%s", role_name(c->role));
	if (control == 3)
		fcntl(3, F_SETFD, 0);
	else
		dup2(control, 3);
	execl(program, program, "--config", c->config, (char *)NULL);
	_exit(127);
}

static inline void child_start(struct child *c)
{
	struct frame frame;
	int pair[2];

	assert_ok(channel_pair(pair));
	c->pid = fork();
	if (c->pid == 0)
		child_exec(c, pair[1]);
	close(pair[1]);
	c->control = (struct channel){pair[0], ROLE_SUPERVISOR, c->role, 0};
	assert_ok(channel_receive(&c->control, &c->inbox, &frame, CHILD_WAIT_MS));
	assert_int_equal(frame.type, WIRE_READY);
}

/* This program becomes that peer of the child. */
static inline struct channel child_join(struct child *c, enum role role, unsigned index)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	int pair[2];

	assert_ok(channel_pair(pair));
	wire_write_peer(&body, &(struct wire_peer){role, (uint8_t)index});
	assert_ok(channel_send(&c->control, WIRE_PEER, 0, buf_slice(&body), pair[1]));
	close(pair[1]);
	return (struct channel){pair[0], role, c->role, 0};
}

static inline void child_send(const struct channel *to, enum wire_type type, uint32_t call,
			      const struct buf *body, int fd)
{
	assert_ok(buf_done(body));
	assert_ok(channel_send(to, type, call, buf_slice(body), fd));
}

/* The next frame; its body lives until the next one. */
/* How far a load is comes as often as it likes. */
static inline struct frame child_receive(struct child *c, const struct channel *from)
{
	struct frame frame = {0};

	do
		assert_ok(channel_receive(from, &c->inbox, &frame, CHILD_WAIT_MS));
	while (frame.type == WIRE_ENGINE_LOADING);
	return frame;
}

static inline void child_expect(struct child *c, const struct channel *from, enum wire_type type,
				struct frame *out)
{
	struct wire_fail fail;

	*out = child_receive(c, from);
	if (out->type == WIRE_FAIL && wire_read_fail(&fail, out->body) == OK)
		fail_msg("FAIL %s: %.*s", err_name(fail.kind), SLICE_PRINT(fail.text));
	assert_string_equal(wire_name(out->type), wire_name(type));
}

static inline void child_expect_fail(struct child *c, const struct channel *from, enum err kind)
{
	struct frame frame = child_receive(c, from);
	struct wire_fail fail;

	assert_string_equal(wire_name(frame.type), "FAIL");
	assert_ok(wire_read_fail(&fail, frame.body));
	assert_string_equal(err_name(fail.kind), err_name(kind));
}

static inline int child_wait(struct child *c)
{
	int status = -1;

	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	channel_close(&c->control);
	return status;
}

static inline void child_stop(struct child *c)
{
	assert_ok(channel_send(&c->control, WIRE_STOP, 0, slice_of(NULL, 0), -1));
	assert_int_equal(child_wait(c), 0);
}

static inline void child_remove(const struct child *c)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", c->path, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

#endif
