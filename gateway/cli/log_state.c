/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/log_state.h"

#include <fcntl.h>
#include <libgen.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/cli/login.h"

enum { STATE_MAX_FILE = 16 * 1024, STATE_HASH_BYTES = 8 };

enum err log_state_path(const char **out, struct arena *arena, const char *origin)
{
	AUTO(buf_free) struct buf hex = buf_new(64);
	struct digest digest = digest_of(slice_of_string(origin));
	const char *folder;

	TRY(login_state_folder(&folder, arena));
	text_write_hex(&hex, slice_of(digest.bytes, STATE_HASH_BYTES));
	*out = arena_printf(arena, "%s/log-%s.json", folder, buf_string(&hex));
	return OK;
}

enum err log_state_read(struct log_state *out, struct arena *arena, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(STATE_MAX_FILE);
	AUTO(json_auto) json_t *object = NULL;
	enum err result = file_read(&text, AT_FDCWD, path);
	struct slice vkey, root;
	int64_t size;

	*out = (struct log_state){.vkey = NULL};
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	TRY(json_read(&object, buf_slice(&text), STATE_MAX_FILE));
	TRY(json_get_text(&vkey, object, "vkey"));
	TRY(json_get_int(&size, object, "size"));
	TRY(json_get_text(&root, object, "root"));
	TRY(text_read_hex(out->checkpoint.root, sizeof out->checkpoint.root, root));
	if (size < 0)
		return failure(ERR_FORMAT, "\"%s\": the size is negative", path);
	out->checkpoint.size = (uint64_t)size;
	out->vkey = arena_string(arena, vkey);
	return OK;
}

enum err log_state_write(const struct log_state *state, const char *path)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf hex = buf_new(128);
	AUTO(buf_free) struct buf text = buf_new(STATE_MAX_FILE);

	text_write_hex(&hex, slice_of(state->checkpoint.root, sizeof state->checkpoint.root));
	json_put_text(object, "vkey", slice_of_string(state->vkey));
	json_put_int(object, "size", (int64_t)state->checkpoint.size);
	json_put_text(object, "root", buf_slice(&hex));
	TRY(json_write_canonical(&text, object));
	buf_write_string(&text, "\n");
	TRY(buf_done(&text));
	TRY(file_make_directory(AT_FDCWD, dirname(arena_string(&arena, slice_of_string(path))),
				0700));
	return file_write_atomic(AT_FDCWD, path, buf_slice(&text), 0600);
}
