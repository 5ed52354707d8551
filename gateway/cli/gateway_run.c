/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pipe2 */
#include "gateway/cli/gateway_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "gateway/cli/child.h"

enum { START_MS = 60000, STOP_MS = 30000, POLL_MS = 100, TAIL_BYTES = 400 };

/* The end of the log: what an operator would look at first. */
static enum err failed(const char *what, const char *log)
{
	AUTO(buf_free) struct buf text = buf_new(CLIENT_MAX_BODY);
	struct slice tail = S("");

	if (file_read(&text, AT_FDCWD, log) == OK && text.size > 0) {
		size_t from = text.size > TAIL_BYTES ? text.size - TAIL_BYTES : 0;

		tail = slice_part(buf_slice(&text), from, TAIL_BYTES);
	}
	return failure(ERR_UNAVAILABLE, "%s; all it said is in %s, at the end:\n%.*s", what, log,
		       SLICE_PRINT(tail));
}

static enum err await_line(int fd, pid_t *gateway, const char *log)
{
	int64_t deadline = clock_monotonic_ms() + START_MS;
	int code;
	char byte;

	while (clock_monotonic_ms() < deadline) {
		struct pollfd polled = {fd, POLLIN, 0};

		if (child_has_ended(gateway, &code))
			return failed("the gateway did not start", log);
		if (poll(&polled, 1, POLL_MS) > 0 && read(fd, &byte, 1) == 1)
			return OK;
	}
	return failed("the gateway was not ready in time", log);
}

enum err gateway_run_start(pid_t *out, const char *config, const char *log)
{
	char folder[PATH_MAX];
	char program[PATH_MAX + 16];
	char number[8];
	const char *const arguments[] = {program, "--config", config, "--ready-fd", number, NULL};
	struct child_plan plan = child_plan_of(arguments);
	AUTO(file_close) int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	AUTO(file_close) int reading = -1;
	int pair[2];
	enum err result;

	if (output < 0 || pipe2(pair, O_CLOEXEC) != 0)
		return failure_errno("\"%s\" cannot be opened", log);
	reading = pair[0];
	snprintf(number, sizeof number, "%d", CHILD_EXTRA_FD);
	plan.output = output;
	plan.extra = pair[1];
	plan.death_signal = SIGTERM;
	result = child_own_folder(folder, sizeof folder);
	snprintf(program, sizeof program, "%s/sallyportd", folder);
	if (result == OK)
		result = child_start(out, &plan);
	file_close(&pair[1]);
	TRY(result);
	result = await_line(reading, out, log);
	if (result != OK) {
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		gateway_run_stop(out);
		return failure(result, "%s", why);
	}
	return OK;
}

enum err gateway_run_await(struct client *c, pid_t *gateway, const char *log)
{
	int64_t deadline = clock_monotonic_ms() + START_MS;
	int code;

	for (;;) {
		if (client_call(c, NULL, "GET", "/readyz", NULL) == OK)
			return OK;
		if (child_has_ended(gateway, &code))
			return failed("the gateway ended", log);
		if (clock_monotonic_ms() > deadline)
			return failed("the gateway does not become ready", log);
		poll(NULL, 0, POLL_MS);
	}
}

void gateway_run_stop(pid_t *gateway)
{
	child_stop(gateway, SIGTERM, STOP_MS);
}
