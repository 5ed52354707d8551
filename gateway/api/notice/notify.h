/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - people and programs are told of what concerns them. A notice is written in the
 * transaction of what it tells of; a job finds out whom it concerns, and delivers it by mail and
 * by webhooks (notice_spread.h, notice_delivery.h).
 *
 * api_log() does it for every entry of a kind that notice_kinds.h tells of: whoever writes the
 * entry need not do anything, as long as its fields "person", "request", "license" and "model" are
 * there where they mean something. notify() is for what has no entry of its own, as a reminder.
 */
#ifndef GATEWAY_API_NOTICE_NOTIFY_H
#define GATEWAY_API_NOTICE_NOTIFY_H

#include "schema/audit/event.h"
#include "schema/store/notice.h"

/* In place of an office: the person alone. */
#define NOTIFY_NOBODY_ELSE "none"

struct notice {
	enum audit_kind kind;
	uint8_t actor[STORE_ID]; /* is not told of what they did; none: the gateway */
	/* Whom it is about, who alone is told, but for the holders of `office`; none: whose the
	 * request or license is, and all others as the kind says. */
	uint8_t person[STORE_ID];
	uint8_t request[STORE_ID]; /* may be none */
	uint8_t license[STORE_ID]; /* may be none */
	struct slice model;        /* name; empty: about none */
	struct slice office;       /* "requests:decide": its holders too; empty: as the kind says */
	/* One sentence, of ours: at most STORE_NOTICE_MAX_DETAIL bytes. Not what people wrote, and
	 * no secret: it goes out by mail. */
	struct slice detail;
};

/* Is it told to anybody? */
bool notify_tells(enum audit_kind kind);

/* In the current transaction, or as one. Nothing, if the kind is told to nobody. */
RESULT notify(struct store *store, const struct notice *notice);

/* The same of an entry that has ended (audit_event_end). The notice has the entry's id. */
RESULT notify_event(struct store *store, const struct audit_event *event);

#endif
