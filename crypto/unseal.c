/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/unseal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"

enum { UNSEAL_HEX = 2 * UNSEAL_ROOT, UNSEAL_LINE = UNSEAL_HEX + 1 };

/* text.h works in buffers that are not wiped, so the digits are made here. */
static void to_hex(uint8_t out[UNSEAL_LINE], struct slice root)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < UNSEAL_ROOT; i++) {
		out[2 * i] = (uint8_t)digits[root.data[i] >> 4];
		out[2 * i + 1] = (uint8_t)digits[root.data[i] & 15];
	}
	out[UNSEAL_HEX] = '\n';
}

enum err unseal_file_create(int dir, const char *path)
{
	AUTO(secret_auto) struct secret *root = NULL;
	AUTO(secret_auto) struct secret *line = NULL;

	TRY(secret_random(&root, UNSEAL_ROOT));
	TRY(secret_new(&line, UNSEAL_LINE));
	to_hex(secret_bytes(line), secret_slice(root));
	return file_write_new(dir, path, secret_slice(line), 0600);
}

static enum err check_mode(int fd, const char *path)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return failure_errno("root key \"%s\": cannot look at it", path);
	if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0)
		return failure(ERR_DENIED, "root key \"%s\": others may read it; chmod it to 0600",
			       path);
	return OK;
}

static enum err read_line(struct secret *out, size_t *size, int fd, const char *path)
{
	ssize_t got = read(fd, secret_bytes(out), secret_size(out));

	if (got < 0)
		return failure_errno("root key \"%s\": cannot read", path);
	*size = (size_t)got;
	return OK;
}

enum err unseal_file_read(struct secret **root, int dir, const char *path)
{
	AUTO(file_close) int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO(secret_auto) struct secret *text = NULL;
	AUTO(secret_auto) struct secret *key = NULL;
	size_t size = 0;

	if (fd < 0 && errno == ENOENT)
		return failure(ERR_NOT_FOUND, "root key \"%s\": not there", path);
	if (fd < 0)
		return failure_errno("root key \"%s\": cannot open", path);
	TRY(check_mode(fd, path));
	TRY(secret_new(&text, UNSEAL_LINE + 1));
	TRY(secret_new(&key, UNSEAL_ROOT));
	TRY(read_line(text, &size, fd, path));
	if (size == UNSEAL_LINE && secret_bytes(text)[UNSEAL_HEX] == '\n')
		size = UNSEAL_HEX;
	if (size == UNSEAL_ROOT)
		memcpy(secret_bytes(key), secret_bytes(text), UNSEAL_ROOT);
	else if (text_read_hex(secret_bytes(key), UNSEAL_ROOT,
			       slice_part(secret_slice(text), 0, size)) != OK)
		return failure(ERR_FORMAT, "root key \"%s\": not %d bytes or %d hex digits", path,
			       UNSEAL_ROOT, UNSEAL_HEX);
	*root = key;
	key = NULL; /* given away */
	return OK;
}
