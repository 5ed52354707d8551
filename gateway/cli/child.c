/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pipe2, close_range */
#include "gateway/cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"

enum { EXIT_NOT_STARTED = 127, CHILD_POLL_MS = 20 };

struct child_plan child_plan_of(const char *const *arguments)
{
	return (struct child_plan){.arguments = arguments, .output = -1, .error = -1, .extra = -1};
}

/* Out of the way of the numbers that are given out below. */
static int raised(int fd)
{
	return fd < 0 ? fd : fcntl(fd, F_DUPFD, 16);
}

static bool place(int from, int to)
{
	return from < 0 || dup2(from, to) >= 0;
}

static bool become(const struct child_plan *plan)
{
	if (!plan->other_user)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(plan->gid, plan->gid, plan->gid) == 0 &&
	       setresuid(plan->uid, plan->uid, plan->uid) == 0;
}

/* Between fork and exec: only calls that are safe there. */
static void exec_child(const struct child_plan *plan, pid_t parent)
{
	static char language[] = "LC_ALL=C.UTF-8";
	static char zone[] = "TZ=UTC";
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = {language, zone, path, NULL};
	int null = raised(open("/dev/null", O_RDONLY));
	int output = raised(plan->output);
	int error = plan->error >= 0 ? raised(plan->error) : output;
	int extra = raised(plan->extra);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	setpgid(0, 0);
	if (!place(extra, CHILD_EXTRA_FD) || !place(null, STDIN_FILENO) ||
	    !place(output, STDOUT_FILENO) || !place(error, STDERR_FILENO))
		_exit(EXIT_NOT_STARTED);
	close_range(extra >= 0 ? CHILD_EXTRA_FD + 1 : CHILD_EXTRA_FD, ~0U, 0);
	if (!become(plan))
		_exit(EXIT_NOT_STARTED);
	if (plan->death_signal)
		prctl(PR_SET_PDEATHSIG, plan->death_signal, 0, 0, 0);
	if (getppid() != parent)
		_exit(EXIT_NOT_STARTED);
	/* execve leaves the texts alone, whatever its type says */
	execve(plan->arguments[0], (char *const *)(uintptr_t)plan->arguments, environment);
	_exit(EXIT_NOT_STARTED);
}

enum err child_start(pid_t *out, const struct child_plan *plan)
{
	pid_t parent = getpid();
	pid_t pid;

	if (access(plan->arguments[0], X_OK) != 0)
		return failure_errno("program \"%s\" cannot be run", plan->arguments[0]);
	pid = fork();
	if (pid == 0)
		exec_child(plan, parent);
	if (pid < 0)
		return failure_errno("\"%s\" cannot be started", plan->arguments[0]);
	*out = pid;
	return OK;
}

static int code_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static enum err wait_for(pid_t pid, int *code)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failure_errno("process %d cannot be waited for", (int)pid);
	*code = code_of(status);
	return OK;
}

bool child_has_ended(pid_t *pid, int *code)
{
	int status = 0;
	pid_t got = waitpid(*pid, &status, WNOHANG);

	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	*code = got < 0 ? EXIT_NOT_STARTED : code_of(status);
	*pid = 0;
	return true;
}

void child_stop(pid_t *pid, int signal, int wait_ms)
{
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	int code;

	if (*pid <= 0)
		return;
	kill(*pid, signal);
	while (clock_monotonic_ms() < deadline) {
		if (child_has_ended(pid, &code))
			return;
		poll(NULL, 0, CHILD_POLL_MS);
	}
	kill(-*pid, SIGKILL);
	if (wait_for(*pid, &code) != OK)
		return;
	*pid = 0;
}

/* True while there may be more. What passes the ceiling is read and dropped. */
static bool drain(int fd, struct buf *out)
{
	uint8_t piece[4096];
	ssize_t got = read(fd, piece, sizeof piece);

	if (got > 0)
		buf_write(out, slice_of(piece, (size_t)got));
	return got > 0 || (got < 0 && errno == EINTR);
}

static void drain_both(int out_fd, struct buf *out, int error_fd, struct buf *error)
{
	struct pollfd polled[2] = {{out_fd, POLLIN, 0}, {error_fd, POLLIN, 0}};

	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return;
		if (polled[0].revents && !drain(out_fd, out))
			polled[0].fd = -1;
		if (polled[1].revents && !drain(error_fd, error))
			polled[1].fd = -1;
	}
}

static struct slice last_line(struct slice text)
{
	while (text.size && text.data[text.size - 1] <= ' ')
		text.size--;
	for (size_t i = text.size; i > 0; i--)
		if (text.data[i - 1] == '\n')
			return slice_part(text, i, text.size);
	return text;
}

static void close_pair(int (*pair)[2])
{
	file_close(&(*pair)[0]);
	file_close(&(*pair)[1]);
}

static void close_end(int *end)
{
	file_close(end);
	*end = -1;
}

enum err child_run(struct buf *output, const struct child_plan *plan)
{
	AUTO(buf_free) struct buf error = buf_new(CHILD_MAX_OUTPUT);
	AUTO(close_pair) int out_pipe[2] = {-1, -1};
	AUTO(close_pair) int error_pipe[2] = {-1, -1};
	struct child_plan piped = *plan;
	int code = 0;
	pid_t pid;

	if (pipe2(out_pipe, O_CLOEXEC) != 0 || pipe2(error_pipe, O_CLOEXEC) != 0)
		return failure_errno("no pipe");
	piped.output = out_pipe[1];
	piped.error = error_pipe[1];
	TRY(child_start(&pid, &piped));
	close_end(&out_pipe[1]);
	close_end(&error_pipe[1]);
	drain_both(out_pipe[0], output, error_pipe[0], &error);
	TRY(wait_for(pid, &code));
	TRY(buf_done(output));
	if (code != 0)
		return failure(ERR_INTERNAL, "%s ended with %d: %.*s", plan->arguments[0], code,
			       SLICE_PRINT(last_line(buf_slice(&error))));
	return OK;
}

enum err child_own_folder(char *out, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", out, size - 1);
	char *slash;

	if (length < 0 || (size_t)length >= size - 1)
		return failure_errno("our own program cannot be found");
	out[length] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	return OK;
}
