/* SPDX-License-Identifier: Apache-2.0 */
/*
 * running.h - how many generations may be under way. A generation holds a worker until it ends,
 * so only some of the workers may be held so; the others go on with decisions, revocations and
 * health. How a withdrawal reaches one is cuts.h. Any thread may call these. Pure.
 */
#ifndef GATEWAY_API_INFER_RUNNING_H
#define GATEWAY_API_INFER_RUNNING_H

#include "crypto/base/err.h"

struct running;

struct running *running_new(unsigned most); /* at once */
void running_free(struct running *r);

/* ERR_LIMIT: all places are taken. */
RESULT running_enter(struct running *r);
void running_leave(struct running *r);

/* How many there are, the caller's own included. */
unsigned running_count(const struct running *r);

#endif
