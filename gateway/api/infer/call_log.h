/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call_log.h - what a call leaves in the log: a decision with an entry before anything the engine
 * says is read, and another entry behind, which counts what came out.
 */
#ifndef GATEWAY_API_INFER_CALL_LOG_H
#define GATEWAY_API_INFER_CALL_LOG_H

#include "gateway/api/infer/call.h"
#include "schema/audit/event.h"

/* Decision and entry, durable when it returns. */
RESULT call_log_begin(struct call *c);

/* The same in two steps, for a call among many. An entry that was started is awaited. */
struct call_entry {
	struct audit_event event;
	struct authorize_entry row;
};
RESULT call_log_start(struct call *c, struct call_entry *entry);
bool call_log_is_late(const struct call *c, const struct call_entry *entry); /* not durable yet */
RESULT call_log_await(struct call *c, struct call_entry *entry);

/* Of a call that has begun. What cannot be written is said in the operators' log. */
void call_log_end(struct call *c, enum err result);

#endif
