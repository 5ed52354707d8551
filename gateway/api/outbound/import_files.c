/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of an import. Small ones are held in memory (the commit looks into config.json); large
 * ones go from the courier into porters, a few at a time: the bytes do not pass through here, so
 * one worker can look after all of them by asking each in turn how far it is.
 */
#include "gateway/api/outbound/importing.h"

#include "gateway/api/upload/pickles.h"
#include "gateway/api/upload/seal.h"

enum {
	LANES = 4,                        /* files of one import on their way at a time */
	LANES_STEP_MS = 100,              /* until each was asked once */
	FILES_MAX_HELD = 8 * 1024 * 1024, /* bytes of small files in memory */
};

/* A large file on its way. */
struct lane {
	const struct upstream_file *file; /* NULL: free */
	struct seal seal;
	struct outbound_transfer transfer;
	uint64_t told; /* bytes that the client knows of */
};

/* The lanes of one import, and which files are still to come. */
struct lanes {
	struct importing *i;
	struct lane lane[LANES];
	size_t next; /* of the tree */
	size_t busy;
};

static struct arena *arena_of(const struct importing *i)
{
	return exchange_arena(i->x);
}

static json_t *file_line(const struct upstream_file *file, uint64_t done)
{
	json_t *line = json_object_new();

	json_put_text(line, "file", file->path);
	json_put_int(line, "size", (int64_t)file->size);
	json_put_int(line, "done", (int64_t)done);
	return line;
}

static enum err say_present(const struct importing *i, const struct upstream_file *file)
{
	json_t *line = file_line(file, file->size);

	json_put_text(line, "state", S("present"));
	return importing_say(i, line);
}

static enum err say_sealed(struct importing *i, const struct upstream_file *file)
{
	json_t *line = file_line(file, file->size);

	i->sent++;
	i->fetched += file->size;
	json_put_text(line, "state", S("sealed"));
	return importing_say(i, line);
}

static enum err about_file(enum err kind, const struct importing *i,
			   const struct upstream_file *file)
{
	const char *why;

	if (kind == OK)
		return OK;
	why = arena_string(arena_of(i), slice_of_string(failure_text()));
	return failure(kind, "file \"%.*s\": %s", SLICE_PRINT(file->path), why);
}

/* Does the revision that is main now hold this very file? Then the next one has it, too. */
static bool is_here(const struct importing *i, const struct upstream_file *file)
{
	for (size_t n = 0; n < i->before_count; n++) {
		const struct store_file *f = &i->before[n];

		if (slice_equal(f->path, file->path))
			return f->size == file->size && f->is_large == file->is_large &&
			       (file->is_large ? memcmp(f->sha256, file->sha256, 32) == 0
					       : memcmp(f->git_sha1, file->git_sha1,
							sizeof file->git_sha1) == 0);
	}
	return false;
}

static bool is_held(const struct importing *i, const struct upstream_file *file)
{
	return !file->is_large && file->size <= COMMIT_MAX_REGULAR &&
	       file->size <= FILES_MAX_HELD - i->small;
}

static enum err take_small(struct importing *i, const struct upstream_file *file)
{
	AUTO(buf_free) struct buf text = buf_new((size_t)file->size + 1);
	struct slice next;
	struct commit_operation *o;

	TRY(outbound_text(&text, &next, &i->outbound,
			  upstream_file_url(arena_of(i), &i->source, file->path)));
	if (text.size != file->size)
		return failure(ERR_FORMAT, "the host sent %zu bytes, and had announced %llu",
			       text.size, (unsigned long long)file->size);
	o = importing_operation(i, COMMIT_REGULAR, file->path);
	o->content = arena_copy(arena_of(i), buf_slice(&text));
	o->size = file->size;
	o->git_sha1 = file->git_sha1;
	i->small += file->size;
	return say_sealed(i, file);
}

static void use_blob(struct importing *i, const struct upstream_file *file,
		     const uint8_t sha256[STORE_SHA256])
{
	struct commit_operation *o = importing_operation(i, COMMIT_LARGE, file->path);

	memcpy(o->sha256.bytes, sha256, DIGEST_SIZE);
	o->size = file->size;
}

/* What an earlier import that did not come to its end has sealed. */
static enum err find_sealed(bool *found, struct importing *i, const struct upstream_file *file)
{
	struct store_blob blob;
	enum err result;

	*found = false;
	if (!file->is_large)
		return OK;
	result = store_blob_by_sha256(i->context->store, arena_of(i), &blob, i->model.id,
				      file->sha256);
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	*found = true;
	use_blob(i, file, blob.sha256);
	return say_present(i, file);
}

/* From the courier to a porter. */
static enum err begin(struct lane *lane, struct importing *i, const struct upstream_file *file)
{
	int pipe;

	if (file->is_large)
		TRY(seal_begin_large(&lane->seal, i->x, i->context, i->model.id, file->size));
	else
		TRY(seal_begin(&lane->seal, i->x, i->context, i->model.id, file->size));
	pipe = lane->seal.pipe;
	lane->seal.pipe = -1;
	lane->told = 0;
	return outbound_begin(&lane->transfer, &i->outbound,
			      upstream_file_url(arena_of(i), &i->source, file->path), file->size,
			      pipe);
}

static enum err end(struct lane *lane, struct importing *i)
{
	const struct upstream_file *file = lane->file;

	TRY(seal_end(&lane->seal, i->context, file->is_large ? file->sha256 : NULL));
	if (!file->is_large &&
	    memcmp(lane->seal.blob.git_sha1, file->git_sha1, sizeof file->git_sha1) != 0)
		return failure(ERR_FORMAT, "its content does not have the hash that was announced");
	use_blob(i, file, lane->seal.blob.sha256);
	return say_sealed(i, file);
}

static void free_lane(struct lanes *l, struct lane *lane)
{
	if (!lane->file)
		return;
	outbound_end(&lane->transfer, &l->i->outbound);
	seal_clear(&lane->seal);
	*lane = (struct lane){.seal = {.pipe = -1}};
	l->busy--;
}

static void lanes_clear(struct lanes *l)
{
	for (size_t n = 0; n < LANES; n++)
		free_lane(l, &l->lane[n]);
}

static enum err step(struct lanes *l, struct lane *lane)
{
	const struct upstream_file *file = lane->file;
	int wait_ms = LANES_STEP_MS / (int)l->busy;

	TRY(about_file(outbound_step(&lane->transfer, &l->i->outbound, wait_ms), l->i, file));
	if (lane->transfer.is_done) {
		TRY(about_file(end(lane, l->i), l->i, file));
		free_lane(l, lane);
		return OK;
	}
	if (lane->transfer.moved == lane->told)
		return OK;
	lane->told = lane->transfer.moved;
	return importing_say(l->i, file_line(file, lane->told));
}

/* The next file that has to be fetched through a lane; NULL: there is none. What needs none is
 * done on the way. */
static enum err next_file(const struct upstream_file **out, struct lanes *l)
{
	struct importing *i = l->i;

	for (*out = NULL; l->next < i->tree.count && !*out; l->next++) {
		const struct upstream_file *file = &i->tree.files[l->next];
		bool found;

		if (is_here(i, file)) {
			TRY(say_present(i, file));
			continue;
		}
		if (is_held(i, file)) {
			TRY(about_file(take_small(i, file), i, file));
			continue;
		}
		TRY(about_file(find_sealed(&found, i, file), i, file));
		if (!found)
			*out = file;
	}
	return OK;
}

static enum err fill(struct lanes *l, struct lane *lane)
{
	const struct upstream_file *file;

	TRY(next_file(&file, l));
	if (!file)
		return OK;
	lane->file = file;
	l->busy++;
	return about_file(begin(lane, l->i, file), l->i, file);
}

enum err importing_take_files(struct importing *i)
{
	AUTO(lanes_clear) struct lanes lanes = {.i = i};

	for (size_t n = 0; n < i->tree.count; n++)
		if (!is_here(i, &i->tree.files[n]))
			TRY(pickles_check(&i->model, i->tree.files[n].path, false));
	for (size_t n = 0; n < LANES; n++)
		lanes.lane[n].seal.pipe = -1;
	do {
		for (size_t n = 0; n < LANES; n++) {
			if (!lanes.lane[n].file)
				TRY(fill(&lanes, &lanes.lane[n]));
			if (lanes.lane[n].file)
				TRY(step(&lanes, &lanes.lane[n]));
		}
	} while (lanes.busy || lanes.next < i->tree.count);
	return OK;
}
