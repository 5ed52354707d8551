/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the porter's messages. The loop takes them; what reads or writes a file (sealing one,
 * opening one for a transfer) runs on a thread of its own, which answers by itself. Work whose key
 * is still on its way waits a little. What is open is read over rings, see ring.h.
 */
#ifndef GATEWAY_PORTER_SERVE_H
#define GATEWAY_PORTER_SERVE_H

#include "gateway/porter/keys.h"
#include "gateway/proc/loop.h"

enum {
	SERVE_MAX_JOBS = 64,    /* threads at one time */
	SERVE_MAX_WAITING = 64, /* jobs without a key yet */
	SERVE_KEY_WAIT_MS = 2000,
	SERVE_TICK_MS = 60 * 1000, /* how often idle keys are looked for */
};

struct serve;

/* `store`: a borrowed directory descriptor. It lives until the process ends: rings use it. */
struct serve *serve_new(int store, const struct process *p);
void serve_use_loop(struct serve *s, struct loop *l);

/* For struct loop_handlers; `context` is the struct serve. */
enum err serve_frame(void *context, const struct channel *from, const struct frame *frame);
void serve_timer(void *context);

#endif
