/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/outbound/upstream.h"

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/http/url.h"

enum { MAX_URL = 4096, MAX_REPOSITORY = 200, MAX_REVISION = 200, MAX_COMMIT = 64 };

static bool is_name(struct slice part)
{
	for (size_t i = 0; i < part.size; i++) {
		uint8_t b = part.data[i];

		if (!((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
		      b == '-' || b == '_' || b == '.'))
			return false;
	}
	return part.size > 0 && part.data[0] != '.';
}

static bool is_repository(struct slice text)
{
	struct slice organization, name;

	if (text.size > MAX_REPOSITORY)
		return false;
	if (!slice_cut(text, '/', &organization, &name))
		return is_name(text);
	return is_name(organization) && is_name(name);
}

enum err upstream_parse(struct upstream *out, struct slice source, struct slice hub)
{
	struct slice rest, host;

	while (slice_ends_with(source, S("/")))
		source.size--;
	while (slice_ends_with(hub, S("/")))
		hub.size--;
	if (slice_starts_with(source, S("hf:"))) {
		out->endpoint = hub;
		out->repository = slice_part(source, 3, source.size);
	} else if (slice_starts_with(source, S("https://")) &&
		   slice_cut(slice_part(source, 8, source.size), '/', &host, &rest)) {
		out->endpoint = slice_part(source, 0, 8 + host.size);
		out->repository = rest;
	} else {
		return failure(ERR_FORMAT,
			       "the source \"%.*s\": hf:ORG/NAME or https://HOST/ORG/NAME is "
			       "expected",
			       SLICE_PRINT(slice_part(source, 0, 200)));
	}
	if (!is_repository(out->repository))
		return failure(ERR_FORMAT, "the source's name \"%.*s\": ORG/NAME is expected",
			       SLICE_PRINT(slice_part(out->repository, 0, 200)));
	if (out->revision.size == 0)
		out->revision = S("main");
	if (out->revision.size > MAX_REVISION)
		return failure(ERR_LIMIT, "a revision has at most %d bytes", MAX_REVISION);
	return OK;
}

static struct slice make_url(struct arena *arena, const struct upstream *u, const char *before,
			     const char *act, struct slice path, const char *query)
{
	AUTO(buf_free) struct buf text = buf_new(MAX_URL);

	buf_write(&text, u->endpoint);
	buf_write_string(&text, before);
	buf_write(&text, u->repository);
	buf_write_string(&text, act);
	url_write_component(&text, u->revision);
	if (path.size)
		buf_write_string(&text, "/");
	url_write_path(&text, path);
	buf_write_string(&text, query);
	return arena_copy(arena,
			  text.overflow ? S("") : buf_slice(&text)); /* "" is refused later */
}

struct slice upstream_info_url(struct arena *arena, const struct upstream *u)
{
	return make_url(arena, u, "/api/models/", "/revision/", S(""), "");
}

struct slice upstream_tree_url(struct arena *arena, const struct upstream *u)
{
	return make_url(arena, u, "/api/models/", "/tree/", S(""), "?recursive=true");
}

struct slice upstream_file_url(struct arena *arena, const struct upstream *u, struct slice path)
{
	return make_url(arena, u, "/", "/resolve/", path, "");
}

enum err upstream_read_info(struct slice *commit, struct arena *arena, struct slice text)
{
	AUTO(json_auto) json_t *info = NULL;
	struct slice sha;

	TRY(json_read(&info, text, UPSTREAM_MAX_ANSWER));
	TRY(json_get_text(&sha, info, "sha"));
	if (sha.size > MAX_COMMIT || !is_name(sha))
		return failure(ERR_FORMAT, "the source's \"sha\" is no commit");
	*commit = arena_copy(arena, sha);
	return OK;
}

static enum err read_hashes(struct upstream_file *out, const json_t *entry)
{
	const json_t *lfs = json_object_get(entry, "lfs");
	struct slice oid;
	int64_t size;

	out->is_large = json_is_object(lfs);
	if (!out->is_large) {
		TRY(json_get_text(&oid, entry, "oid"));
		return text_read_hex(out->git_sha1, sizeof out->git_sha1, oid);
	}
	TRY(json_get_text(&oid, lfs, "oid"));
	TRY(json_get_int_or(&size, lfs, "size", (int64_t)out->size));
	if (size < 0 || (uint64_t)size != out->size)
		return failure(ERR_CONFLICT, "the source's file \"%.*s\" has two sizes",
			       SLICE_PRINT(out->path));
	return text_read_hex(out->sha256, sizeof out->sha256, oid);
}

static enum err read_entry(struct upstream_file *out, struct arena *arena, const json_t *entry)
{
	struct slice path;
	int64_t size;
	enum err result;

	TRY(json_get_text(&path, entry, "path"));
	TRY(commit_check_path(path));
	TRY(json_get_int(&size, entry, "size"));
	out->path = arena_copy(arena, path);
	out->size = (uint64_t)size;
	if (size < 0)
		return failure(ERR_FORMAT, "the source's file \"%.*s\" has a size below zero",
			       SLICE_PRINT(path));
	result = read_hashes(out, entry);
	if (result == OK || result == ERR_CONFLICT)
		return result;
	return failure(ERR_DENIED,
		       "the source tells no hash of \"%.*s\": it hides them from who may not read "
		       "the model; give a token that may (--source-token-file)",
		       SLICE_PRINT(path));
}

static bool has_path(const struct upstream_tree *tree, struct slice path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (slice_equal(tree->files[i].path, path))
			return true;
	return false;
}

enum err upstream_read_tree(struct upstream_tree *tree, struct arena *arena, struct slice text)
{
	AUTO(json_auto) json_t *list = NULL;

	TRY(json_read(&list, text, UPSTREAM_MAX_ANSWER));
	if (!json_is_array(list))
		return failure(ERR_FORMAT, "the source's tree is no list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		struct upstream_file file = {0};
		struct slice type;

		TRY(json_get_text_or(&type, entry, "type", S("file")));
		if (!slice_equal(type, S("file")))
			continue;
		TRY(read_entry(&file, arena, entry));
		if (has_path(tree, file.path))
			return failure(ERR_FORMAT, "the source lists \"%.*s\" twice",
				       SLICE_PRINT(file.path));
		if (tree->count == COMMIT_MAX_FILES)
			return failure(ERR_LIMIT, "the source has more than %d files",
				       COMMIT_MAX_FILES);
		tree->files[tree->count++] = file;
	}
	return OK;
}
