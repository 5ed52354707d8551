/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/access.h"

#include <assert.h>

#include "schema/store/rows.h"

/* The order of the steps in the batch; the last is left out where no file is asked for. */
enum { MODEL, LICENSES, LIMITS, FILE_STEP };

/* $1: model name, $2: revision, $3: person. What is one row at most is one statement: to the
 * server, a statement more costs as much as two tables more. */
static const struct store_statement model = {
	"access_model",
	"SELECT " MODEL_COLUMNS ", (SELECT q.state FROM access_request q WHERE q.person = $3 "
	"AND q.model = m.id ORDER BY q.created_at DESC, q.id LIMIT 1), " REVISION_COLUMNS
	" " MODEL_FROM "LEFT JOIN revision r ON r.model = m.id AND r.state = 'ready' "
	"AND r.id = " REVISION_OF("m.id") "WHERE m.name = $1"};

/* $1: person, $2: model name. A decision needs nobody's name. */
static const struct store_statement licenses = {
	"access_licenses",
	"SELECT " LICENSE_COLUMNS("''") "FROM license l JOIN model m ON m.id = l.model "
					"WHERE l.person = $1 AND m.name = $2 "
					"ORDER BY l.issued_at DESC, l.id LIMIT 100"};

static void put_all(struct store_batch *batch, struct arena *arena,
		    const struct store_access_question *q)
{
	struct slice revision = q->revision.size ? q->revision : S("main");
	struct store_step *step;

	step = store_batch_add(batch, &model, arena);
	store_put_text(step, q->model);
	store_put_text(step, revision);
	store_put_id(step, q->person);
	step = store_batch_add(batch, &licenses, arena);
	store_put_id(step, q->person);
	store_put_text(step, q->model);
	store_put_id(store_batch_add(batch, &limit_list_statement, arena), q->person);
	if (!q->path.size)
		return;
	step = store_batch_add(batch, &file_find_statement, arena);
	store_put_text(step, q->model);
	store_put_text(step, revision);
	store_put_text(step, q->path);
}

static void take_model(struct store_step *step, void *out)
{
	struct store_access *access = out;

	model_take(step, &access->model);
	access->request_state = store_take_text(step);
	access->has_revision = !store_take_is_null(step);
	if (access->has_revision)
		revision_take(step, &access->revision);
}

enum err store_access_load(struct store *s, struct arena *arena, struct store_access *out,
			   const struct store_access_question *question)
{
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	put_all(&batch, arena, question);
	TRY(store_batch_run(s, &batch));
	*out = (struct store_access){0};
	TRY(store_one(&batch.steps[MODEL], out, take_model, "model"));
	out->has_file = question->path.size && store_next(&batch.steps[FILE_STEP]);
	if (out->has_file)
		file_take(&batch.steps[FILE_STEP], &out->file);
	out->licenses = store_all(&batch.steps[LICENSES], &out->license_count,
				  sizeof *out->licenses, license_take);
	out->limits = store_all(&batch.steps[LIMITS], &out->limit_count, sizeof *out->limits,
				limit_take);
	return OK;
}

/* The texts of a row that was copied as it is. */
static void own_texts(struct arena *arena, struct slice *const texts[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (texts[i]->size)
			*texts[i] = arena_copy(arena, *texts[i]);
		else
			*texts[i] = S("");
}

#define OWN_TEXTS(arena, ...) \
	own_texts(arena, (struct slice *const[]){__VA_ARGS__}, \
		  sizeof((struct slice *const[]){__VA_ARGS__}) / sizeof(struct slice *))

/* These rows may not grow a text that the copies below would share with what they are copied from:
 * whoever adds a field adds it there too, if it points at something, and then counts here. */
static_assert(sizeof(struct store_model) == 256 && sizeof(struct store_revision) == 216 &&
		      sizeof(struct store_file) == 112 && sizeof(struct store_license) == 440 &&
		      sizeof(struct store_limit) == 72,
	      "a row has changed: does store_access_copy still copy all it points at?");

static void own_license(struct arena *arena, struct store_license *l)
{
	OWN_TEXTS(arena, &l->model_name, &l->person_name, &l->state, &l->state_reason, &l->rights,
		  &l->document, &l->limits, &l->regions, &l->uses, &l->plan, &l->requires);
}

static void *copy_rows(struct arena *arena, const void *rows, size_t count, size_t size)
{
	void *copy = arena_alloc(arena, count ? count * size : 1);

	if (count)
		memcpy(copy, rows, count * size);
	return copy;
}

void store_access_copy(struct arena *arena, struct store_access *to,
		       const struct store_access *from)
{
	struct store_model *m = &to->model;
	struct store_revision *r = &to->revision;
	struct store_file *f = &to->file;

	*to = *from;
	OWN_TEXTS(arena, &m->name, &m->state, &m->state_reason, &m->gate, &m->open_paths, &m->main,
		  &m->runnable_reason, &m->tasks);
	OWN_TEXTS(arena, &r->id, &r->state, &r->parent, &r->title, &r->runnable_reason,
		  &r->recall_reason, &r->tasks, &r->chat);
	OWN_TEXTS(arena, &f->path, &f->header);
	OWN_TEXTS(arena, &to->request_state);
	to->licenses = copy_rows(arena, from->licenses, from->license_count, sizeof *to->licenses);
	for (size_t i = 0; i < to->license_count; i++)
		own_license(arena, &to->licenses[i]);
	to->limits = copy_rows(arena, from->limits, from->limit_count, sizeof *to->limits);
	for (size_t i = 0; i < to->limit_count; i++)
		OWN_TEXTS(arena, &to->limits[i].subject_kind, &to->limits[i].measure,
			  &to->limits[i].per);
}
