/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/access.h"

#include <assert.h>

#include "schema/store/rows.h"

/* The order of the steps in the batch; the last is left out where no file is asked for. */
enum { MODEL, REVISION, LICENSES, REQUEST, LIMITS, FILE_STEP };

static void put_all(struct store_batch *batch, struct arena *arena,
		    const struct store_access_question *q)
{
	struct slice revision = q->revision.size ? q->revision : S("main");
	struct store_step *step;

	store_put_text(store_batch_add(batch, &model_get_statement, arena), q->model);
	step = store_batch_add(batch, &revision_find_statement, arena);
	store_put_text(step, q->model);
	store_put_text(step, revision);
	step = store_batch_add(batch, &license_list_statement, arena);
	store_put_id(step, q->person);
	store_put_text(step, q->model);
	step = store_batch_add(batch, &request_last_statement, arena);
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

static bool take_one(struct store_step *step, void *out, store_take_fn *take_row)
{
	if (!store_next(step))
		return false;
	take_row(step, out);
	return true;
}

enum err store_access_load(struct store *s, struct arena *arena, struct store_access *out,
			   const struct store_access_question *question)
{
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	put_all(&batch, arena, question);
	TRY(store_batch_run(s, &batch));
	*out = (struct store_access){0};
	TRY(store_one(&batch.steps[MODEL], &out->model, model_take, "model"));
	out->has_revision = take_one(&batch.steps[REVISION], &out->revision, revision_take);
	out->has_file = question->path.size &&
			take_one(&batch.steps[FILE_STEP], &out->file, file_take);
	out->licenses = store_all(&batch.steps[LICENSES], &out->license_count,
				  sizeof *out->licenses, license_take);
	out->has_request = take_one(&batch.steps[REQUEST], &out->request, request_take);
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
static_assert(sizeof(struct store_model) == 240 && sizeof(struct store_revision) == 184 &&
		      sizeof(struct store_file) == 112 && sizeof(struct store_license) == 424 &&
		      sizeof(struct store_request) == 400 && sizeof(struct store_limit) == 72,
	      "a row has changed: does store_access_copy still copy all it points at?");

static void own_license(struct arena *arena, struct store_license *l)
{
	OWN_TEXTS(arena, &l->model_name, &l->person_name, &l->state, &l->state_reason, &l->rights,
		  &l->document, &l->limits, &l->regions, &l->uses, &l->requires);
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
	struct store_request *q = &to->request;

	*to = *from;
	OWN_TEXTS(arena, &m->name, &m->state, &m->state_reason, &m->gate, &m->open_paths, &m->main,
		  &m->runnable_reason);
	OWN_TEXTS(arena, &r->id, &r->state, &r->parent, &r->title, &r->runnable_reason,
		  &r->recall_reason);
	OWN_TEXTS(arena, &f->path, &f->header);
	OWN_TEXTS(arena, &q->model_name, &q->person_name, &q->state, &q->intended_use, &q->rights,
		  &q->reason, &q->decided_by_name, &q->uses);
	to->licenses = copy_rows(arena, from->licenses, from->license_count, sizeof *to->licenses);
	for (size_t i = 0; i < to->license_count; i++)
		own_license(arena, &to->licenses[i]);
	to->limits = copy_rows(arena, from->limits, from->limit_count, sizeof *to->limits);
	for (size_t i = 0; i < to->limit_count; i++)
		OWN_TEXTS(arena, &to->limits[i].subject_kind, &to->limits[i].measure,
			  &to->limits[i].per);
}
