/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report is signed as its entry says it, and for no tree that is longer than the keeper's own.
 * Its root the keeper cannot know (it keeps none but the newest): who verifies a report has a proof
 * that the log goes on from there.
 */
#include "crypto/base/text.h"
#include "gateway/keeper/evidence.h"
#include "schema/report/note.h"

enum err rules_report_sign(struct rules *r, const struct wire_report_sign *ask, struct buf *text)
{
	AUTO(evidence_clear) struct evidence e = {0};
	AUTO(arena_free) struct arena arena = {0};
	struct report_made made;
	char id[TEXT_UUID];

	r->code = "";
	TRY(evidence_find_kind(r, &e, ask->event, EVENT_REPORT_MAKE, RULES_FRESH_MS));
	TRY(report_made_read(&made, &arena, e.payload));
	if (made.size > journal_size(r->journal))
		return rules_refuse(r, ERR_DENIED, "", "the report is of more than the log has");
	text_uuid(id, ask->event);
	report_note_write(text, &made, r->origin, slice_of_string(id));
	TRY(buf_done(text));
	return evidence_use(r, &e, S(""));
}
