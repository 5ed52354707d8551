/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice_text.h - a notice as people and as programs read it, and the signature of the latter.
 * Pure.
 *
 * Webhooks follow the Standard Webhooks specification (1.0.0): body {"type","timestamp","data"},
 * headers webhook-id, webhook-timestamp and webhook-signature: "v1," and the base64 of HMAC-SHA256
 * over "id.timestamp.body"; the secret is written "whsec_" and base64.
 */
#ifndef GATEWAY_API_NOTICE_NOTICE_TEXT_H
#define GATEWAY_API_NOTICE_NOTICE_TEXT_H

#include "crypto/base/buf.h"
#include "schema/store/message.h"

enum { NOTICE_TEXT_MAX = 16 * 1024 };

/* Subject and text of a mail; `url` is the gateway's, without a slash at its end. */
void notice_write_subject(struct buf *out, const struct store_message *m);
void notice_write_text(struct buf *out, const struct store_message *m, struct slice url);

/* The body that is posted. */
RESULT notice_write_event(struct buf *out, const struct store_message *m, struct slice url);

/* "Name: value\n" for the post of this body at this time. */
void notice_write_headers(struct buf *out, const struct store_message *m, struct slice body,
			  int64_t now_seconds);

void notice_write_secret(struct buf *out, const uint8_t secret[STORE_SECRET]);

/* Until the next try, after so many. */
int64_t notice_wait_ms(int64_t attempts);

#endif
