/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "gateway/supervisor/datadir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/privilege.h"

struct place {
	const char *name;
	enum role owner;
	bool is_common; /* the group of those who share sealed files may read it */
	bool own_files; /* files that are there already change hands, too */
	mode_t mode;
};

/* clang-format off */
static const struct place places[] = {
	{"keeper",    ROLE_KEEPER, false, true,  0700},
	{"store",     ROLE_PORTER, true,  false, 02750}, /* what is made below has the group, too */
	{"store/tmp", ROLE_PORTER, true,  false, 02750},
	{"log",       ROLE_SCRIBE, false, false, 0755},
};
/* clang-format on */

static void close_list(DIR **list)
{
	if (*list)
		closedir(*list);
}

/* Plain files only, by descriptor, so that no link leads elsewhere. */
static enum err own_files(int directory, uid_t uid)
{
	int copy = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	AUTO(close_list) DIR *list = copy < 0 ? NULL : fdopendir(copy);

	if (!list)
		return failure_errno("data directory: cannot list");
	for (const struct dirent *e = readdir(list); e; e = readdir(list)) {
		AUTO(file_close)
		int fd = openat(directory, e->d_name,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		struct stat status;

		if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
		    status.st_nlink != 1)
			continue;
		if (fchown(fd, uid, uid) != 0)
			return failure_errno("data directory: \"%s\" cannot change hands",
					     e->d_name);
	}
	return OK;
}

static enum err give(int fd, const struct settings *s, const struct place *place)
{
	uid_t uid = privilege_uid(s, place->owner);
	gid_t gid = place->is_common ? privilege_common_gid(s) : uid;

	if (place->own_files)
		TRY(own_files(fd, uid));
	if (fchown(fd, uid, gid) != 0)
		return failure_errno("data directory: \"%s\" cannot change hands", place->name);
	return OK;
}

static enum err prepare(int base, const struct settings *s, const struct place *place)
{
	AUTO(file_close) int fd = -1;

	TRY(file_make_directory(base, place->name, place->mode & 0777));
	fd = openat(base, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failure_errno("data directory: \"%s\" cannot be opened", place->name);
	if (privilege_is_root())
		TRY(give(fd, s, place));
	if (fchmod(fd, place->mode) != 0)
		return failure_errno("data directory: \"%s\" cannot get its mode", place->name);
	return OK;
}

enum err datadir_prepare(const struct settings *s)
{
	AUTO(file_close) int base = -1;

	TRY(file_make_directory(AT_FDCWD, s->data_dir, 0755));
	TRY(file_open_directory(&base, AT_FDCWD, s->data_dir));
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		TRY(prepare(base, s, &places[i]));
	return OK;
}
