/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/notice.h"

#include "schema/store/query.h"

enum err store_notice_add(struct store *s, const struct store_notice *notice)
{
	static const struct store_statement insert = {
		"notice_add",
		"INSERT INTO notice (id, kind, at, actor, person, request, license, model, office, "
		"detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, notice->id);
	store_put_text(&step, notice->kind);
	store_put_time(&step, notice->at_ms);
	store_put_id(&step, notice->actor);
	store_put_id(&step, notice->person);
	store_put_id(&step, notice->request);
	store_put_id(&step, notice->license);
	store_put_text_or_null(&step, notice->model);
	store_put_text_or_null(&step, notice->office);
	store_put_text(&step, notice->detail);
	return store_run(s, &step, 1);
}
