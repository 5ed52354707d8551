/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull_place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/api/upload/commit.h"
#include "gateway/cli/tree.h"

enum { PLACE_MAX_RECORD = 16 * 1024 * 1024 };

static const char record_name[] = TREE_OWN_PREFIX "pull";

/* One step down. The name is at most COMMIT_MAX_PATH bytes: tree_check_path has seen it. */
static enum err step(int *dir, struct slice part, bool make)
{
	char name[COMMIT_MAX_PATH + 1];
	int next;

	if (part.size > COMMIT_MAX_PATH)
		return failure(ERR_LIMIT, "a file's name is too long");
	memcpy(name, part.data, part.size);
	name[part.size] = '\0';
	if (make && mkdirat(*dir, name, 0755) != 0 && errno != EEXIST)
		return failure_errno("the folder \"%s\" cannot be made", name);
	next = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0 && errno == ENOENT)
		return failure(ERR_NOT_FOUND, "no folder \"%s\"", name);
	if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
		return failure(ERR_DENIED,
			       "\"%s\" in the directory is a link, or no folder: nothing is "
			       "written through it. Move it away",
			       name);
	if (next < 0)
		return failure_errno("the folder \"%s\"", name);
	file_close(dir);
	*dir = next;
	return OK;
}

enum err place_parent(int *out, const char **name, int dir, const char *path, bool make)
{
	struct slice rest = slice_of_string(path), part, behind;
	AUTO(file_close) int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	if (at < 0)
		return failure_errno("the directory");
	while (slice_cut(rest, '/', &part, &behind)) {
		TRY(step(&at, part, make));
		rest = behind;
	}
	*name = (const char *)rest.data;
	*out = at;
	at = -1; /* given away */
	return OK;
}

enum err place_open(int *out, int dir, const char *path)
{
	AUTO(file_close) int parent = -1;
	AUTO(file_close) int fd = -1;
	const char *name;
	struct stat status;
	enum err result = place_parent(&parent, &name, dir, path, false);

	*out = -1;
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return OK;
	if (fd < 0 && errno != ELOOP)
		return failure_errno("\"%s\" cannot be looked into", path);
	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return failure(ERR_DENIED,
			       "\"%s\" in the directory is a link, or no plain file: it is not "
			       "replaced. Move it away",
			       path);
	*out = fd;
	fd = -1; /* given away */
	return OK;
}

uint64_t place_free_bytes(int dir)
{
	struct statvfs status;

	if (fstatvfs(dir, &status) != 0 || status.f_blocks == 0)
		return UINT64_MAX;
	return (uint64_t)status.f_bavail * status.f_frsize;
}

enum err place_record_read(json_t **out, int dir)
{
	AUTO(buf_free) struct buf text = buf_new(PLACE_MAX_RECORD);
	AUTO(json_auto) json_t *record = NULL;
	enum err result = file_read(&text, dir, record_name);

	if (result == ERR_NOT_FOUND) {
		*out = json_object_new();
		return OK;
	}
	TRY(result);
	if (json_read(&record, buf_slice(&text), PLACE_MAX_RECORD) != OK || !json_is_object(record))
		return failure(
			ERR_FORMAT,
			"\"%s\" in the directory is damaged; without it files that are there "
			"count as not pulled. Remove it",
			record_name);
	*out = record;
	record = NULL; /* given away */
	return OK;
}

enum err place_record_write(int dir, const json_t *record)
{
	AUTO(buf_free) struct buf text = buf_new(PLACE_MAX_RECORD);

	TRY(json_write_canonical(&text, record));
	buf_write_string(&text, "\n");
	TRY(buf_done(&text));
	return file_write_atomic(dir, record_name, buf_slice(&text), 0644);
}

void place_record_add(json_t *record, const char *path, const struct digest *sha256)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	json_t *list = json_object_get(record, path);

	if (place_record_has(record, path, sha256))
		return;
	if (!json_is_array(list)) {
		list = json_array_new();
		json_put(record, path, list);
	}
	text_write_hex(&hex, digest_slice(sha256));
	json_push_text(list, buf_slice(&hex));
}

bool place_record_has(const json_t *record, const char *path, const struct digest *sha256)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	const json_t *list = json_object_get(record, path);
	struct slice one;

	text_write_hex(&hex, digest_slice(sha256));
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_text_at(&one, list, i) == OK && slice_equal(one, buf_slice(&hex)))
			return true;
	return false;
}
