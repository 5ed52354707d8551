/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the porter's messages. The loop takes them; each transfer runs on a thread of its
 * own, which answers by itself. A transfer whose key is still on its way waits a little.
 */
#ifndef GATEWAY_PORTER_SERVE_H
#define GATEWAY_PORTER_SERVE_H

#include "gateway/porter/keys.h"
#include "gateway/proc/loop.h"

enum {
	SERVE_MAX_TRANSFERS = 64, /* threads at one time */
	SERVE_MAX_WAITING = 64,   /* transfers without a key yet */
	SERVE_KEY_WAIT_MS = 2000,
	SERVE_TICK_MS = 60 * 1000, /* how often idle keys are looked for */
};

struct serve;

struct serve *serve_new(int store); /* a borrowed directory descriptor */
void serve_free(struct serve *s);   /* NULL is fine; waits for running transfers */
void serve_use_loop(struct serve *s, struct loop *l);

/* For struct loop_handlers; `context` is the struct serve. */
enum err serve_frame(void *context, const struct channel *from, const struct frame *frame);
void serve_timer(void *context);

#endif
