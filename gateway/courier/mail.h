/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.h - one message to the operator's mail server, by libcurl. TLS always (STARTTLS, or from the
 * beginning), with a certificate that is verified; without TLS only to a loopback address, and only
 * where a setting allows that.
 */
#ifndef GATEWAY_COURIER_MAIL_H
#define GATEWAY_COURIER_MAIL_H

#include <stdatomic.h>

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { MAIL_SECONDS = 30 }; /* for all of it */

struct mail_rules {          /* borrowed; the same for all */
	struct slice server; /* smtp://HOST[:PORT], smtps://HOST[:PORT]; empty: no mail */
	struct slice from;
	struct slice user; /* empty: nobody */
	struct slice password;
	struct slice authorities; /* PEM */
	bool allow_plain_loopback;
};

/* At the start: ERR_FORMAT says which setting is wrong. */
RESULT mail_rules_check(const struct mail_rules *rules);

struct mail {
	const struct mail_rules *rules;
	struct slice to;
	struct slice message;
	const atomic_bool *stop;
};

/* *status: what the server said last, 250 if it has taken the message. ERR_UNSUPPORTED: there is no
 * mail server. ERR_DENIED: its certificate or address, or it has no TLS. ERR_FORMAT: `to` is no
 * mailbox. ERR_TIMEOUT, ERR_UNAVAILABLE. */
RESULT mail_send(unsigned *status, const struct mail *mail);

#endif
