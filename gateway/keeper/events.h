/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - the entries appended a short while ago that a key or a signature can be had for,
 * and what each was used for already. In memory only: after a restart none is known, so nothing
 * can be used a second time; who was waiting writes a new entry.
 */
#ifndef GATEWAY_KEEPER_EVENTS_H
#define GATEWAY_KEEPER_EVENTS_H

#include "crypto/digest.h"

enum {
	EVENTS_MAX = 16384,
	EVENTS_MAX_BYTES = 64 << 20, /* of payloads */
	EVENTS_MAX_USES = 4096,      /* of one event */
	EVENTS_KEPT_MS = 10 * 60 * 1000,
};

/* kind, name in the log: those that the keeper gives something for. */
#define EVENT_KINDS(X) \
	X(EVENT_KEY_CREATE, "key.create") \
	X(EVENT_KEY_RESUME, "key.resume") \
	X(EVENT_MODEL_COMMIT, "model.commit") \
	X(EVENT_KEY_RELEASE, "key.release") \
	X(EVENT_MODEL_SERVE, "model.serve") \
	X(EVENT_ADAPTER_COMMIT, "adapter.commit") \
	X(EVENT_ADAPTER_SERVE, "adapter.serve") \
	X(EVENT_INFER_PASS, "infer.pass") \
	X(EVENT_LICENSE_ISSUE, "license.issue") \
	X(EVENT_LICENSE_RENEW, "license.renew") \
	X(EVENT_TOKEN_CREATE, "token.create") \
	X(EVENT_CAPABILITY_CREATE, "capability.create") \
	X(EVENT_LICENSE_CHECKOUT, "license.checkout") \
	X(EVENT_LICENSE_EXPORT, "license.export") \
	X(EVENT_STATUS_PUBLISH, "status.publish") \
	X(EVENT_VISA_ISSUE, "visa.issue") \
	X(EVENT_REPORT_MAKE, "report.make")

#define EVENT_ENUM(kind, name) kind,
enum event_kind { EVENT_KINDS(EVENT_ENUM) };
#undef EVENT_ENUM

struct event {
	uint8_t id[16];
	enum event_kind kind;
	int64_t appended_ms; /* monotonic */
	uint8_t *payload;    /* owned by the table */
	size_t payload_size;
	struct digest *uses; /* what it was used for */
	size_t use_count;
};

struct events; /* oldest go first, by age and by room */

struct events *events_new(void);
void events_free(struct events *e); /* NULL is fine */
AUTO_POINTER(events)

const char *event_kind_name(enum event_kind kind);
bool event_kind_of_name(enum event_kind *out, struct slice name);

/* The payload is copied. An id that is there already keeps its first event. */
void events_add(struct events *e, const uint8_t id[16], enum event_kind kind, int64_t now_ms,
		struct slice payload);

/* Borrowed until the next events_add; NULL: not appended in this life, or too long ago. */
struct event *events_find(struct events *e, const uint8_t id[16]);

bool event_is_used(const struct event *event, const struct digest *use);

/* ERR_LIMIT: it has been used for too much. */
RESULT event_use(struct event *event, const struct digest *use);

#endif
