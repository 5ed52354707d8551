/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/clock_watch.h"

#include <inttypes.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/api/api.h"

bool clock_watch_look(struct clock_watch *w, int64_t now_ms, int64_t awake_ms)
{
	int64_t offset_ms = now_ms - awake_ms;
	int64_t by_ms = offset_ms - w->offset_ms;
	bool has_jumped = w->is_begun &&
			  (by_ms >= CLOCK_WATCH_JUMP_MS || by_ms <= -CLOCK_WATCH_JUMP_MS);

	w->offset_ms = offset_ms;
	w->is_begun = true;
	if (!has_jumped)
		return false;
	/* Of several that could not be told in between: from before the first to behind the last.
	 */
	if (!w->is_due)
		w->by_ms = 0;
	w->by_ms += by_ms;
	w->before_ms = now_ms - w->by_ms;
	w->is_due = true;
	atomic_fetch_add(&w->jumps, 1);
	atomic_store(&w->last_by_ms, by_ms);
	return true;
}

static enum err tell(const struct clock_watch *w, struct route_context *context)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	char before[CLOCK_TEXT];

	clock_text(before, w->before_ms);
	audit_event_begin(&event, AUDIT_CLOCK_JUMP, NULL, S(""));
	audit_event_number(&event, "by_ms", w->by_ms);
	audit_event_text(&event, "before", slice_of_string(before));
	audit_event_number(&event, "edge", context->api->index);
	return api_log(context->store, &event);
}

enum err clock_watch_run(struct clock_watch *w, struct route_context *context)
{
	if (clock_watch_look(w, clock_now_ms(), clock_awake_ms()))
		log_error("clock.jumped", "by_ms=%" PRId64, w->by_ms);
	if (!w->is_due)
		return OK;
	TRY(tell(w, context));
	w->is_due = false;
	return OK;
}
