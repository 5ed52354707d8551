/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/criteria.h"

#include "schema/store/query.h"
#include "schema/store/rows.h"

#define CRITERIA_SELECT \
	"SELECT c.model, m.name, c.sha256, c.document, c.state, c.drafted_by, c.drafted_at, " \
	"c.proposed_by, c.proposed_at, c.staged_by, c.staged_at, c.starts_at, c.activated_by, " \
	"c.activated_at, c.retired_at " \
	"FROM criteria c JOIN model m ON m.id = c.model "

static void take_criteria(struct store_step *step, void *out)
{
	struct store_criteria *c = out;

	store_take_id(step, c->model);
	c->model_name = store_take_text(step);
	(void)store_take_digest(step, c->sha256);
	c->document = store_take_text(step);
	c->state = store_take_text(step);
	store_take_id(step, c->drafted_by);
	c->drafted_ms = store_take_time(step);
	store_take_id(step, c->proposed_by);
	c->proposed_ms = store_take_time(step);
	store_take_id(step, c->staged_by);
	c->staged_ms = store_take_time(step);
	c->starts_ms = store_take_time(step);
	store_take_id(step, c->activated_by);
	c->activated_ms = store_take_time(step);
	c->retired_ms = store_take_time(step);
}

static void put_version(struct store_step *step, const uint8_t model[STORE_ID],
			const uint8_t sha256[STORE_SHA256])
{
	store_put_id(step, model);
	store_put_bytes(step, slice_of(sha256, STORE_SHA256));
}

enum err store_criteria_draft(struct store *s, bool *is_new, const struct store_criteria *c)
{
	static const struct store_statement insert = {
		"criteria_draft",
		"INSERT INTO criteria (model, sha256, document, drafted_by, drafted_at) "
		"VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	put_version(&step, c->model, c->sha256);
	store_put_bytes(&step, c->document);
	store_put_id(&step, c->drafted_by);
	store_put_time(&step, c->drafted_ms);
	TRY(store_run(s, &step, 1));
	*is_new = store_changed(&step) > 0;
	return OK;
}

enum err store_criteria_get(struct store *s, struct arena *arena, struct store_criteria *out,
			    const uint8_t model[STORE_ID], const uint8_t sha256[STORE_SHA256])
{
	static const struct store_statement find = {"criteria_get", CRITERIA_SELECT
						    "WHERE c.model = $1 AND c.sha256 = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	put_version(&step, model, sha256);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_criteria, "version of the criteria");
}

enum err store_criteria_active(struct store *s, struct arena *arena, struct store_criteria *out,
			       const uint8_t model[STORE_ID])
{
	static const struct store_statement find = {"criteria_active", CRITERIA_SELECT
						    "WHERE c.model = $1 AND c.state = 'active'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_criteria, "active criteria");
}

/* Why nothing was changed. */
static enum err explain(struct store *s, const uint8_t model[STORE_ID],
			const uint8_t sha256[STORE_SHA256], const char *wanted)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_criteria found;

	TRY(store_criteria_get(s, &arena, &found, model, sha256));
	return failure(ERR_CONFLICT, "these criteria are %.*s: %s", SLICE_PRINT(found.state),
		       wanted);
}

enum err store_criteria_propose(struct store *s, const uint8_t model[STORE_ID],
				const uint8_t sha256[STORE_SHA256], const uint8_t by[STORE_ID],
				int64_t now_ms)
{
	static const struct store_statement propose = {
		"criteria_propose",
		"UPDATE criteria SET state = 'proposed', proposed_by = $3, proposed_at = $4, "
		"activated_by = NULL, activated_at = NULL, retired_at = NULL, staged_by = NULL, "
		"staged_at = NULL, starts_at = NULL "
		"WHERE model = $1 AND sha256 = $2 AND state IN ('draft', 'retired')"};
	AUTO(store_step_clear) struct store_step step = {.statement = &propose};

	put_version(&step, model, sha256);
	store_put_id(&step, by);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_changed(&step)
		       ? OK
		       : explain(s, model, sha256, "what is a draft or retired can be proposed");
}

/* What the active ones are now. */
static enum err check_replaces(struct store *s, const struct store_criteria_step *step)
{
	static const uint8_t none[STORE_SHA256];
	AUTO(arena_free) struct arena arena = {0};
	struct store_criteria now = {0};
	enum err result;

	if (!step->replaces)
		return OK;
	result = store_criteria_active(s, &arena, &now, step->model);
	if (result != OK && result != ERR_NOT_FOUND)
		return result;
	if (memcmp(result == OK ? now.sha256 : none, step->replaces, STORE_SHA256) == 0)
		return OK;
	return failure(ERR_CONFLICT,
		       "other criteria are active now than when these were looked at: "
		       "look again at what they change");
}

/* By a second person, over what they have seen. */
static enum err check_step(struct store *s, const struct store_criteria_step *step)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_criteria found;

	TRY(store_criteria_get(s, &arena, &found, step->model, step->sha256));
	if ((slice_equal(found.state, S("proposed")) || slice_equal(found.state, S("staged"))) &&
	    memcmp(found.proposed_by, step->by, STORE_ID) == 0)
		return failure(ERR_DENIED,
			       "who has proposed criteria does not make them active: it takes a "
			       "second person");
	return check_replaces(s, step);
}

static enum err retire_active(struct store *s, const uint8_t model[STORE_ID],
			      const uint8_t sha256[STORE_SHA256], int64_t now_ms)
{
	static const struct store_statement retire = {
		"criteria_retire", "UPDATE criteria SET state = 'retired', retired_at = $3 "
				   "WHERE model = $1 AND sha256 <> $2 AND state = 'active'"};
	AUTO(store_step_clear) struct store_step end = {.statement = &retire};

	put_version(&end, model, sha256);
	store_put_time(&end, now_ms);
	return store_run(s, &end, 1);
}

enum err store_criteria_activate(struct store *s, const struct store_criteria_step *wanted)
{
	static const struct store_statement activate = {
		"criteria_activate",
		"UPDATE criteria SET state = 'active', activated_by = $3, activated_at = $4 "
		"WHERE model = $1 AND sha256 = $2 AND state IN ('proposed', 'staged') "
		"AND proposed_by <> $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &activate};

	TRY(check_step(s, wanted));
	TRY(retire_active(s, wanted->model, wanted->sha256, wanted->now_ms));
	put_version(&step, wanted->model, wanted->sha256);
	store_put_id(&step, wanted->by);
	store_put_time(&step, wanted->now_ms);
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK
				    : explain(s, wanted->model, wanted->sha256,
					      "what is proposed can become active");
}

enum err store_criteria_stage(struct store *s, const struct store_criteria_step *wanted)
{
	static const struct store_statement stage = {
		"criteria_stage",
		"UPDATE criteria SET state = 'staged', staged_by = $3, staged_at = $4, "
		"starts_at = $5 WHERE model = $1 AND sha256 = $2 AND state = 'proposed' "
		"AND proposed_by <> $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &stage};
	AUTO(arena_free) struct arena arena = {0};
	struct store_criteria other;
	enum err result;

	TRY(check_step(s, wanted));
	result = store_criteria_staged(s, &arena, &other, wanted->model);
	if (result == OK)
		return failure(ERR_CONFLICT, "other criteria of the model have their day already: "
					     "withdraw those first");
	if (result != ERR_NOT_FOUND)
		return result;
	put_version(&step, wanted->model, wanted->sha256);
	store_put_id(&step, wanted->by);
	store_put_time(&step, wanted->now_ms);
	store_put_time(&step, wanted->starts_ms);
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK
				    : explain(s, wanted->model, wanted->sha256,
					      "what is proposed can be staged");
}

enum err store_criteria_start(struct store *s, const struct store_criteria *due, int64_t now_ms)
{
	static const struct store_statement start = {
		"criteria_start",
		"UPDATE criteria SET state = 'active', activated_by = staged_by, "
		"activated_at = $3 WHERE model = $1 AND sha256 = $2 AND state = 'staged' "
		"AND starts_at <= $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &start};

	TRY(retire_active(s, due->model, due->sha256, now_ms));
	put_version(&step, due->model, due->sha256);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK
				    : explain(s, due->model, due->sha256, "it is staged no more");
}

enum err store_criteria_due(struct store *s, struct arena *arena, struct store_criteria **out,
			    size_t *count, int64_t now_ms)
{
	static const struct store_statement due = {"criteria_due", CRITERIA_SELECT
						   "WHERE c.state = 'staged' AND c.starts_at <= $1 "
						   "AND m.state <> 'shredded' ORDER BY c.starts_at "
						   "LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &due, .arena = arena};

	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_criteria);
	return OK;
}

enum err store_criteria_withdraw(struct store *s, const uint8_t model[STORE_ID],
				 const uint8_t sha256[STORE_SHA256])
{
	static const struct store_statement withdraw = {
		"criteria_withdraw",
		"UPDATE criteria SET state = 'draft', proposed_by = NULL, proposed_at = NULL, "
		"staged_by = NULL, staged_at = NULL, starts_at = NULL "
		"WHERE model = $1 AND sha256 = $2 AND state IN ('proposed', 'staged')"};
	AUTO(store_step_clear) struct store_step step = {.statement = &withdraw};

	put_version(&step, model, sha256);
	TRY(store_run(s, &step, 1));
	return store_changed(&step)
		       ? OK
		       : explain(s, model, sha256, "what is proposed or staged can be withdrawn");
}

enum err store_criteria_staged(struct store *s, struct arena *arena, struct store_criteria *out,
			       const uint8_t model[STORE_ID])
{
	static const struct store_statement find = {"criteria_staged", CRITERIA_SELECT
						    "WHERE c.model = $1 AND c.state = 'staged'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_criteria, "staged criteria");
}

enum err store_criteria_list(struct store *s, struct arena *arena, struct store_criteria **out,
			     size_t *count, const uint8_t model[STORE_ID])
{
	static const struct store_statement of_model = {
		"criteria_list", CRITERIA_SELECT
		"WHERE c.model = $1 ORDER BY c.drafted_at DESC, c.sha256 LIMIT 1000"};
	static const struct store_statement of_all = {
		"criteria_list_active",
		CRITERIA_SELECT "WHERE c.state = 'active' AND NOT m.hidden AND m.state = 'active' "
				"ORDER BY m.name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.arena = arena};

	step.statement = store_id_is_none(model) ? &of_all : &of_model;
	if (!store_id_is_none(model))
		store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_criteria);
	return OK;
}
