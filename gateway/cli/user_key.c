/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/user_key.h"

#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/cli/login.h"

enum { KEY_FILE_MAX = 128 };

static enum err usual_path(const char **out, struct arena *arena, const char *path)
{
	const char *folder;

	*out = path;
	if (path)
		return OK;
	TRY(login_config_folder(&folder, arena));
	*out = arena_printf(arena, "%s/key", folder);
	return OK;
}

enum err user_key_read(struct sign_key **out, struct arena *arena, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(KEY_FILE_MAX);
	uint8_t seed[SIGN_SEED];
	struct slice line, rest;
	struct stat status;
	enum err result;

	TRY(usual_path(&path, arena, path));
	TRY(file_read(&text, AT_FDCWD, path));
	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		return failure(ERR_DENIED, "\"%s\" can be read by others: chmod 600 it", path);
	slice_cut(buf_slice(&text), '\n', &line, &rest);
	result = text_read_hex(seed, sizeof seed, line);
	secret_wipe(text.data, text.size);
	if (result != OK)
		return failure(ERR_FORMAT, "\"%s\" is no key file: 64 hex digits are expected",
			       path);
	result = sign_key_from_seed(out, slice_of(seed, sizeof seed));
	secret_wipe(seed, sizeof seed);
	return result;
}

static enum err write_key(const struct sign_key *key, struct arena *arena, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(KEY_FILE_MAX);
	const char *parent = dirname(arena_string(arena, slice_of_string(path)));
	enum err result;

	text_write_hex(&text, sign_key_seed(key));
	buf_write_string(&text, "\n");
	TRY(file_make_directory(AT_FDCWD, parent, 0700));
	result = file_write_new(AT_FDCWD, path, buf_slice(&text), 0600);
	secret_wipe(text.data, text.size);
	return result;
}

enum err user_key_read_or_make(struct sign_key **out, bool *made, struct arena *arena,
			       const char *path)
{
	enum err result;

	TRY(usual_path(&path, arena, path));
	result = user_key_read(out, arena, path);
	*made = result == ERR_NOT_FOUND;
	if (!*made)
		return result;
	TRY(sign_key_random(out));
	result = write_key(*out, arena, path);
	if (result != OK)
		sign_key_free(*out);
	return result;
}

const char *user_key_public(struct arena *arena, const struct sign_key *key)
{
	AUTO(buf_free) struct buf text = buf_new(KEY_FILE_MAX);
	uint8_t bytes[SIGN_PUBLIC];

	sign_key_public(key, bytes);
	text_write_base64(&text, slice_of(bytes, sizeof bytes), TEXT_BASE64);
	return arena_string(arena, buf_slice(&text));
}

enum err user_key_find(const char **id, struct arena *arena, struct client *c,
		       const struct sign_key *key)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice wanted = slice_of_string(user_key_public(arena, key));
	const json_t *keys;

	TRY(client_call(c, &answer, "GET", "/api/v1/keys", NULL));
	TRY(json_get_array(&keys, answer, "keys"));
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *one = json_array_get(keys, i);
		struct slice public_key, text;

		TRY(json_get_text(&public_key, one, "public"));
		TRY(json_get_text(&text, one, "id"));
		if (!slice_equal(public_key, wanted))
			continue;
		*id = arena_string(arena, text);
		return OK;
	}
	return failure(ERR_NOT_FOUND, "your key is not enrolled: run `sallyport key enroll` once");
}

enum err user_key_enroll(const char **id, struct arena *arena, struct client *c,
			 const struct sign_key *key, const char *name)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();
	struct slice text;
	enum err result;

	json_put_text(body, "kind", S("ed25519"));
	json_put_text(body, "public", slice_of_string(user_key_public(arena, key)));
	json_put_text(body, "name", slice_of_string(name));
	result = client_call(c, &answer, "POST", "/api/v1/keys", body);
	if (result == ERR_CONFLICT)
		return user_key_find(id, arena, c, key);
	TRY(result);
	TRY(json_get_text(&text, answer, "id"));
	*id = arena_string(arena, text);
	return OK;
}
