/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_family.c - the real sallyportd with stand-ins for its children: they come up confined,
 * reach each other, come back when killed with fresh channels for their peers, and are all gone
 * after a stop, or after the supervisor itself was killed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "tests/unit/test.h"

enum { PATIENCE_MS = 30000, STEP_MS = 20, PATH_SIZE = 256, CHILDREN = 8, ORDINARY_USER = 65534 };

struct gateway {
	char directory[PATH_SIZE];
	pid_t pid;
	unsigned port;
};

static unsigned free_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof any;
	AUTO(file_close) int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&any, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
	return ntohs(any.sin_port);
}

static void write_config(const struct gateway *g, const char *extra)
{
	AUTO(buf_free) struct buf text = buf_new(4096);
	char path[PATH_SIZE + 16];

	buf_printf(&text,
		   "[gateway]\ndata_dir = %s/data\nlisten = 127.0.0.1:%u\norigin = test/log\n"
		   "external_url = https://test\ntls_certificate = /none\ntls_key = /none\n"
		   "drain_seconds = 2\n%s[database]\nhost = /none\n",
		   g->directory, g->port, extra);
	snprintf(path, sizeof path, "%s/config.ini", g->directory);
	assert_ok(file_write_atomic(AT_FDCWD, path, buf_slice(&text), 0644));
}

static void prepare(struct gateway *g, const char *extra)
{
	snprintf(g->directory, sizeof g->directory, "/tmp/sallyport-family-XXXXXX");
	assert_non_null(mkdtemp(g->directory));
	g->port = free_port();
	write_config(g, extra);
}

/* Starts it and waits for its line; false if it went away instead. */
static bool start(struct gateway *g)
{
	char config[PATH_SIZE + 16];
	char number[16];
	char line[16];
	int ready[2];
	ssize_t got;

	snprintf(config, sizeof config, "%s/config.ini", g->directory);
	assert_int_equal(pipe(ready), 0);
	snprintf(number, sizeof number, "%d", ready[1]);
	g->pid = fork();
	if (g->pid == 0) {
		close(ready[0]);
		prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		execl(getenv("SALLYPORT_DAEMON"), "sallyportd", "--config", config, "--ready-fd",
		      number, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	got = read(ready[0], line, sizeof line);
	close(ready[0]);
	return got == 8 && memcmp(line, "READY=1\n", 8) == 0;
}

/* The ids of the processes whose parent is `parent`, or whose command names our config. */
static unsigned count_processes(const struct gateway *g, pid_t *out, unsigned most)
{
	DIR *list = opendir("/proc");
	unsigned count = 0;

	for (const struct dirent *e = readdir(list); e; e = readdir(list)) {
		AUTO(buf_free) struct buf line = buf_new(8192);
		char path[300];
		uint64_t pid;

		snprintf(path, sizeof path, "/proc/%s/cmdline", e->d_name);
		if (!slice_to_u64(slice_of_string(e->d_name), INT32_MAX, &pid) ||
		    file_read(&line, AT_FDCWD, path) != OK)
			continue;
		if ((pid_t)pid == g->pid ||
		    !memmem(line.data, line.size, g->directory, strlen(g->directory)))
			continue;
		if (count < most)
			out[count] = (pid_t)pid;
		count++;
	}
	closedir(list);
	return count;
}

static bool ask(const struct gateway *g, unsigned *scribe, unsigned *keeper)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)g->port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	AUTO(file_close) int fd = socket(AF_INET, SOCK_STREAM, 0);
	char line[64] = "";
	struct slice first;
	struct slice rest;
	uint64_t a = 0;
	uint64_t b = 0;

	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
	    recv(fd, line, sizeof line - 1, MSG_WAITALL) <= 0)
		return false;
	if (!slice_cut(slice_of_string(line), ' ', &first, &rest) ||
	    !slice_to_u64(first, UINT32_MAX, &a) ||
	    !slice_to_u64(slice_part(rest, 0, rest.size - 1), UINT32_MAX, &b))
		return false;
	*scribe = (unsigned)a;
	*keeper = (unsigned)b;
	return true;
}

/* Until the family answers with a keeper and a scribe other than these. */
static bool ask_until_fresh(const struct gateway *g, unsigned old_scribe, unsigned old_keeper,
			    unsigned *scribe, unsigned *keeper)
{
	int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;

	while (clock_monotonic_ms() < deadline) {
		if (ask(g, scribe, keeper) && *scribe != old_scribe && *keeper != old_keeper)
			return true;
		poll(NULL, 0, STEP_MS);
	}
	return false;
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *at)
{
	(void)s;
	(void)type;
	(void)at;
	return remove(path);
}

static int stop(struct gateway *g, int signal)
{
	int status;

	kill(g->pid, signal);
	assert_int_equal(waitpid(g->pid, &status, 0), g->pid);
	return status;
}

static void clean(struct gateway *g)
{
	assert_int_equal(nftw(g->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void the_family_comes_up_and_a_stop_leaves_nothing(void **state)
{
	struct gateway g;
	unsigned scribe;
	unsigned keeper;

	(void)state;
	prepare(&g, "");
	assert_true(start(&g));
	assert_int_equal(count_processes(&g, NULL, 0), CHILDREN);
	assert_true(ask_until_fresh(&g, 0, 0, &scribe, &keeper));
	assert_int_equal(stop(&g, SIGTERM), 0);
	assert_int_equal(count_processes(&g, NULL, 0), 0);
	clean(&g);
}

static void a_killed_child_comes_back_and_its_peers_reach_it(void **state)
{
	struct gateway g;
	unsigned scribe;
	unsigned keeper;
	unsigned fresh_scribe;
	unsigned fresh_keeper;

	(void)state;
	prepare(&g, "");
	assert_true(start(&g));
	assert_true(ask_until_fresh(&g, 0, 0, &scribe, &keeper));
	kill((pid_t)keeper, SIGKILL);
	assert_true(ask_until_fresh(&g, 0, keeper, &fresh_scribe, &fresh_keeper));
	assert_int_equal(fresh_scribe, scribe); /* the rest went on */
	kill((pid_t)scribe, SIGKILL);
	assert_true(ask_until_fresh(&g, scribe, 0, &fresh_scribe, &keeper));
	assert_int_equal(keeper, fresh_keeper);
	assert_int_equal(stop(&g, SIGINT), 0);
	assert_int_equal(count_processes(&g, NULL, 0), 0);
	clean(&g);
}

/* The edge hears the mad scribe, the scribe the mad keeper; each tells the supervisor. */
static void a_child_that_breaks_the_message_table_is_started_anew(void **state)
{
	struct gateway g;
	unsigned scribe;
	unsigned keeper;
	unsigned fresh_scribe;
	unsigned fresh_keeper;

	(void)state;
	prepare(&g, "");
	assert_true(start(&g));
	assert_true(ask_until_fresh(&g, 0, 0, &scribe, &keeper));
	kill((pid_t)scribe, SIGUSR1);
	assert_true(ask_until_fresh(&g, scribe, 0, &fresh_scribe, &fresh_keeper));
	assert_int_equal(fresh_keeper, keeper);
	kill((pid_t)keeper, SIGUSR1);
	assert_true(ask_until_fresh(&g, 0, keeper, &scribe, &fresh_keeper));
	assert_int_equal(scribe, fresh_scribe);
	assert_int_equal(stop(&g, SIGTERM), 0);
	assert_int_equal(count_processes(&g, NULL, 0), 0);
	clean(&g);
}

static void every_child_may_die_at_once(void **state)
{
	struct gateway g;
	pid_t children[CHILDREN];
	unsigned scribe;
	unsigned keeper;

	(void)state;
	prepare(&g, "");
	assert_true(start(&g));
	assert_int_equal(count_processes(&g, children, CHILDREN), CHILDREN);
	assert_true(ask_until_fresh(&g, 0, 0, &scribe, &keeper));
	for (unsigned i = 0; i < CHILDREN; i++)
		kill(children[i], SIGKILL);
	assert_true(ask_until_fresh(&g, scribe, keeper, &scribe, &keeper));
	assert_int_equal(stop(&g, SIGTERM), 0);
	assert_int_equal(count_processes(&g, NULL, 0), 0);
	clean(&g);
}

static void a_stopped_child_does_not_keep_the_gateway_from_stopping(void **state)
{
	struct gateway g;
	unsigned scribe;
	unsigned keeper;

	(void)state;
	prepare(&g, "");
	assert_true(start(&g));
	assert_true(ask_until_fresh(&g, 0, 0, &scribe, &keeper));
	kill((pid_t)keeper, SIGSTOP);
	assert_int_equal(stop(&g, SIGTERM), 0);
	assert_int_equal(count_processes(&g, NULL, 0), 0);
	clean(&g);
}

static void children_do_not_outlive_a_killed_supervisor(void **state)
{
	struct gateway g;
	int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;

	(void)state;
	prepare(&g, "");
	assert_true(start(&g));
	assert_int_equal(stop(&g, SIGKILL), SIGKILL);
	while (count_processes(&g, NULL, 0) > 0 && clock_monotonic_ms() < deadline)
		poll(NULL, 0, STEP_MS);
	assert_int_equal(count_processes(&g, NULL, 0), 0);
	clean(&g);
}

static void a_wrong_setting_stops_the_start(void **state)
{
	struct gateway g;
	int status;

	(void)state;
	prepare(&g, "porters = 99\n");
	assert_false(start(&g));
	assert_int_equal(waitpid(g.pid, &status, 0), g.pid);
	assert_int_equal(WEXITSTATUS(status), 1);
	clean(&g);
}

static int run_all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_family_comes_up_and_a_stop_leaves_nothing),
		cmocka_unit_test(a_killed_child_comes_back_and_its_peers_reach_it),
		cmocka_unit_test(a_child_that_breaks_the_message_table_is_started_anew),
		cmocka_unit_test(every_child_may_die_at_once),
		cmocka_unit_test(a_stopped_child_does_not_keep_the_gateway_from_stopping),
		cmocka_unit_test(children_do_not_outlive_a_killed_supervisor),
		cmocka_unit_test(a_wrong_setting_stops_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* As root the same again as an ordinary user, who has no other ids to give to the children. */
int main(void)
{
	int failed = run_all();
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		return failed;
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 ||
		    setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) != 0 ||
		    setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) != 0)
			_exit(1);
		if (access(getenv("SALLYPORT_DAEMON"), X_OK) == 0)
			_exit(run_all());
		print_message("skipped: an ordinary user cannot reach the build directory\n");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return failed + WEXITSTATUS(status) + WIFSIGNALED(status);
}
