/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scribe/room.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"

static const char RESERVE[] = "reserve";

void room_init(struct room *r, int directory)
{
	*r = (struct room){.directory = directory};
}

/* UINT64_MAX if the file system does not say. */
static uint64_t bytes_free(const struct room *r)
{
	struct statvfs v;

	return fstatvfs(r->directory, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : UINT64_MAX;
}

static bool has_reserve(const struct room *r)
{
	struct stat status;

	return fstatat(r->directory, RESERVE, &status, 0) == 0 && status.st_size >= ROOM_RESERVE;
}

/* False: there is no room for it. Another failure is no reason to refuse anything. */
static bool make_reserve(const struct room *r)
{
	AUTO(file_close)
	int fd = openat(r->directory, RESERVE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int number = fd < 0 ? errno : 0;

	if (fd >= 0)
		do
			number = posix_fallocate(fd, 0, ROOM_RESERVE);
		while (number == EINTR);
	if (number == 0)
		return true;
	unlinkat(r->directory, RESERVE, 0);
	return number != ENOSPC && number != EDQUOT && number != EFBIG;
}

void room_ended(struct room *r, int64_t now_ms)
{
	unlinkat(r->directory, RESERVE, 0);
	r->full_ms = now_ms;
	if (r->is_full)
		return;
	log_error("log.full", "bytes_free=%" PRIu64, bytes_free(r));
	r->is_full = true;
	r->is_told = false;
}

static void try_again(struct room *r, int64_t now_ms)
{
	uint64_t needed = has_reserve(r) ? ROOM_LOW : ROOM_RESERVE + 2 * (uint64_t)ROOM_LOW;

	if (now_ms - r->full_ms < ROOM_HOLD_MS || bytes_free(r) < needed || !make_reserve(r))
		return;
	log_info("log.room", "bytes_free=%" PRIu64, bytes_free(r));
	r->is_full = false;
	r->is_told = false;
}

enum err room_look(struct room *r, struct store *s, int64_t now_ms)
{
	if (r->is_full)
		try_again(r, now_ms);
	else if (bytes_free(r) < ROOM_LOW || (!has_reserve(r) && !make_reserve(r)))
		room_ended(r, now_ms);
	if (r->is_told)
		return OK;
	TRY(store_log_set_full(s, r->is_full ? S("the disk of the log's files is full") : S("")));
	r->is_told = true;
	return OK;
}
