/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* O_PATH */
#include "gateway/supervisor/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gateway/proc/channel.h"
#include "gateway/proc/process.h"

enum { EXIT_NO_PROGRAM = 127 };

/* Between fork and exec: only calls that are safe there. */
static void become(int program, char *const arguments[], int control, pid_t parent)
{
	static char language[] = "LC_ALL=C.UTF-8";
	static char zone[] = "TZ=UTC";
	char *environment[] = {language, zone, NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent || dup2(control, PROCESS_CONTROL_FD) < 0)
		_exit(EXIT_NO_PROGRAM);
	fexecve(program, arguments, environment);
	_exit(EXIT_NO_PROGRAM);
}

enum err spawn_open_program(int *out, const char *directory, enum role role)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/sallyport-%s", directory, role_name(role));
	*out = open(path, O_PATH | O_CLOEXEC);
	if (*out < 0)
		return failure_errno("program \"%s\": cannot be opened", path);
	return OK;
}

enum err spawn_child(pid_t *out_pid, int *out_control, int program, const char *config_path,
		     enum role role, unsigned index)
{
	static char config_option[] = "--config";
	static char index_option[] = "--index";
	char name[32];
	char config[PATH_MAX];
	char number[16];
	char *arguments[] = {name, config_option, config, index_option, number, NULL};
	int pair[2];
	pid_t parent = getpid();
	pid_t pid;

	snprintf(name, sizeof name, "sallyport-%s", role_name(role));
	snprintf(config, sizeof config, "%s", config_path);
	snprintf(number, sizeof number, "%u", index);
	TRY(channel_pair(pair));
	pid = fork();
	if (pid == 0)
		become(program, arguments, pair[1], parent);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return failure_errno("the %s cannot be started", role_name(role));
	}
	*out_pid = pid;
	*out_control = pair[0];
	return OK;
}
