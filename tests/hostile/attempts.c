/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "tests/hostile/attempts.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool can_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd >= 0 && close(fd) == 0;
}

static bool can_open_below(const struct target *t, const char *name, int flags)
{
	char path[1024];

	snprintf(path, sizeof path, "%s/%s", t->data_dir, name);
	return can_open(path, flags);
}

static bool can_open_of_sibling(const struct target *t, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)t->sibling, name);
	return can_open(path, flags);
}

static bool read_root_key(const struct target *t)
{
	return can_open_below(t, "keeper/root.key", O_RDONLY);
}

static bool read_password(const struct target *t)
{
	return can_open_below(t, "secrets/password", O_RDONLY);
}

static bool read_shadow(const struct target *t)
{
	(void)t;
	return can_open("/etc/shadow", O_RDONLY);
}

static bool read_passwd(const struct target *t)
{
	(void)t;
	return can_open("/etc/passwd", O_RDONLY);
}

static bool write_outside(const struct target *t)
{
	return can_open_below(t, "planted", O_WRONLY | O_CREAT);
}

static bool write_store(const struct target *t)
{
	return can_open_below(t, "store/planted", O_WRONLY | O_CREAT);
}

static bool write_log(const struct target *t)
{
	return can_open_below(t, "log/planted", O_WRONLY | O_CREAT);
}

static bool read_memory(const struct target *t)
{
	return can_open_of_sibling(t, "mem", O_RDONLY);
}

static bool read_environment(const struct target *t)
{
	return can_open_of_sibling(t, "environ", O_RDONLY);
}

static bool read_across(const struct target *t)
{
	char byte;
	struct iovec here = {&byte, 1};
	struct iovec there = {(void *)(uintptr_t)&attempt_count, 1};

	return process_vm_readv(t->sibling, &here, 1, &there, 1, 0) == 1;
}

static bool trace(const struct target *t)
{
	return ptrace(PTRACE_SEIZE, t->sibling, NULL, NULL) == 0;
}

static bool signal_sibling(const struct target *t)
{
	return kill(t->sibling, SIGCONT) == 0;
}

static bool signal_parent(const struct target *t)
{
	(void)t;
	return kill(getppid(), SIGCONT) == 0;
}

static bool socket_unix(const struct target *t)
{
	(void)t;
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool socket_inet(const struct target *t)
{
	(void)t;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool socket_netlink(const struct target *t)
{
	(void)t;
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) >= 0;
}

static bool socket_raw(const struct target *t)
{
	(void)t;
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

static bool listen_somewhere(const struct target *t)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)t;
	return fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 &&
	       listen(fd, 1) == 0;
}

static bool run_program(const struct target *t)
{
	static char name[] = "true";
	char *arguments[] = {name, NULL};
	char *environment[] = {NULL};

	(void)t;
	execve("/bin/true", arguments, environment); /* it would exit with 0: a breach */
	return false;
}

static bool fork_child(const struct target *t)
{
	pid_t pid = fork();

	(void)t;
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool new_namespace(const struct target *t)
{
	(void)t;
	return unshare(CLONE_NEWNS) == 0;
}

static bool new_user_namespace(const struct target *t)
{
	(void)t;
	return unshare(CLONE_NEWUSER) == 0;
}

static bool map_code(const struct target *t)
{
	(void)t;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

static bool make_executable(const struct target *t)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)t;
	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool become_root(const struct target *t)
{
	(void)t;
	return setuid(0) == 0;
}

static bool mount_something(const struct target *t)
{
	return mount("none", t->data_dir, "tmpfs", 0, NULL) == 0;
}

static bool ask_io_uring(const struct target *t)
{
	char parameters[256] = {0};

	(void)t;
	return syscall(SYS_io_uring_setup, 1, parameters) >= 0;
}

static bool ask_keys(const struct target *t)
{
	(void)t;
	return syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1) >= 0;
}

static bool ask_bpf(const struct target *t)
{
	char attributes[128] = {1}; /* BPF_MAP_CREATE */

	(void)t;
	return syscall(SYS_bpf, 0, attributes, sizeof attributes) >= 0;
}

static bool change_owner(const struct target *t)
{
	return chown(t->data_dir, getuid(), getgid()) == 0;
}

enum {
	EVERYONE = ROLE_SET_EDGE | ROLE_SET_KEEPER | ROLE_SET_SCRIBE | ROLE_SET_PORTER |
		   ROLE_SET_ENGINE | ROLE_SET_COURIER,
	NO_SOCKET = ROLE_SET_KEEPER | ROLE_SET_PORTER | ROLE_SET_ENGINE | ROLE_SET_COURIER,
};

/* clang-format off */
const struct attempt attempts[] = {
	/* name                what                who must not                            root   show */
	{"read_root_key",      read_root_key,      EVERYONE & ~ROLE_SET_KEEPER,            false, SHOWN},
	{"read_password",      read_password,      EVERYONE,                               false, SHOWN},
	{"read_shadow",        read_shadow,        EVERYONE,                               true,  SHOWN},
	{"read_passwd",        read_passwd,        EVERYONE,                               false, SHOWN},
	{"write_outside",      write_outside,      EVERYONE,                               false, SHOWN},
	{"write_store",        write_store,        EVERYONE & ~ROLE_SET_PORTER,            false, SHOWN},
	{"write_log",          write_log,          EVERYONE & ~ROLE_SET_SCRIBE,            false, SHOWN},
	{"read_memory",        read_memory,        EVERYONE,                               true,  SHOWN},
	{"read_environment",   read_environment,   EVERYONE,                               true,  SHOWN},
	{"read_across",        read_across,        EVERYONE,                               true,  NOT_SHOWN},
	{"trace",              trace,              EVERYONE,                               true,  SHOWN},
	{"signal_sibling",     signal_sibling,     EVERYONE,                               false, SHOWN},
	{"signal_parent",      signal_parent,      EVERYONE,                               true,  SHOWN},
	{"socket_unix",        socket_unix,        NO_SOCKET,                              false, SHOWN},
	{"socket_inet",        socket_inet,        EVERYONE & ~ROLE_SET_COURIER,           false, SHOWN},
	{"socket_netlink",     socket_netlink,     EVERYONE,                               false, SHOWN},
	{"socket_raw",         socket_raw,         EVERYONE,                               true,  SHOWN},
	{"listen",             listen_somewhere,   EVERYONE,                               false, SHOWN},
	{"run_program",        run_program,        EVERYONE,                               false, SHOWN},
	{"fork_child",         fork_child,         EVERYONE,                               false, SHOWN},
	{"new_namespace",      new_namespace,      EVERYONE,                               true,  SHOWN},
	{"new_user_namespace", new_user_namespace, EVERYONE,                               true,  SHOWN_IF_THE_MACHINE_LETS},
	{"map_code",           map_code,           EVERYONE & ~ROLE_SET_ENGINE,            false, SHOWN},
	{"make_executable",    make_executable,    EVERYONE & ~ROLE_SET_ENGINE,            false, SHOWN},
	{"become_root",        become_root,        EVERYONE,                               true,  SHOWN},
	{"mount_something",    mount_something,    EVERYONE,                               true,  NOT_SHOWN},
	{"ask_io_uring",       ask_io_uring,       EVERYONE,                               false, NOT_SHOWN},
	{"ask_keys",           ask_keys,           EVERYONE,                               false, NOT_SHOWN},
	{"ask_bpf",            ask_bpf,            EVERYONE,                               true,  NOT_SHOWN},
	{"change_owner",       change_owner,       EVERYONE,                               true,  SHOWN},
};
/* clang-format on */

const unsigned attempt_count = sizeof attempts / sizeof attempts[0];
