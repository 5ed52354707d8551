/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the courier's messages. The loop takes them; each transfer and call runs on a thread
 * of its own, which answers by itself. One whose edge goes is stopped.
 */
#ifndef GATEWAY_COURIER_SERVE_H
#define GATEWAY_COURIER_SERVE_H

#include "gateway/courier/fetch.h"
#include "gateway/courier/mail.h"
#include "gateway/proc/loop.h"

enum { COURIER_MAX_TRANSFERS = 16, COURIER_MAX_CALLS = 32, COURIER_MAX_MAILS = 8 };

struct serve;

/* Both are borrowed, and live until the end. */
struct serve *serve_new(const struct fetch_rules *rules, const struct mail_rules *mail_rules);

/* For struct loop_handlers; `context` is the struct serve. */
enum err serve_frame(void *context, const struct channel *from, const struct frame *frame);
void serve_peer(void *context, const struct channel *peer, bool joined);

#endif
