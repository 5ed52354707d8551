/* SPDX-License-Identifier: Apache-2.0 */
/* Access requests looked for: filters, pages, counts. What a viewer may see is part of the
 * question, so that no list is cut down after it was read. */
#include "schema/store/request.h"
#include "schema/store/rows.h"

#define DECIDES "'requests:decide'"
#define HANDLES "'requests:decide', 'requests:handle'"

/* $1 viewer, $2 by office, $3 mine, $4 assigned, $5 model, $6 text */
#define WANTED \
	"WHERE ($1::uuid IS NULL OR q.person = $1 OR q.lead = $1 " \
	"OR EXISTS (SELECT FROM access_accessor a WHERE a.request = q.id AND a.person = $1) " \
	"OR (q.state <> 'draft' AND (($2::boolean AND " OFFICE_HELD( \
		"$1", HANDLES, \
		"m.name") ") " \
			  "OR EXISTS (SELECT FROM access_reviewer r WHERE r.request = q.id AND " \
			  "r.person = $1) " \
			  "OR EXISTS (SELECT FROM access_delegation g WHERE g.delegate = $1 " \
			  "AND g.ended_at IS NULL AND g.until > clock_timestamp() AND (g.request " \
			  "= q.id " \
			  "OR g.model = q.model OR (g.request IS NULL AND g.model IS NULL)) " \
			  "AND " OFFICE_HELD( \
				  "g.person", DECIDES, \
				  "m.name") ")))) " \
					    "AND (NOT $3::boolean OR q.person = $1) " \
					    "AND (NOT $4::boolean OR (q.waiting_since IS NOT " \
					    "NULL " \
					    "AND NOT EXISTS (SELECT FROM access_conflict(q.id, " \
					    "$1)) " \
					    "AND NOT EXISTS (SELECT FROM access_vote v WHERE " \
					    "v.request = q.id " \
					    "AND v.round = q.round AND $1 IN (v.person, v.seat)) " \
					    "AND (($2 AND " OFFICE_HELD( \
						    "$1", DECIDES, \
						    "m.name") " AND (NOT EXISTS (SELECT FROM " \
							      "committee_member k WHERE k.model " \
							      "= q.model) " \
							      "OR EXISTS (SELECT FROM " \
							      "committee_member k WHERE k.model " \
							      "= q.model AND k.person = $1))) " \
							      "OR EXISTS (SELECT FROM " \
							      "access_delegation g WHERE " \
							      "g.delegate = $1 AND g.ended_at IS " \
							      "NULL " \
							      "AND g.until > clock_timestamp() " \
							      "AND (g.request = q.id OR g.model " \
							      "= q.model " \
							      "OR (g.request IS NULL AND g.model " \
							      "IS NULL)) AND " OFFICE_HELD( \
								      "g.person", DECIDES, \
								      "m.name") ")))) " \
										"AND ($5::text " \
										"IS NULL OR " \
										"m.name = $5) " \
										"AND ($6::text " \
										"IS NULL OR " \
										"strpos(lower(q." \
										"intended_use), " \
										"lower($6)) > 0 " \
										"OR " \
										"strpos(lower(p." \
										"name), " \
										"lower($6)) > 0 " \
										"OR " \
										"strpos(lower(m." \
										"name), " \
										"lower($6)) > 0) "

/* Filters that are not used are NULL: a plan made for all values of them takes each for a sieve,
 * and reads and sorts everything where the first page is all that is asked for. So these are
 * planned anew each time, which costs some 3 ms. */
static void put_wanted(struct store_step *step, const struct store_request_question *q)
{
	store_put_id(step, q->viewer);
	store_put_bool(step, q->by_office);
	store_put_bool(step, q->mine);
	store_put_bool(step, q->assigned);
	store_put_text_or_null(step, q->model);
	store_put_text_or_null(step, q->text);
}

enum err store_request_find(struct store *s, struct arena *arena, struct store_request **out,
			    size_t *count, const struct store_request_question *question)
{
	static const struct store_statement newest = {
		NULL, REQUEST_SELECT WANTED
		"AND ($7::text IS NULL OR q.state = $7) AND ($8::timestamptz IS NULL "
		"OR (q.created_at, q.id) < ($8, $9::uuid)) "
		"ORDER BY q.created_at DESC, q.id DESC LIMIT $10::bigint"};
	static const struct store_statement waiting = {
		NULL, REQUEST_SELECT WANTED
		"AND ($7::text IS NULL OR q.state = $7) AND q.waiting_since IS NOT NULL "
		"AND ($8::timestamptz IS NULL OR (q.waiting_since, q.id) > ($8, $9::uuid)) "
		"ORDER BY q.waiting_since, q.id LIMIT $10::bigint"};
	AUTO(store_step_clear)
	struct store_step step = {.statement = question->by_waiting ? &waiting : &newest,
				  .arena = arena};

	put_wanted(&step, question);
	store_put_text_or_null(&step, question->state);
	store_put_time(&step, question->after_ms);
	store_put_id(&step, question->after);
	store_put_int(&step, (int64_t)question->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, request_take);
	return OK;
}

static void take_count(struct store_step *step, void *out)
{
	struct store_request_count *one = out;

	one->state = store_take_text(step);
	one->count = store_take_int(step);
}

enum err store_request_counts(struct store *s, struct arena *arena,
			      struct store_request_count **out, size_t *count,
			      const struct store_request_question *question)
{
	static const struct store_statement find = {NULL,
						    "SELECT q.state, count(*) " REQUEST_FROM WANTED
						    "GROUP BY q.state ORDER BY q.state"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	put_wanted(&step, question);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_count);
	return OK;
}
