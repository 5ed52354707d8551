/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hostile.c - every attempt of attempts.c by every role, in processes that started and
 * confined themselves like the real ones: as this user, and, if this is root, as an ordinary
 * user, too. A process may be refused (ATTEMPT_DENIED) or killed for asking (SIGSYS).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/channel.h"
#include "gateway/proc/landlock.h"
#include "gateway/proc/process.h"
#include "gateway/supervisor/datadir.h"
#include "tests/hostile/attempts.h"
#include "tests/unit/test.h"

enum { ORDINARY_USER = 65534, READY_MS = 20000, KILLED = 128 + SIGSYS, PATH_SIZE = 512 };

/* One family: a temporary data directory, as one user. */
struct family {
	uid_t uid; /* who starts it; 0: root */
	char directory[PATH_SIZE];
	char config[PATH_SIZE + 16];
	struct settings settings;
	pid_t sibling;
	int sibling_control;
};

struct child {
	pid_t pid;
	int control;
};

static void copy_program(const struct family *f, enum role role)
{
	AUTO(buf_free) struct buf program = buf_new(256U * 1024 * 1024);
	char from[PATH_SIZE];
	char to[PATH_SIZE + 64];

	snprintf(from, sizeof from, "%s/sallyport-hostile-%s", getenv("SALLYPORT_HOSTILE"),
		 role_name(role));
	snprintf(to, sizeof to, "%s/sallyport-hostile-%s", f->directory, role_name(role));
	assert_ok(file_read(&program, AT_FDCWD, from));
	assert_ok(file_write_atomic(AT_FDCWD, to, buf_slice(&program), 0755));
	assert_int_equal(chmod(to, 0755), 0);
}

static void plant_file(const struct family *f, const char *name)
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s/%s", f->directory, name);
	assert_ok(file_write_atomic(AT_FDCWD, path, S("secret"), 0600));
	assert_int_equal(chown(path, f->uid, f->uid), 0);
}

static void plant_directory(const struct family *f, const char *name, mode_t mode)
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s/%s", f->directory, name);
	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(chown(path, f->uid, f->uid), 0);
}

static void become(uid_t uid)
{
	if (geteuid() == uid)
		return;
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		_exit(ATTEMPT_BROKEN);
}

static void write_config(struct family *f)
{
	AUTO(buf_free) struct buf text = buf_new(4096);

	buf_printf(&text,
		   "[gateway]\ndata_dir = %s\norigin = test/log\nexternal_url = https://test\n"
		   "tls_certificate = /none\ntls_key = /none\n[database]\nhost = /none\n"
		   "[courier]\nallow = hub.example\n", /* the courier at its most dangerous */
		   f->directory);
	snprintf(f->config, sizeof f->config, "%s/config.ini", f->directory);
	assert_ok(file_write_atomic(AT_FDCWD, f->config, buf_slice(&text), 0644));
	assert_int_equal(chmod(f->config, 0644), 0);
	assert_ok(settings_read(&f->settings, f->config));
}

static struct child run(const struct family *f, enum role role, const char *attempt,
			const char *how)
{
	char program[PATH_SIZE + 64];
	char sibling[16];
	struct child c;
	int pair[2];

	snprintf(program, sizeof program, "%s/sallyport-hostile-%s", f->directory, role_name(role));
	snprintf(sibling, sizeof sibling, "%d", (int)f->sibling);
	assert_ok(channel_pair(pair));
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		become(f->uid);
		if (dup2(pair[1], PROCESS_CONTROL_FD) < 0)
			_exit(ATTEMPT_BROKEN);
		execl(program, program, attempt, sibling, how, "--config", f->config, (char *)NULL);
		_exit(ATTEMPT_BROKEN);
	}
	close(pair[1]);
	c.control = pair[0];
	return c;
}

/* A child that dies before READY has proved nothing. */
static bool await_ready(const struct child *c, enum role role)
{
	static struct channel_inbox inbox;
	struct channel control = {c->control, ROLE_SUPERVISOR, role, 0};
	struct frame frame;

	return channel_receive(&control, &inbox, &frame, READY_MS) == OK &&
	       frame.type == WIRE_READY;
}

static int judge(const struct family *f, enum role role, const char *attempt, const char *how)
{
	struct child c = run(f, role, attempt, how);
	bool ready = await_ready(&c, role);
	int status;

	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	close(c.control);
	if (!ready)
		return ATTEMPT_BROKEN;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : ATTEMPT_BROKEN;
	return WEXITSTATUS(status);
}

static void family_open(struct family *f, uid_t uid)
{
	struct child sibling;

	*f = (struct family){.uid = uid};
	snprintf(f->directory, sizeof f->directory, "/tmp/sallyport-hostile-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	assert_int_equal(chmod(f->directory, 0755), 0);
	assert_int_equal(chown(f->directory, uid, uid), 0);
	write_config(f);
	plant_directory(f, "keeper", 0700);
	plant_file(f, "keeper/root.key");
	plant_directory(f, "secrets", 0755);
	plant_file(f, "secrets/password");
	plant_directory(f, "store", 0750);
	plant_directory(f, "log", 0755);
	if (uid == 0)
		assert_ok(datadir_prepare(&f->settings));
	for (unsigned role = ROLE_EDGE; role < ROLE_COUNT; role++)
		copy_program(f, (enum role)role);
	sibling = run(f, ROLE_KEEPER, "wait", "confined");
	f->sibling = sibling.pid;
	f->sibling_control = sibling.control;
	assert_true(await_ready(&sibling, ROLE_KEEPER));
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *at)
{
	(void)s;
	(void)type;
	(void)at;
	return remove(path);
}

static void family_close(struct family *f)
{
	int status;

	close(f->sibling_control);
	assert_int_equal(waitpid(f->sibling, &status, 0), f->sibling);
	assert_int_equal(status, 0); /* it ended in order: nobody harmed it */
	assert_int_equal(nftw(f->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static bool is_denied(int verdict)
{
	return verdict == ATTEMPT_DENIED || verdict == KILLED;
}

static void refuse_all(uid_t uid)
{
	struct family f;
	unsigned wrong = 0;

	family_open(&f, uid);
	for (unsigned role = ROLE_EDGE; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < attempt_count; i++) {
			int verdict;

			if (!(attempts[i].roles & 1U << role))
				continue;
			verdict = judge(&f, (enum role)role, attempts[i].name, "confined");
			if (is_denied(verdict))
				continue;
			print_error("%s, %s, as user %u: verdict %d\n", role_name((enum role)role),
				    attempts[i].name, uid, verdict);
			wrong++;
		}
	family_close(&f);
	assert_int_equal(wrong, 0);
}

static void use_own_places(uid_t uid)
{
	struct family f;

	family_open(&f, uid);
	for (unsigned role = ROLE_EDGE; role < ROLE_COUNT; role++)
		assert_int_equal(judge(&f, (enum role)role, "use_own_place", "confined"),
				 ATTEMPT_SUCCEEDED);
	family_close(&f);
}

/* Without the sandbox the same code does what it says, so a refusal above means something. */
static void succeed_when_free(uid_t uid)
{
	struct family f;
	unsigned wrong = 0;

	family_open(&f, uid);
	for (unsigned i = 0; i < attempt_count; i++) {
		int verdict;

		if (attempts[i].shown == NOT_SHOWN || (attempts[i].is_for_root && uid != 0))
			continue;
		verdict = judge(&f, ROLE_PORTER, attempts[i].name, "free");
		if (verdict == ATTEMPT_SUCCEEDED)
			continue;
		if (verdict == ATTEMPT_DENIED && attempts[i].shown == SHOWN_IF_THE_MACHINE_LETS) {
			print_message("not shown: this machine forbids %s to everybody\n",
				      attempts[i].name);
			continue;
		}
		print_error("free, %s, as user %u: verdict %d\n", attempts[i].name, uid, verdict);
		wrong++;
	}
	family_close(&f);
	assert_int_equal(wrong, 0);
}

static void need_landlock(void)
{
	if (landlock_abi() > 0)
		return;
	print_message("skipped: this kernel has no Landlock\n");
	skip();
}

static void a_taken_over_process_can_do_nothing_it_must_not(void **state)
{
	(void)state;
	need_landlock();
	refuse_all(geteuid());
}

static void a_taken_over_process_of_an_ordinary_user_can_do_nothing_either(void **state)
{
	(void)state;
	need_landlock();
	if (geteuid() == 0)
		refuse_all(ORDINARY_USER);
}

static void a_confined_process_can_use_its_own_directory(void **state)
{
	(void)state;
	use_own_places(geteuid());
	if (geteuid() == 0)
		use_own_places(ORDINARY_USER);
}

static void the_attempts_succeed_without_the_sandbox(void **state)
{
	(void)state;
	succeed_when_free(geteuid());
	if (geteuid() == 0)
		succeed_when_free(ORDINARY_USER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_attempts_succeed_without_the_sandbox),
		cmocka_unit_test(a_confined_process_can_use_its_own_directory),
		cmocka_unit_test(a_taken_over_process_can_do_nothing_it_must_not),
		cmocka_unit_test(a_taken_over_process_of_an_ordinary_user_can_do_nothing_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
