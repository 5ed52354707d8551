/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/delivery.h"

#include "schema/store/query.h"

enum err store_delivery_add(struct store *s, const struct store_delivery *d)
{
	static const struct store_statement upsert = {
		"delivery_add",
		"INSERT INTO delivery (person, model, revision, path, license, first_at, last_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (model, revision, person, path) "
		"DO UPDATE SET license = $5, releases = delivery.releases + 1, last_at = $6"};
	AUTO(store_step_clear) struct store_step step = {.statement = &upsert};

	store_put_id(&step, d->person);
	store_put_id(&step, d->model);
	store_put_text(&step, d->revision);
	store_put_text(&step, d->path);
	store_put_id(&step, d->license);
	store_put_time(&step, d->last_ms);
	return store_run(s, &step, 1);
}
