/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/access.h"

#include "schema/store/rows.h"

/* The order of the steps in the batch. */
enum { MODEL, REVISION, FILE_STEP, LICENSES, REQUEST, VISAS };

static void put_all(struct store_batch *batch, struct arena *arena,
		    const struct store_access_question *q)
{
	struct slice revision = q->revision.size ? q->revision : S("main");
	struct store_step *step;

	store_put_text(store_batch_add(batch, &model_get_statement, arena), q->model);
	step = store_batch_add(batch, &revision_find_statement, arena);
	store_put_text(step, q->model);
	store_put_text(step, revision);
	step = store_batch_add(batch, &file_find_statement, arena);
	store_put_text(step, q->model);
	store_put_text(step, revision);
	store_put_text(step, q->path);
	step = store_batch_add(batch, &license_list_statement, arena);
	store_put_id(step, q->person);
	store_put_text(step, q->model);
	step = store_batch_add(batch, &request_last_statement, arena);
	store_put_id(step, q->person);
	store_put_text(step, q->model);
	store_put_id(store_batch_add(batch, &visa_list_statement, arena), q->person);
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
	out->has_file = take_one(&batch.steps[FILE_STEP], &out->file, file_take);
	out->licenses = store_all(&batch.steps[LICENSES], &out->license_count,
				  sizeof *out->licenses, license_take);
	out->has_request = take_one(&batch.steps[REQUEST], &out->request, request_take);
	out->visas = store_all(&batch.steps[VISAS], &out->visa_count, sizeof *out->visas,
			       visa_take);
	return OK;
}
