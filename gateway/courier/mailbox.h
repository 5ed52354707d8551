/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox.h - the addresses of mail that we take, and how a message is put together for one. Pure.
 */
#ifndef GATEWAY_COURIER_MAILBOX_H
#define GATEWAY_COURIER_MAILBOX_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"

enum { MAILBOX_MAX = 254 };

/* local@domain in visible ASCII, at most MAILBOX_MAX bytes, without quotes, comments or anything
 * else that two readers could read in two ways. ERR_FORMAT. */
RESULT mailbox_check(struct slice address);

/* A message of plain text. Everything is borrowed. */
struct mailbox_message {
	struct slice from, to; /* mailboxes, checked */
	struct slice subject;  /* visible ASCII; what is not becomes '?', what is too long is cut */
	struct slice id;       /* the same each time it is sent: its Message-ID is <id@domain> */
	struct slice domain;
	struct slice text; /* UTF-8, lines end with LF */
	int64_t at_seconds;
};

/* RFC 5322: headers, then the text, lines of at most 990 bytes that end with CR LF. It says that a
 * program has written it (RFC 3834), so that no other program answers. */
void mailbox_write(struct buf *out, const struct mailbox_message *message);

#endif
