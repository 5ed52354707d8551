/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - sallyportd: binds the listeners, starts the family, restarts who falls, and stops all
 * of them in order. It reads no foreign byte: settings at its start, READY and PEER_REFUSED from
 * its children.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/privilege.h"
#include "gateway/proc/sandbox.h"
#include "gateway/supervisor/datadir.h"
#include "gateway/supervisor/family.h"
#include "gateway/supervisor/listener.h"
#include "gateway/supervisor/notify.h"

struct arguments {
	char config[PATH_MAX]; /* absolute */
	int ready_fd;
	bool wants_manual;
};

static enum err usage(void)
{
	return failure(ERR_FORMAT, "usage: sallyportd --config FILE [--ready-fd N] | --settings");
}

static enum err read_arguments(struct arguments *out, int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"ready-fd", required_argument, NULL, 'r'},
						{"settings", no_argument, NULL, 's'},
						{0}};
	uint64_t number = 0;
	int letter;

	*out = (struct arguments){.ready_fd = -1};
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 's')
			out->wants_manual = true;
		else if (letter == 'c' && !realpath(optarg, out->config))
			return failure_errno("settings \"%s\"", optarg);
		else if (letter == 'r' && slice_to_u64(slice_of_string(optarg), 1023, &number))
			out->ready_fd = (int)number;
		else if (letter != 'c')
			return usage();
	}
	if (optind != argc || (!out->config[0] && !out->wants_manual))
		return usage();
	return OK;
}

/* The directory our own binary lies in: the children lie beside it. */
static enum err find_programs(char out[PATH_MAX])
{
	ssize_t size = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (size < 0)
		return failure_errno("our own program cannot be found");
	out[size] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	return OK;
}

/* Children inherit what is open below 3 only: their standard input is empty. */
static enum err empty_input(void)
{
	AUTO(file_close) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return failure_errno("/dev/null cannot be opened");
	return OK;
}

static enum err open_signals(int *out)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return failure_errno("signals cannot be blocked");
	*out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*out < 0)
		return failure_errno("no signalfd");
	return OK;
}

/* True when we are asked to stop. Children that ended are found by family_reap anyway. */
static bool take_signals(int fd)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			stop = true;
	return stop;
}

static enum err supervise(struct family *f, int signals, int ready_fd)
{
	struct pollfd polled[FAMILY_MAX + 1];

	for (;;) {
		size_t count;

		TRY(family_start_due(f));
		if (family_became_ready(f)) {
			log_info("gateway.ready", "listen=%s", f->settings->listen);
			notify_ready(ready_fd);
		}
		count = family_list(f, polled);
		polled[count] = (struct pollfd){.fd = signals, .events = POLLIN};
		if (poll(polled, count + 1, family_wait_ms(f)) < 0 && errno != EINTR)
			return failure_errno("cannot wait");
		for (size_t i = 0; i < count; i++)
			if (polled[i].revents)
				family_receive(f, polled[i].fd);
		if (take_signals(signals))
			return OK;
		TRY(family_reap(f));
	}
}

/* Before capabilities go. What is missing is said, or refused if strict. */
static enum err confine(const struct settings *s)
{
	enum err result = sandbox_restrict_family(privilege_is_root());

	if (!privilege_is_root())
		log_warn("sandbox.partial", "part=users why=\"%s\"",
			 "started by an ordinary user: all processes run as that user, and stand "
			 "apart by namespaces, Landlock and seccomp only");
	if (result != ERR_UNSUPPORTED || s->strict)
		return result;
	log_warn("sandbox.partial", "part=seccomp why=\"%s\"", failure_text());
	return OK;
}

static enum err run(const struct arguments *arguments, const struct settings *s)
{
	AUTO(listeners_close) struct listeners listeners = {0};
	AUTO(file_close) int signals = -1;
	char programs[PATH_MAX];
	char why[FAILURE_MAX_TEXT];
	struct family family;
	enum err result;

	TRY(privilege_harden());
	TRY(find_programs(programs));
	TRY(empty_input());
	TRY(listeners_open(&listeners, s->listen, (unsigned)s->edges));
	TRY(datadir_prepare(s));
	TRY(open_signals(&signals));
	result = family_init(&family, s, arguments->config, programs, &listeners);
	if (result == OK)
		result = confine(s);
	if (result == OK)
		result = privilege_keep_supervisor();
	if (result == OK)
		result = supervise(&family, signals, arguments->ready_fd);
	snprintf(why, sizeof why, "%s", result == OK ? "asked to" : failure_text());
	log_info("gateway.stopping", "why=\"%s\"", why);
	family_stop(&family);
	family_clear(&family);
	return result == OK ? OK : failure(result, "%s", why);
}

static enum err print_settings(void)
{
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);

	settings_manual(&text);
	TRY(buf_done(&text));
	return file_write_all(STDOUT_FILENO, buf_slice(&text));
}

static enum err start(int argc, char **argv)
{
	static struct settings settings;
	struct arguments arguments;

	TRY(read_arguments(&arguments, argc, argv));
	if (arguments.wants_manual)
		return print_settings();
	TRY(settings_read(&settings, arguments.config));
	log_start(role_name(ROLE_SUPERVISOR), settings_log_level(&settings));
	return run(&arguments, &settings);
}

int main(int argc, char **argv)
{
	log_start(role_name(ROLE_SUPERVISOR), LOG_LEVEL_INFO);
	if (start(argc, argv) == OK)
		return 0;
	log_error("gateway.failed", "why=\"%s\"", failure_text());
	return 1;
}
