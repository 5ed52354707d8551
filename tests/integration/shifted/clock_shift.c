/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked before libc's, so that a test can set the time of day of a gateway and of nothing else: by
 * the milliseconds that stand in the file clock-shift beside gateway.ini, as they stand there now.
 * It is mapped before main() and the sandbox; without it the time is as it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_ms;

static const char *config_of(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--config") == 0)
			return argv[i + 1];
	return NULL;
}

/* glibc gives constructors what it gives main(). */
__attribute__((constructor)) static void open_shift(int argc, char **argv)
{
	const char *config = config_of(argc, argv);
	const char *slash = config ? strrchr(config, '/') : NULL;
	char path[PATH_MAX];
	void *page;
	int fd;

	if (!slash)
		return;
	snprintf(path, sizeof path, "%.*s/clock-shift", (int)(slash - config), config);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	page = mmap(NULL, sizeof *shift_ms, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (page != MAP_FAILED)
		shift_ms = page;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	long result = syscall(SYS_clock_gettime, id, out);

	if (result == 0 && id == CLOCK_REALTIME && shift_ms)
		out->tv_sec += *shift_ms / 1000;
	return (int)result;
}
