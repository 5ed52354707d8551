/* SPDX-License-Identifier: Apache-2.0 */
/*
 * running.h - the generations under way: how many there may be, and how a revocation or an
 * emergency stop reaches those that run. A generation holds a worker until it ends, so only some
 * of the workers may be held so; the others go on with decisions, revocations and health. Any
 * thread may call these. Pure.
 */
#ifndef GATEWAY_API_RUNNING_H
#define GATEWAY_API_RUNNING_H

#include <stdint.h>

#include "crypto/base/err.h"

enum { RUNNING_ID = 16, RUNNING_MAX = 256 };

struct running;

struct running *running_new(unsigned most); /* 1..RUNNING_MAX at once */
void running_free(struct running *r);

/* Take a place. `license` all zero: it rests on none. ERR_LIMIT: all places are taken. */
RESULT running_enter(unsigned *place, struct running *r, const uint8_t license[RUNNING_ID],
		     const uint8_t model[RUNNING_ID]);
void running_leave(struct running *r, unsigned place);

/* From now on running_is_cut says so for those that rest on it. */
void running_cut_license(struct running *r, const uint8_t license[RUNNING_ID]);
void running_cut_model(struct running *r, const uint8_t model[RUNNING_ID]);
bool running_is_cut(struct running *r, unsigned place);

#endif
