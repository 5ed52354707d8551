/* SPDX-License-Identifier: Apache-2.0 */
/* The pure half of pull_proof.h: what a model.commit entry says of a revision's files. */
#include "crypto/base/text.h"
#include "gateway/api/upload/commit.h"
#include "gateway/cli/pull_proof.h"

enum { MANIFEST_MAX = 16 * 1024 * 1024 };

static enum err check_subject(const json_t *entry, struct slice model, struct slice revision)
{
	struct slice told_model, told_revision;

	TRY(json_get_text(&told_model, entry, "model"));
	TRY(json_get_text(&told_revision, entry, "revision"));
	if (slice_equal(told_model, model) && slice_equal(told_revision, revision))
		return OK;
	return failure(ERR_FORGED, "the log's entry is of another model or revision");
}

static enum err read_files(struct commit_file **out, struct arena *arena, const json_t *list)
{
	size_t count = json_array_size(list);

	if (count > TREE_MAX_FILES)
		return failure(ERR_LIMIT, "the log's entry has more than %d files", TREE_MAX_FILES);
	*out = arena_alloc(arena, (count + 1) * sizeof **out);
	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_array_get(list, i);
		struct commit_file *file = &(*out)[i];
		struct slice hex;
		int64_t size;

		TRY(json_get_text(&file->path, one, "path"));
		TRY(json_get_int(&size, one, "size"));
		TRY(json_get_text(&hex, one, "sha256"));
		TRY(text_read_hex(file->sha256.bytes, DIGEST_SIZE, hex));
		file->size = (uint64_t)size;
	}
	return OK;
}

/* The number that stands for the whole revision is that of these files. Sorts them by path. */
static enum err check_digest(const json_t *entry, struct commit_file *files, size_t count)
{
	AUTO(buf_free) struct buf text = buf_new(MANIFEST_MAX);
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct digest digest;
	struct slice told;

	TRY(json_get_text(&told, entry, "manifest_sha256"));
	TRY(commit_write_manifest(&text, files, count));
	TRY(buf_done(&text));
	digest = digest_of(buf_slice(&text));
	text_write_hex(&hex, digest_slice(&digest));
	if (!slice_equal(buf_slice(&hex), told))
		return failure(ERR_FORGED, "the log's entry contradicts itself: its files are not "
					   "those of its manifest");
	return OK;
}

static enum err match(struct tree_file *file, struct arena *arena, const struct commit_file *logged)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);

	text_write_hex(&hex, digest_slice(&logged->sha256));
	if (!slice_equal(slice_of_string(file->path), logged->path) || file->size != logged->size ||
	    (file->sha256 && !slice_equal(buf_slice(&hex), slice_of_string(file->sha256))))
		return failure(ERR_FORGED,
			       "\"%s\": the gateway lists another file than the log holds of this "
			       "revision. Nothing was downloaded; tell the administrator",
			       file->path);
	file->sha256 = arena_string(arena, buf_slice(&hex));
	file->is_logged = true;
	return OK;
}

enum err pull_proof_read(struct tree *tree, struct arena *arena, struct slice payload,
			 struct slice model, struct slice revision)
{
	AUTO(json_auto) json_t *entry = NULL;
	struct commit_file *files = NULL;
	const json_t *list;

	TRY(json_read(&entry, payload, MANIFEST_MAX));
	TRY(check_subject(entry, model, revision));
	TRY(json_get_array(&list, entry, "files"));
	TRY(read_files(&files, arena, list));
	TRY(check_digest(entry, files, json_array_size(list)));
	if (json_array_size(list) != tree->count)
		return failure(ERR_FORGED,
			       "the gateway lists %zu files, and the log holds %zu of this "
			       "revision. Nothing was downloaded; tell the administrator",
			       tree->count, json_array_size(list));
	for (size_t i = 0; i < tree->count; i++) /* both are sorted by path */
		TRY(match(&tree->files[i], arena, &files[i]));
	return OK;
}
