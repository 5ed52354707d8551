/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "tests/unit/test.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/proc/landlock.h"
#include "gateway/proc/privilege.h"
#include "gateway/proc/sandbox.h"

enum { ORDINARY_USER = 65534, DATABASE_PORT = 5432 };

static void an_old_kernel_is_told_by_what_it_lacks(void **state)
{
	static const struct {
		int abi;
		uint16_t port;
		const char *said; /* NULL: nothing is missing */
		const char *why;
	} rows[] = {
		{0, 0, "does not offer", "none, or switched off"},
		{0, DATABASE_PORT, "does not offer", "the larger lack is told"},
		{1, 0, "ABI 2", "a rename between directories is refused always"},
		{2, 0, NULL, "Debian 12's own kernel, a database behind a socket file"},
		{3, 0, NULL, ""},
		{2, DATABASE_PORT, "ABI 4", "a database behind TCP"},
		{3, DATABASE_PORT, "ABI 4", ""},
		{4, DATABASE_PORT, NULL, ""},
		{6, 0, NULL, ""},
		{99, DATABASE_PORT, NULL, "kernels to come"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *said = landlock_missing(rows[i].abi, rows[i].port);

		if (!said != !rows[i].said || (said && !strstr(said, rows[i].said)))
			fail_msg("ABI %d, port %u: \"%s\" (%s)", rows[i].abi, rows[i].port,
				 said ? said : "nothing", rows[i].why);
	}
}

/* Runs in a child, since limits do not come back. */
static int in_child(int (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool limit_locked_memory(rlim_t most)
{
	struct rlimit limit = {most, most};

	return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

static const struct settings somewhere = {.uid_base = 61200};

static int root_becomes(enum role role)
{
	if (!limit_locked_memory(65536) || privilege_harden() != OK)
		return 1;
	if (privilege_drop(&somewhere, role) != OK || geteuid() != privilege_uid(&somewhere, role))
		return 2;
	return privilege_check_locked_memory() == OK ? 0 : 3;
}

static int keeper_started_as_root(void)
{
	return root_becomes(ROLE_KEEPER);
}

/* By the limit, or where a container keeps root from raising it, by the one capability. */
static void a_keeper_started_as_root_locks_its_keys(void **state)
{
	int result;

	(void)state;
	if (geteuid() != 0)
		skip();
	result = in_child(keeper_started_as_root);
	if (result == 3 && prctl(PR_CAPBSET_READ, CAP_IPC_LOCK, 0, 0, 0) != 1)
		skip();
	assert_int_equal(result, 0);
}

static int edge_started_as_root(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.permitted = 1}};

	if (!limit_locked_memory(65536) || privilege_harden() != OK ||
	    privilege_drop(&somewhere, ROLE_EDGE) != OK)
		return 1;
	if (syscall(SYS_capget, &header, data) != 0)
		return 2;
	return data[0].permitted || data[0].effective || data[1].permitted || data[1].effective;
}

static void an_edge_started_as_root_keeps_no_capability(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(edge_started_as_root), 0);
}

static int ordinary_user_is_told(void)
{
	if (!limit_locked_memory(65536) ||
	    (geteuid() == 0 && setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) != 0))
		return 1;
	if (privilege_harden() != OK)
		return 2;
	return privilege_check_locked_memory() == ERR_UNSUPPORTED &&
			       strstr(failure_text(), "memlock limit")
		       ? 0
		       : 3;
}

static void an_ordinary_user_without_the_limit_is_told(void **state)
{
	(void)state;
	assert_int_equal(in_child(ordinary_user_is_told), 0);
}

static int soft_limit_is_raised(void)
{
	struct rlimit limit = {65536, 64 << 20};

	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return 4; /* the hard limit is lower here */
	if (geteuid() == 0 && setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER) != 0)
		return 1;
	return privilege_harden() == OK && privilege_check_locked_memory() == OK ? 0 : 2;
}

static void an_ordinary_user_gets_what_the_hard_limit_allows(void **state)
{
	int result = in_child(soft_limit_is_raised);

	(void)state;
	if (result == 4)
		skip();
	assert_int_equal(result, 0);
}

/* Both calls are anybody's, until the list is on. */
static int under_the_family_list(void)
{
	int status = 1;
	pid_t pid;

	if (personality(0xffffffff) < 0 || sandbox_restrict_family(false) != OK)
		return 1;
	if (personality(0xffffffff) >= 0 || errno != EPERM)
		return 2;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 || errno != EPERM)
		return 3;
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 4;
}

static void what_nobody_needs_fails_and_children_still_start(void **state)
{
	(void)state;
	assert_int_equal(in_child(under_the_family_list), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_kernel_is_told_by_what_it_lacks),
		cmocka_unit_test(a_keeper_started_as_root_locks_its_keys),
		cmocka_unit_test(an_edge_started_as_root_keeps_no_capability),
		cmocka_unit_test(an_ordinary_user_without_the_limit_is_told),
		cmocka_unit_test(an_ordinary_user_gets_what_the_hard_limit_allows),
		cmocka_unit_test(what_nobody_needs_fails_and_children_still_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
