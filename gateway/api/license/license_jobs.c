/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes due with licenses: their holders are reminded before the end; who has left an
 * institution loses what they held as its member; who got a recalled file late is told.
 */
#include "crypto/base/clock.h"
#include "gateway/api/jobs.h"
#include "gateway/api/license/recalls.h"
#include "schema/store/license_select.h"
#include "schema/store/renewal.h"

enum { LATE_MS = 3600 * 1000 }; /* the keeper gives no key of it: nothing is later than that */

/* The row says that it was told, the entry tells: with it goes the notice to the holder. */
static enum err remind(struct route_context *context, struct arena *arena,
		       const struct store_reminder *r, int64_t now_ms)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_LICENSE_REMIND, NULL, S("gateway"));
	audit_event_uuid(&event, "license", r->license);
	audit_event_text(&event, "model", r->model_name);
	audit_event_uuid(&event, "person", r->person);
	audit_event_text(&event, "person_name", r->person_name);
	audit_event_number(&event, "days", r->days);
	audit_event_text(&event, "expires", slice_of_string(api_time(arena, r->expires_ms)));
	TRY(store_begin(store));
	TRY(store_reminder_add(store, r->license, r->days, now_ms));
	TRY(api_log(store, &event));
	return store_commit(store);
}

enum err job_license_reminders(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_reminder *due;
	size_t count;

	TRY(store_reminders_due(context->store, arena, &due, &count, now_ms));
	for (size_t i = 0; i < count; i++)
		TRY(remind(context, arena, &due[i], now_ms));
	return OK;
}

/* Suspended, not revoked: they may come back. From the commit on it stands in all edges. */
static enum err suspend_departed(struct route_context *context, const struct store_license *l,
				 int64_t now_ms)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_LICENSE_SUSPEND, NULL, S("gateway"));
	audit_event_uuid(&event, "license", l->id);
	audit_event_text(&event, "model", l->model_name);
	audit_event_uuid(&event, "person", l->person);
	audit_event_text(&event, "person_name", l->person_name);
	audit_event_uuid(&event, "institution", l->institution);
	audit_event_text(&event, "reason", S("their membership of the institution has ended"));
	TRY(store_begin(store));
	TRY(store_license_set_state(store, l->id, S("active"), S("suspended"),
				    S("the membership of the institution has ended"), now_ms));
	return api_commit(context, &event);
}

enum err job_license_departed(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_license *licenses;
	size_t count;

	TRY(store_licenses_of_departed(context->store, arena, &licenses, &count));
	for (size_t i = 0; i < count; i++) {
		enum err result = suspend_departed(context, &licenses[i], now_ms);

		if (result != OK && result != ERR_CONFLICT) /* which somebody else has changed */
			return result;
	}
	return OK;
}

/* A file that was on its way to somebody when its revision was recalled. */
enum err job_recall_duties(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_recall *recalls;
	size_t count;

	TRY(store_recall_list(context->store, arena, &recalls, &count));
	for (size_t i = 0; i < count; i++) {
		AUTO(store_end) struct store *store = context->store;

		if (recalls[i].at_ms < now_ms - LATE_MS)
			continue;
		TRY(store_begin(store));
		TRY(recall_tell(context, arena, &recalls[i], now_ms));
		TRY(store_commit(store));
	}
	return OK;
}
