/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* unshare, setresuid, mlock2 */
#include "gateway/proc/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/base/file.h"

enum { MAX_FILES = 65536, LAST_CAPABILITY = 63 };
enum { LEAST_LOCKED = 32 << 20 }; /* bytes: room for every key that a process may hold */

uid_t privilege_uid(const struct settings *s, enum role role)
{
	return (uid_t)(s->uid_base + role);
}

gid_t privilege_common_gid(const struct settings *s)
{
	return (gid_t)s->uid_base;
}

bool privilege_holds_keys(enum role role)
{
	return role == ROLE_KEEPER || role == ROLE_PORTER || role == ROLE_ENGINE;
}

bool privilege_is_root(void)
{
	return geteuid() == 0;
}

/* As root without a limit; else as far as the hard limit lets us. */
static enum err raise_locked_memory(void)
{
	struct rlimit locked = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &locked) == 0)
		return OK;
	if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0)
		return failure_errno("privileges: no limit of locked memory");
	locked.rlim_cur = locked.rlim_max;
	if (setrlimit(RLIMIT_MEMLOCK, &locked) != 0)
		return failure_errno("privileges: the limit of locked memory cannot be set");
	return OK;
}

/* Asks the kernel itself; no page is taken. */
enum err privilege_check_locked_memory(void)
{
	void *room = mmap(NULL, LEAST_LOCKED, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool locked;

	if (room == MAP_FAILED)
		return failure_errno("privileges: no room for %d bytes", LEAST_LOCKED);
	locked = mlock2(room, LEAST_LOCKED, MLOCK_ONFAULT) == 0;
	munmap(room, LEAST_LOCKED);
	if (!locked)
		return failure(ERR_UNSUPPORTED,
			       "keys may reach the swap: fewer than %d KiB can be locked; raise "
			       "the memlock limit",
			       LEAST_LOCKED / 1024);
	return OK;
}

enum err privilege_harden(void)
{
	struct rlimit none = {0, 0};
	struct rlimit files;

	umask(022); /* each file says its own mode; the log is public */
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failure_errno("privileges: core dumps cannot be switched off");
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return failure_errno("privileges: no limit of open files");
	files.rlim_cur = files.rlim_max < MAX_FILES ? files.rlim_max : MAX_FILES;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return failure_errno("privileges: the limit of open files cannot be set");
	return raise_locked_memory();
}

static enum err write_map(const char *path, const char *text)
{
	AUTO(file_close) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return failure_errno("namespace: cannot open \"%s\"", path);
	return file_write_all(fd, slice_of_string(text));
}

/* The process keeps its own ids inside; without a map they would read as "nobody". */
static enum err map_own_ids(uid_t uid, gid_t gid)
{
	char text[64];

	TRY(write_map("/proc/self/setgroups", "deny"));
	snprintf(text, sizeof text, "%u %u 1", uid, uid);
	TRY(write_map("/proc/self/uid_map", text));
	snprintf(text, sizeof text, "%u %u 1", gid, gid);
	return write_map("/proc/self/gid_map", text);
}

enum err privilege_isolate(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0)
		return OK;
	if (uid == 0)
		return failure(ERR_UNSUPPORTED,
			       "namespace: root may not make a network namespace here");
	/* The maps are written through /proc/self, which an undumpable process does not own. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		return failure_errno("namespace: cannot become dumpable");
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) != 0)
		return failure(ERR_UNSUPPORTED, "namespace: user namespaces are not allowed here");
	TRY(map_own_ids(uid, gid));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failure_errno("namespace: cannot become undumpable");
	return OK;
}

static enum err set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)keep, .permitted = (uint32_t)keep},
		{.effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32)},
	};

	if (syscall(SYS_capset, &header, data) != 0)
		return failure_errno("privileges: capabilities cannot be dropped");
	return OK;
}

/* Without CAP_SETPCAP the bounding set cannot shrink; no_new_privs makes it moot then. */
static void empty_bounding_set(void)
{
	for (unsigned long i = 0; i <= LAST_CAPABILITY; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0)
			return;
}

static enum err become(const struct settings *s, enum role role)
{
	uid_t uid = privilege_uid(s, role);
	gid_t common = privilege_common_gid(s);
	bool shares = role == ROLE_PORTER || role == ROLE_ENGINE;

	if (setgroups(shares ? 1 : 0, &common) != 0)
		return failure_errno("privileges: the groups cannot be dropped");
	if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		return failure_errno("privileges: cannot become user %u", uid);
	if (setuid(0) == 0 || geteuid() != uid || getegid() != uid)
		return failure(ERR_INTERNAL, "privileges: root was not given up");
	return OK;
}

/*
 * Where root may not raise the limit of locked memory (a container without CAP_SYS_RESOURCE), a
 * role that holds keys keeps the one capability that lets it lock them. It gives nothing else.
 */
static uint64_t capabilities_kept(enum role role)
{
	bool wants = privilege_holds_keys(role) && privilege_is_root() &&
		     prctl(PR_CAPBSET_READ, CAP_IPC_LOCK, 0, 0, 0) == 1;
	struct rlimit locked;

	if (!wants || getrlimit(RLIMIT_MEMLOCK, &locked) != 0 || locked.rlim_cur == RLIM_INFINITY)
		return 0;
	return 1ULL << CAP_IPC_LOCK;
}

enum err privilege_drop(const struct settings *s, enum role role)
{
	uint64_t kept = capabilities_kept(role);

	empty_bounding_set();
	if (kept && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return failure_errno("privileges: a capability cannot be kept");
	if (privilege_is_root())
		TRY(become(s, role));
	TRY(set_capabilities(kept));
	/* Changing the user makes a process dumpable or not as the system pleases. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failure_errno("privileges: cannot become undumpable");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failure_errno("privileges: no_new_privs cannot be set");
	return OK;
}

enum err privilege_keep_supervisor(void)
{
	if (!privilege_is_root())
		return OK;
	return set_capabilities(1ULL << CAP_SETUID | 1ULL << CAP_SETGID | 1ULL << CAP_KILL);
}
