/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/login.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/base/file.h"
#include "crypto/json.h"

enum { LOGIN_MAX_FILE = 16 * 1024 };

/* XDG Base Directory 0.8: a relative path in the variable is to be ignored. */
static enum err folder(const char **out, struct arena *arena, const char *variable,
		       const char *below_home)
{
	const char *base = getenv(variable);
	const char *home = getenv("HOME");

	if (base && base[0] == '/')
		*out = arena_printf(arena, "%s/sallyport", base);
	else if (home && home[0] == '/')
		*out = arena_printf(arena, "%s/%s/sallyport", home, below_home);
	else
		return failure(ERR_NOT_FOUND, "neither %s nor HOME names a folder", variable);
	return OK;
}

enum err login_config_folder(const char **out, struct arena *arena)
{
	return folder(out, arena, "XDG_CONFIG_HOME", ".config");
}

enum err login_state_folder(const char **out, struct arena *arena)
{
	return folder(out, arena, "XDG_STATE_HOME", ".local/state");
}

static enum err take(const char **out, struct arena *arena, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text_or(&text, object, name, S("")));
	*out = text.size ? arena_string(arena, text) : NULL;
	return OK;
}

enum err login_read(struct login *out, struct arena *arena, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(LOGIN_MAX_FILE);
	AUTO(json_auto) json_t *object = NULL;
	struct stat status;

	*out = (struct login){NULL, NULL, NULL};
	TRY(file_read(&text, AT_FDCWD, path));
	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		return failure(ERR_DENIED, "\"%s\" can be read by others: chmod 600 it", path);
	TRY(json_read(&object, buf_slice(&text), LOGIN_MAX_FILE));
	explicit_bzero(text.data, text.size);
	TRY(take(&out->url, arena, object, "url"));
	TRY(take(&out->ca, arena, object, "ca"));
	return take(&out->token, arena, object, "token");
}

static void put(json_t *object, const char *name, const char *value)
{
	if (value)
		json_put_text(object, name, slice_of_string(value));
}

enum err login_write(const struct login *login, const char *path)
{
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(LOGIN_MAX_FILE);
	AUTO(arena_free) struct arena arena = {NULL};
	const char *parent = dirname(arena_string(&arena, slice_of_string(path)));

	put(object, "url", login->url);
	put(object, "ca", login->ca);
	put(object, "token", login->token);
	TRY(json_write_canonical(&text, object));
	buf_write(&text, S("\n"));
	TRY(buf_done(&text));
	TRY(file_make_directory(AT_FDCWD, parent, 0700));
	return file_write_atomic(AT_FDCWD, path, buf_slice(&text), 0600);
}
