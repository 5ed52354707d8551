/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/upload/commit.h"

#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/json.h"

enum err commit_check_path(struct slice path)
{
	struct slice rest = path;
	bool more = true;

	if (path.size == 0 || path.size > COMMIT_MAX_PATH)
		return failure(ERR_LIMIT, "a file's path has 1 to %d bytes", COMMIT_MAX_PATH);
	if (!slice_is_utf8(path))
		return failure(ERR_FORMAT, "a file's path is not UTF-8");
	for (size_t i = 0; i < path.size; i++)
		if (path.data[i] < 0x20 || path.data[i] == 0x7f || path.data[i] == '\\')
			return failure(ERR_FORMAT,
				       "a file's path has a control byte or a backslash");
	while (more) {
		struct slice part;

		more = slice_cut(rest, '/', &part, &rest);
		if (part.size == 0 || slice_equal(part, S(".")) || slice_equal(part, S("..")))
			return failure(ERR_FORMAT,
				       "a file's path has an empty part, \".\" or \"..\"");
	}
	return OK;
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool looks_like_id(struct slice name)
{
	uint8_t bytes[20];

	return name.size == 2 * sizeof bytes && text_read_hex(bytes, sizeof bytes, name) == OK;
}

static bool is_good_part(struct slice part)
{
	for (size_t i = 0; i < part.size; i++)
		if (!is_alphanumeric(part.data[i]) && part.data[i] != '.' && part.data[i] != '_' &&
		    part.data[i] != '-')
			return false;
	for (size_t i = 1; i < part.size; i++)
		if (part.data[i] == '.' && part.data[i - 1] == '.')
			return false;
	return part.size && part.data[0] != '.' && !slice_ends_with(part, S(".")) &&
	       !slice_ends_with(part, S(".lock"));
}

enum err commit_check_reference(struct slice name)
{
	struct slice rest = name;
	bool more = true;

	if (name.size == 0 || name.size > COMMIT_MAX_REFERENCE || !is_alphanumeric(name.data[0]))
		return failure(ERR_FORMAT,
			       "the name of a branch or tag has 1 to %d bytes and begins with a "
			       "letter or a digit",
			       COMMIT_MAX_REFERENCE);
	if (slice_equal(name, S("HEAD")) || slice_starts_with(name, S("refs/")) ||
	    looks_like_id(name))
		return failure(ERR_FORMAT,
			       "\"%.*s\" is no name for a branch or tag: it means "
			       "something else",
			       SLICE_PRINT(name));
	while (more) {
		struct slice part;

		more = slice_cut(rest, '/', &part, &rest);
		if (!is_good_part(part))
			return failure(ERR_FORMAT,
				       "the name of a branch or tag is of A-Z a-z 0-9 . _ - and "
				       "/, as git allows them");
	}
	return OK;
}

static enum err read_regular(struct commit_operation *out, struct arena *arena, const json_t *value)
{
	AUTO(buf_free) struct buf bytes = buf_new(COMMIT_MAX_REGULAR);
	struct slice encoding, content;

	TRY(json_get_text_or(&encoding, value, "encoding", S("base64")));
	TRY(json_get_text(&content, value, "content"));
	if (slice_equal(encoding, S("utf-8")))
		buf_write(&bytes, content);
	else if (slice_equal(encoding, S("base64")))
		TRY(text_read_base64(&bytes, content, TEXT_BASE64));
	else
		return failure(ERR_UNSUPPORTED, "\"encoding\" is \"%.*s\", base64 expected",
			       SLICE_PRINT(encoding));
	if (buf_done(&bytes) != OK)
		return failure(ERR_LIMIT,
			       "a file sent in the commit has at most %d bytes; send it by LFS",
			       COMMIT_MAX_REGULAR);
	out->content = arena_copy(arena, buf_slice(&bytes));
	out->size = bytes.size;
	return OK;
}

static enum err read_large(struct commit_operation *out, const json_t *value)
{
	struct slice algorithm, oid;
	int64_t size;

	TRY(json_get_text_or(&algorithm, value, "algo", S("sha256")));
	TRY(json_get_text(&oid, value, "oid"));
	TRY(json_get_int_or(&size, value, "size", 0));
	if (!slice_equal(algorithm, S("sha256")) || size < 0)
		return failure(ERR_FORMAT, "an lfsFile has \"algo\" sha256 and a \"size\"");
	out->size = (uint64_t)size;
	return text_read_hex(out->sha256.bytes, DIGEST_SIZE, oid);
}

static enum err read_operation(struct commit_operation *out, struct arena *arena, struct slice key,
			       const json_t *value)
{
	struct slice path;

	TRY(json_get_text(&path, value, "path"));
	if (slice_ends_with(path, S("/")))
		path.size--; /* folders are named with a slash at the end */
	TRY(commit_check_path(path));
	out->path = arena_copy(arena, path);
	if (slice_equal(key, S("file"))) {
		out->kind = COMMIT_REGULAR;
		return read_regular(out, arena, value);
	}
	if (slice_equal(key, S("lfsFile"))) {
		out->kind = COMMIT_LARGE;
		return read_large(out, value);
	}
	out->kind = slice_equal(key, S("deletedFile")) ? COMMIT_DELETE : COMMIT_DELETE_FOLDER;
	return OK;
}

static enum err read_header(struct commit *out, struct arena *arena, const json_t *value)
{
	struct slice summary, parent;

	TRY(json_get_text_or(&summary, value, "summary", S("")));
	TRY(json_get_text_or(&parent, value, "parentCommit", S("")));
	out->summary = arena_copy(arena, summary);
	out->parent = arena_copy(arena, parent);
	return OK;
}

static bool is_operation(struct slice key)
{
	return slice_equal(key, S("file")) || slice_equal(key, S("lfsFile")) ||
	       slice_equal(key, S("deletedFile")) || slice_equal(key, S("deletedFolder"));
}

static enum err read_line(struct commit *out, struct arena *arena, struct slice line)
{
	AUTO(json_auto) json_t *json = NULL;
	const json_t *value;
	struct slice key;

	TRY(json_read(&json, line, COMMIT_MAX_LINE));
	TRY(json_get_text(&key, json, "key"));
	TRY(json_get_object(&value, json, "value"));
	if (slice_equal(key, S("header")))
		return read_header(out, arena, value);
	if (slice_equal(key, S("copyFile")))
		return failure(ERR_UNSUPPORTED, "\"copyFile\" is not done here; name the file's "
						"SHA-256 as an lfsFile instead");
	if (!is_operation(key))
		return failure(ERR_UNSUPPORTED,
			       "\"key\" is \"%.*s\"; header, file, lfsFile, deletedFile or "
			       "deletedFolder expected",
			       SLICE_PRINT(slice_part(key, 0, 40)));
	if (out->count == COMMIT_MAX_FILES)
		return failure(ERR_LIMIT, "more than %d operations", COMMIT_MAX_FILES);
	return read_operation(&out->operations[out->count++], arena, key, value);
}

enum err commit_parse(struct commit *out, struct arena *arena, struct slice body)
{
	struct slice rest = body;
	bool more = true;

	*out = (struct commit){
		.operations = arena_alloc(arena, COMMIT_MAX_FILES * sizeof *out->operations)};
	for (size_t number = 1; more; number++) {
		struct slice line;
		enum err result;

		more = slice_cut(rest, '\n', &line, &rest);
		if (line.size == 0)
			continue;
		result = read_line(out, arena, line);
		if (result != OK)
			return failure(result, "commit, line %zu: %s", number,
				       arena_string(arena, slice_of_string(failure_text())));
	}
	if (out->count == 0)
		return failure(ERR_FORMAT, "the commit changes nothing");
	return OK;
}

static int compare_files(const void *a, const void *b)
{
	const struct commit_file *x = a, *y = b;
	size_t common = x->path.size < y->path.size ? x->path.size : y->path.size;
	int order = memcmp(x->path.data, y->path.data, common);

	return order ? order : (x->path.size > y->path.size) - (x->path.size < y->path.size);
}

enum err commit_write_manifest(struct buf *out, struct commit_file *files, size_t count)
{
	AUTO(json_auto) json_t *manifest = json_object_new();
	json_t *list = json_array_new();

	qsort(files, count, sizeof *files, compare_files);
	json_put_int(manifest, "v", 1);
	json_put(manifest, "files", list);
	for (size_t i = 0; i < count; i++) {
		AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
		json_t *one = json_object_new();

		text_write_hex(&hex, slice_of(files[i].sha256.bytes, DIGEST_SIZE));
		json_put_text(one, "path", files[i].path);
		json_put_text(one, "sha256", buf_slice(&hex));
		json_put_int(one, "size", (int64_t)files[i].size);
		json_push(list, one);
	}
	return json_write_canonical(out, manifest);
}

void commit_revision(char out[COMMIT_REVISION], const struct digest *manifest, struct slice parent,
		     struct slice model, int64_t now_ms, struct slice summary)
{
	AUTO(buf_free) struct buf text = buf_new(64 * 1024 + COMMIT_MAX_LINE);
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct digest digest;

	buf_write(&text, S("sallyport/revision/v1\n"));
	buf_write(&text, slice_of(manifest->bytes, DIGEST_SIZE));
	buf_write_block(&text, parent);
	buf_write_block(&text, model);
	buf_write_u64(&text, (uint64_t)now_ms);
	buf_write_block(&text, summary);
	digest = digest_of(buf_slice(&text));
	text_write_hex(&hex, slice_of(digest.bytes, DIGEST_SIZE));
	memcpy(out, hex.data, COMMIT_REVISION - 1);
	out[COMMIT_REVISION - 1] = '\0';
}
