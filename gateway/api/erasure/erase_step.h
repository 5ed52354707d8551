/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erase_step.h - one step of erasing entries: a transaction with an entry that says which go,
 * and their going. What ends in between (kill -9) has not happened, and is done by the next one.
 */
#ifndef GATEWAY_API_ERASURE_ERASE_STEP_H
#define GATEWAY_API_ERASURE_ERASE_STEP_H

#include "gateway/api/api.h"
#include "schema/store/retention.h"

enum { ERASE_STEPS = 50 }; /* of one erasure or rule in one run of the job: 2000 entries each */

/* Whoever asks for erasures may look at them, and auditors, whose looking is an entry (of how
 * many). */
RESULT erase_look(struct exchange *x, struct route_context *context, const char *what,
		  size_t found);

/* As two people have said, or else the settings. */
RESULT erase_periods(struct store_periods *out, struct route_context *context);

/* What was asked for, the newest first (retention_change.c). */
RESULT retention_changes(json_t **out, struct route_context *context, struct arena *arena);

/* Of one erasure. *more: it has another step now. */
RESULT erase_step_erasure(bool *more, struct route_context *context, struct arena *arena,
			  const uint8_t id[STORE_ID]);

/* Of one rule of retention: usage, record. */
RESULT erase_step_rule(bool *more, struct route_context *context, struct arena *arena,
		       struct slice rule);

/* Sessions and codes whose days are over. */
RESULT erase_step_sessions(struct route_context *context);

#endif
