/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* unshare, setresuid */
#include "gateway/proc/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/base/file.h"

enum { MAX_FILES = 65536, LAST_CAPABILITY = 63 };

uid_t privilege_uid(const struct settings *s, enum role role)
{
	return (uid_t)(s->uid_base + role);
}

gid_t privilege_common_gid(const struct settings *s)
{
	return (gid_t)s->uid_base;
}

bool privilege_is_root(void)
{
	return geteuid() == 0;
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
	return OK;
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

enum err privilege_drop(const struct settings *s, enum role role)
{
	empty_bounding_set();
	if (privilege_is_root())
		TRY(become(s, role));
	TRY(set_capabilities(0));
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
