/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the disk of the log's files or of the database is full, whatever needs an entry is refused
 * (api_may_log). That this begins, and that it ends, are entries themselves: for these there is a
 * reserve on both disks.
 */
#include "crypto/base/log.h"
#include "gateway/api/jobs.h"
#include "schema/store/audit_room.h"

static enum err tell(struct route_context *context, const struct store_audit_room *room)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(store_end) struct store *store = context->store;
	bool is_full = room->database.size || room->files.size;

	audit_event_begin(&event, is_full ? AUDIT_LOG_FULL : AUDIT_LOG_ROOM, NULL, S(""));
	if (room->database.size)
		audit_event_text(&event, "database", room->database);
	if (room->files.size)
		audit_event_text(&event, "files", room->files);
	audit_event_number(&event, "refused", atomic_exchange(&context->api->refused_full, 0));
	TRY(store_begin(store));
	TRY(api_log(store, &event));
	TRY(store_audit_room_told(store, room));
	return store_commit(store);
}

enum err job_audit_room(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_audit_room room;

	(void)now_ms;
	TRY(store_audit_room(context->store, arena, &room));
	if (room.is_told)
		return OK;
	if (room.database.size || room.files.size)
		log_error("log.full", "database=\"%.*s\" files=\"%.*s\"",
			  SLICE_PRINT(room.database), SLICE_PRINT(room.files));
	else
		log_info("log.room", "refused=%u", atomic_load(&context->api->refused_full));
	return tell(context, &room);
}
