/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/turn.h"

#include "schema/store/query.h"

/* The first key of our advisory locks: "SPRT". The second is the turn. */
#define LOCK_SPACE "1397772884"

/* A lock that is taken twice must be given back twice, so it is taken only where it is not held. */
enum err store_turn_take(struct store *s, enum store_turn turn, bool *is_mine)
{
	static const struct store_statement take = {
		"turn_take",
		"SELECT CASE WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' "
		"AND pid = pg_backend_pid() AND classid = " LOCK_SPACE
		"::oid AND objid = $1::bigint::oid AND granted) "
		"THEN true ELSE pg_try_advisory_lock(" LOCK_SPACE ", $1::bigint::integer) END"};
	AUTO(store_step_clear) struct store_step step = {.statement = &take};

	store_put_int(&step, (int64_t)turn);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the database does not say whose turn it is");
	*is_mine = store_take_bool(&step);
	return OK;
}
