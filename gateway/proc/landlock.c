/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/proc/landlock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/base/file.h"

/* System call numbers are the same on every architecture since 5.1. */
enum { CALL_CREATE = 444, CALL_ADD_RULE = 445, CALL_RESTRICT = 446 };
enum { CREATE_VERSION = 1, RULE_PATH = 1, RULE_PORT = 2 };

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_ALL_ABI_1 = (1 << 13) - 1,
	FS_REFER = 1 << 13,     /* ABI 2 */
	FS_TRUNCATE = 1 << 14,  /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
	NET_BIND = 1 << 0,      /* ABI 4 */
	NET_CONNECT = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0, /* ABI 6 */
	SCOPE_SIGNAL = 1 << 1,
};

struct ruleset {
	uint64_t fs;
	uint64_t net;    /* ABI 4 */
	uint64_t scoped; /* ABI 6 */
};

struct path_rule {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

struct port_rule {
	uint64_t access;
	uint64_t port;
};

int landlock_abi(void)
{
	long abi = syscall(CALL_CREATE, NULL, 0, CREATE_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* All that this kernel can deny; what is not granted below is denied. */
static struct ruleset ruleset_of(int abi, size_t *size)
{
	struct ruleset r = {.fs = FS_ALL_ABI_1};

	*size = sizeof r.fs;
	if (abi >= 2)
		r.fs |= FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4) {
		r.net = NET_BIND | NET_CONNECT;
		*size = offsetof(struct ruleset, scoped);
	}
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		r.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		*size = sizeof r;
	}
	return r;
}

static uint64_t access_of(unsigned rights)
{
	uint64_t access = 0;

	if (rights & (PATH_READ | PATH_WRITE))
		access |= FS_READ_FILE | FS_READ_DIR;
	if (rights & PATH_FILE)
		access |= FS_READ_FILE;
	if (rights & PATH_WRITE)
		access |= FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE |
			  FS_REMOVE_DIR | FS_REFER;
	return access;
}

static enum err add_rules(int rules, const struct ruleset *all, const struct confinement *c,
			  int port)
{
	struct port_rule connect = {.access = NET_CONNECT, .port = (uint64_t)port};

	for (size_t i = 0; i < c->count; i++) {
		struct path_rule rule = {.access = access_of(c->paths[i].rights) & all->fs,
					 .parent = c->paths[i].directory};

		if (syscall(CALL_ADD_RULE, rules, RULE_PATH, &rule, 0) != 0)
			return failure_errno("landlock: directory %zu cannot be granted", i);
	}
	if (port > 0 && all->net && syscall(CALL_ADD_RULE, rules, RULE_PORT, &connect, 0) != 0)
		return failure_errno("landlock: port %d cannot be granted", port);
	return OK;
}

const char *landlock_missing(int abi, int connect_port)
{
	if (abi <= 0)
		return "this kernel does not offer it: files are guarded by their owners and modes";
	if (abi < LANDLOCK_LEAST_ABI)
		return "this kernel's is too old to let a file change its directory (ABI 2, Linux "
		       "5.19 is needed): files are guarded by their owners and modes";
	if (connect_port > 0 && abi < LANDLOCK_NET_ABI)
		return "this kernel's does not know TCP (ABI 4, Linux 6.7 is needed): other ports "
		       "than the database's can be reached";
	return NULL;
}

enum err landlock_restrict(const struct confinement *c, int connect_port)
{
	int abi = landlock_abi();
	const char *missing = landlock_missing(abi, connect_port);
	size_t size;
	struct ruleset all = ruleset_of(abi, &size);

	if (abi < LANDLOCK_LEAST_ABI)
		return failure(ERR_UNSUPPORTED, "%s", missing);
	if (connect_port == LANDLOCK_ANY_PORT)
		all.net &= ~(uint64_t)NET_CONNECT;

	AUTO(file_close) int rules = (int)syscall(CALL_CREATE, &all, size, 0);

	if (rules < 0)
		return failure_errno("landlock: no rule set");
	TRY(add_rules(rules, &all, c, connect_port));
	if (syscall(CALL_RESTRICT, rules, 0) != 0)
		return failure_errno("landlock: cannot be switched on");
	return missing ? failure(ERR_UNSUPPORTED, "%s", missing) : OK;
}
