/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/audit_room.h"

#include "schema/store/query.h"

enum err store_audit_room(struct store *s, struct arena *arena, struct store_audit_room *out)
{
	static const struct store_statement look = {
		"audit_room", "SELECT database, files, is_told FROM audit_room()"};
	AUTO(store_step_clear) struct store_step step = {.statement = &look, .arena = arena};

	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the state of the log is missing");
	out->database = store_take_text(&step);
	out->files = store_take_text(&step);
	out->is_told = store_take_bool(&step);
	return OK;
}

enum err store_audit_room_told(struct store *s, const struct store_audit_room *room)
{
	static const struct store_statement tell = {"audit_room_told",
						    "SELECT audit_room_told($1::text || $2::text)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &tell};

	store_put_text(&step, room->database);
	store_put_text(&step, room->files);
	return store_run(s, &step, 1);
}
