/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses looked for: filters and pages. What a viewer may see is part of the question, so that no
 * page is cut down after it was read. */
#include "schema/store/license.h"
#include "schema/store/rows.h"

#define SEES "'licenses:manage', 'audit:read'"

/* As with requests (request_find.c), the plan is made anew for the filters that are there. */
enum err store_license_find(struct store *s, struct arena *arena, struct store_license **out,
			    size_t *count, const struct store_license_question *q)
{
	static const struct store_statement newest = {
		NULL, LICENSE_SELECT "WHERE (l.person = $1 OR ($2::boolean AND " OFFICE_HELD(
			      "$1", SEES,
			      "m.name") ")) "
					"AND ($3::text IS NULL OR m.name = $3) AND ($4::text IS "
					"NULL OR $4 = CASE WHEN "
					"l.state = 'active' AND l.expires_at <= clock_timestamp() "
					"THEN 'expired' ELSE "
					"l.state END) AND ($5::text IS NULL OR "
					"strpos(lower(p.name), lower($5)) > 0 OR "
					"strpos(lower(m.name), lower($5)) > 0 OR "
					"starts_with(l.id::text, lower($5))) "
					"AND ($6::timestamptz IS NULL OR (l.issued_at, l.id) < "
					"($6, $7::uuid)) "
					"ORDER BY l.issued_at DESC, l.id DESC LIMIT $8::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &newest, .arena = arena};

	store_put_id(&step, q->viewer);
	store_put_bool(&step, q->by_office);
	store_put_text_or_null(&step, q->model);
	store_put_text_or_null(&step, q->state);
	store_put_text_or_null(&step, q->text);
	store_put_time(&step, q->after_ms);
	store_put_id(&step, q->after);
	store_put_int(&step, (int64_t)q->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, license_take);
	return OK;
}
