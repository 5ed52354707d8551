/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/crypto/foreign.h"

#include "tests/unit/test.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/base/file.h"

extern char **environ;

int foreign_open(const char *folder)
{
	const char *shared = getenv("SALLYPORT_SHARED");
	char path[PATH_MAX];
	int dir;

	snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", folder);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		print_message("skipped: no foreign data in %s\n", path);
	return dir;
}

void foreign_read(struct buf *out, int dir, const char *path)
{
	buf_reset(out);
	assert_ok(file_read(out, dir, path));
}

int foreign_run(const char *const arguments[])
{
	pid_t child;
	int status;

	/* posix_spawnp does not change them; its type is older than const. */
	if (posix_spawnp(&child, arguments[0], NULL, NULL, (char *const *)(uintptr_t)arguments,
			 environ) != 0)
		return 127;
	while (waitpid(child, &status, 0) < 0)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
