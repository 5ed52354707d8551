/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/import_source.h"

#include <fcntl.h>

#include "crypto/base/file.h"
#include "gateway/cli/progress.h"

enum { SOURCE_MAX_LINE = 64 * 1024, SOURCE_MAX_TOKEN = 1024 };

/* The gateway's lines, as they come. */
struct source_lines {
	struct arena *arena;
	struct buf text; /* of the line that is not whole yet */
	struct import_done *done;
	struct progress progress;
	const char *shown; /* the file whose bar stands there; NULL: none */
	uint64_t shown_bytes;
};

static void show(struct source_lines *l, struct slice file, uint64_t size, uint64_t done)
{
	if (!l->shown || !slice_equal(file, slice_of_string(l->shown))) {
		l->shown = arena_string(l->arena, file);
		l->shown_bytes = 0;
		l->progress = progress_begin(arena_printf(l->arena, "fetching %s", l->shown), size);
	}
	if (done > l->shown_bytes) {
		progress_add(&l->progress, done - l->shown_bytes);
		l->shown_bytes = done;
	}
}

static enum err take_file(struct source_lines *l, const json_t *line)
{
	struct slice file, state;
	int64_t size, done;

	TRY(json_get_text(&file, line, "file"));
	TRY(json_get_int(&size, line, "size"));
	TRY(json_get_int(&done, line, "done"));
	TRY(json_get_text_or(&state, line, "state", S("")));
	if (!slice_equal(state, S("present")))
		show(l, file, (uint64_t)size, (uint64_t)done);
	if (state.size && l->shown)
		progress_end(&l->progress);
	if (state.size)
		l->shown = NULL;
	return OK;
}

static enum err take_end(struct source_lines *l, const json_t *line)
{
	struct slice revision, notes;
	int64_t files, sent, bytes;

	TRY(json_get_text(&revision, line, "revision"));
	TRY(json_get_text_or(&notes, line, "notes", S("")));
	TRY(json_get_int(&files, line, "files"));
	TRY(json_get_int(&sent, line, "sent"));
	TRY(json_get_int(&bytes, line, "bytes"));
	l->done->revision = arena_string(l->arena, revision);
	l->done->notes = arena_string(l->arena, notes);
	l->done->files = (size_t)files;
	l->done->sent = (size_t)sent;
	l->done->bytes = (uint64_t)bytes;
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
	return json_has(line, "revision") ? take_end(l, line) : OK;
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

static enum err write_request(struct buf *out, struct arena *arena, const struct import_plan *plan,
			      const struct import_source *s)
{
	AUTO(json_auto) json_t *body = json_object_new();
	AUTO(buf_free) struct buf token = buf_new(SOURCE_MAX_TOKEN);
	struct slice line, rest;

	json_put_text(body, "source", slice_of_string(address_of(arena, s)));
	json_put_text(body, "name", slice_of_string(plan->name));
	json_put_text(body, "revision", slice_of_string(plan->branch));
	if (s->token_file) {
		TRY(file_read(&token, AT_FDCWD, s->token_file));
		buf_write_string(&token, "\n");
		if (slice_cut(buf_slice(&token), '\n', &line, &rest))
			json_put_text(body, "token", slice_trim(line));
	}
	TRY(json_write_canonical(out, body));
	return buf_done(out);
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
	struct source_lines lines = {
		.arena = arena, .text = buf_new(2 * CLIENT_MAX_HEADERS), .done = out};
	struct client_request request = {.method = "POST",
					 .path = "/api/v1/imports",
					 .content_type = "application/json",
					 .sink = on_bytes,
					 .sink_context = &lines};

	*out = (struct import_done){.removed = json_array_new()};
	TRY(write_request(&body, arena, plan, s));
	TRY(import_prepare(arena, c, plan));
	request.body = buf_slice(&body);
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	if (!out->revision)
		return failure(ERR_CLOSED, "the gateway broke off; run the import again, what is "
					   "sealed already is kept");
	return OK;
}
