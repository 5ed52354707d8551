/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_run.h - makes the forms of a report out of the log, a page of entries at a time. The same
 * head gives the same bytes whenever it is run, as long as no payload of its entries is erased.
 */
#ifndef GATEWAY_API_AUDIT_REPORT_RUN_H
#define GATEWAY_API_AUDIT_REPORT_RUN_H

#include "gateway/api/api.h"
#include "schema/report/note.h"

/* The next bytes of a form. Anything but OK ends the run. */
typedef enum err report_sink_fn(void *context, unsigned form, struct slice bytes);

/* What was found while it ran. */
struct report_result {
	uint64_t rows;
	struct digest forms[REPORT_FORMS]; /* of those that were made */
};

struct report_work {
	struct exchange *x;
	struct route_context *context;
	struct report_head head;  /* without size and root: report_begin finds them */
	bool forms[REPORT_FORMS]; /* which are made */
	report_sink_fn *sink;     /* NULL: digests only */
	void *sink_context;
	struct report_result result; /* out */
};

/* head.size and head.root: of the newest checkpoint, or of the tree of `size` entries (0: of the
 * newest). ERR_FORMAT: the log has not as many; ERR_UNAVAILABLE: it is not searched up to there. */
RESULT report_begin(struct report_work *w, uint64_t size);

RESULT report_run(struct report_work *w);

/* Has anything been erased since the tree had this size? */
RESULT report_is_disturbed(bool *out, struct report_work *w);

#endif
