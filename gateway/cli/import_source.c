/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/import_source.h"

#include <fcntl.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "gateway/cli/progress.h"

enum { SOURCE_MAX_LINE = 64 * 1024, SOURCE_MAX_TOKEN = 1024, SOURCE_MAX_FILES = 10000 };

/* How much of a file the bar counts already. */
struct source_file {
	const char *path;
	uint64_t done;
};

/* The gateway's lines, as they come. */
struct source_lines {
	struct arena *arena;
	struct buf text; /* of the line that is not whole yet */
	struct import_done *done;
	const char *name; /* of the model here */
	struct progress progress;
	bool is_begun;
	struct source_file *files; /* those that a line has named */
	size_t count, most;
};

/* {"commit","files","bytes"} */
static enum err take_begin(struct source_lines *l, const json_t *line)
{
	int64_t files, bytes;

	TRY(json_get_int(&files, line, "files"));
	TRY(json_get_int(&bytes, line, "bytes"));
	if (files < 0 || files > SOURCE_MAX_FILES || bytes < 0 || l->is_begun)
		return failure(ERR_FORMAT, "the gateway's first line is none");
	l->is_begun = true;
	l->most = (size_t)files;
	l->files = arena_alloc(l->arena, (l->most + 1) * sizeof *l->files);
	l->progress = progress_begin(arena_printf(l->arena, "importing %s", l->name),
				     (uint64_t)bytes);
	return OK;
}

static enum err find_file(struct source_file **out, struct source_lines *l, struct slice path)
{
	for (size_t i = 0; i < l->count; i++)
		if (slice_equal(path, slice_of_string(l->files[i].path))) {
			*out = &l->files[i];
			return OK;
		}
	if (l->count == l->most)
		return failure(ERR_FORMAT, "the gateway names more files than it announced");
	*out = &l->files[l->count++];
	(*out)->path = arena_string(l->arena, path);
	return OK;
}

/* {"file","size","done","state"?}; lines of several files come in turns. */
static enum err take_file(struct source_lines *l, const json_t *line)
{
	struct slice path, state;
	struct source_file *file = NULL;
	int64_t size, done;

	TRY(json_get_text(&path, line, "file"));
	TRY(json_get_int(&size, line, "size"));
	TRY(json_get_int(&done, line, "done"));
	TRY(json_get_text_or(&state, line, "state", S("")));
	if (size < 0 || done < 0 || done > size)
		return failure(ERR_FORMAT, "the gateway tells sizes that cannot be");
	TRY(find_file(&file, l, path));
	if (slice_equal(state, S("present"))) {
		l->progress.total -= (uint64_t)size < l->progress.total ? (uint64_t)size
									: l->progress.total;
		progress_note(&l->progress, file->path, "is here already");
		return OK;
	}
	if ((uint64_t)done > file->done)
		progress_add(&l->progress, (uint64_t)done - file->done);
	file->done = (uint64_t)done;
	if (state.size)
		progress_file(&l->progress, file->path, (uint64_t)size);
	return OK;
}

/* {"revision","notes","files","sent","bytes","fetched","commit","source",...} */
static enum err take_end(struct source_lines *l, const json_t *line)
{
	struct slice revision, notes, commit, source;
	int64_t files, sent, bytes, fetched;

	TRY(json_get_text(&revision, line, "revision"));
	TRY(json_get_text_or(&notes, line, "notes", S("")));
	TRY(json_get_text_or(&commit, line, "commit", S("")));
	TRY(json_get_text_or(&source, line, "source", S("")));
	TRY(json_get_int(&files, line, "files"));
	TRY(json_get_int(&sent, line, "sent"));
	TRY(json_get_int(&bytes, line, "bytes"));
	TRY(json_get_int_or(&fetched, line, "fetched", 0));
	TRY(json_get_int_or(&l->done->milliseconds, line, "milliseconds", 0));
	TRY(json_get_bool_or(&l->done->is_unchanged, line, "unchanged", false));
	l->done->revision = arena_string(l->arena, revision);
	l->done->notes = arena_string(l->arena, notes);
	l->done->commit = arena_string(l->arena, commit);
	l->done->source = arena_string(l->arena, source);
	l->done->files = (size_t)files;
	l->done->sent = (size_t)sent;
	l->done->bytes = (uint64_t)bytes;
	l->done->fetched = (uint64_t)fetched;
	return OK;
}

static enum err take_line(struct source_lines *l, struct slice text)
{
	AUTO(json_auto) json_t *line = NULL;
	const json_t *error;
	struct slice detail;

	TRY(json_read(&line, text, SOURCE_MAX_LINE));
	error = json_object_get(line, "error");
	if (json_is_object(error)) {
		TRY(json_get_text(&detail, error, "detail"));
		return failure(ERR_DENIED, "%s", arena_string(l->arena, detail));
	}
	if (json_has(line, "file"))
		return take_file(l, line);
	return json_has(line, "revision") ? take_end(l, line) : take_begin(l, line);
}

static enum err on_bytes(void *context, struct slice bytes)
{
	struct source_lines *l = context;
	struct slice line, rest;

	buf_write(&l->text, bytes);
	TRY(buf_done(&l->text));
	while (slice_cut(buf_slice(&l->text), '\n', &line, &rest)) {
		TRY(take_line(l, line));
		buf_consume(&l->text, line.size + 1);
	}
	return OK;
}

/* hf:ORG/NAME below another endpoint is that endpoint's own address. */
static const char *address_of(struct arena *arena, const struct import_source *s)
{
	const char *slash = s->endpoint && slice_ends_with(slice_of_string(s->endpoint), S("/"))
				    ? ""
				    : "/";

	if (!s->endpoint || strncmp(s->address, "hf:", 3) != 0)
		return s->address;
	return arena_printf(arena, "%s%s%s", s->endpoint, slash, s->address + 3);
}

/* From the file, else from the environment: not from the command line, which others can see. */
static enum err put_token(json_t *body, const struct import_source *s)
{
	AUTO(buf_free) struct buf text = buf_new(SOURCE_MAX_TOKEN);
	const char *variable = getenv("SALLYPORT_SOURCE_TOKEN");
	struct slice line, rest;

	if (s->token_file)
		TRY(file_read(&text, AT_FDCWD, s->token_file));
	else if (variable)
		buf_write_string(&text, variable);
	buf_write_string(&text, "\n");
	TRY(buf_done(&text));
	if (slice_cut(buf_slice(&text), '\n', &line, &rest) && slice_trim(line).size)
		json_put_text(body, "token", slice_trim(line));
	explicit_bzero(text.data, text.size);
	return OK;
}

static enum err write_request(struct buf *out, struct arena *arena, const struct import_plan *plan,
			      const struct import_source *s)
{
	AUTO(json_auto) json_t *body = json_object_new();

	json_put_text(body, "source", slice_of_string(address_of(arena, s)));
	json_put_text(body, "name", slice_of_string(plan->name));
	json_put_text(body, "revision", slice_of_string(plan->branch));
	json_put_bool(body, "create", true);
	if (plan->gate)
		json_put_text(body, "gate", slice_of_string(plan->gate));
	TRY(put_token(body, s));
	TRY(json_write_canonical(out, body));
	return buf_done(out);
}

/* A model that is there, or that gets terms, is put right before a byte comes. Any other the
 * gateway makes itself, once it has seen that the source is good for it. */
static enum err prepare(struct arena *arena, struct client *c, const struct import_plan *plan)
{
	enum err result = plan->terms
				  ? OK
				  : client_call(c, NULL, "GET",
						arena_printf(arena, "/api/models/%s",
							     client_encode_path(
								     arena,
								     slice_of_string(plan->name))),
						NULL);

	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	return import_prepare(arena, c, plan);
}

bool import_is_source(const char *path)
{
	return strncmp(path, "hf:", 3) == 0 || strncmp(path, "https://", 8) == 0;
}

static void lines_clear(struct source_lines *l)
{
	buf_free(&l->text);
}

enum err import_from(struct import_done *out, struct arena *arena, struct client *c,
		     const struct import_plan *plan, const struct import_source *s)
{
	AUTO(buf_free) struct buf body = buf_new(SOURCE_MAX_LINE);
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(lines_clear)
	struct source_lines lines = {.arena = arena,
				     .text = buf_new(2 * SOURCE_MAX_LINE),
				     .done = out,
				     .name = plan->name};
	struct client_request request = {.method = "POST",
					 .path = "/api/v1/imports",
					 .content_type = "application/json",
					 .sink = on_bytes,
					 .sink_context = &lines};
	enum err result;

	*out = (struct import_done){.removed = json_array_new()};
	TRY(write_request(&body, arena, plan, s));
	TRY(prepare(arena, c, plan));
	request.body = buf_slice(&body);
	result = client_send(c, &answer, &request);
	if (lines.is_begun)
		progress_end(&lines.progress);
	explicit_bzero(body.data, body.size);
	TRY(result);
	TRY(client_check(c, &answer));
	if (!out->revision)
		return failure(ERR_CLOSED, "the gateway broke off; run the import again, what is "
					   "sealed already is kept");
	return OK;
}
