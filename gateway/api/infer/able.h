/* SPDX-License-Identifier: Apache-2.0 */
/*
 * able.h - what a revision can be asked for ("embed,generate", as the engine said at its import),
 * and which right asks for what. Pure.
 */
#ifndef GATEWAY_API_INFER_ABLE_H
#define GATEWAY_API_INFER_ABLE_H

#include <jansson.h>

#include "crypto/base/slice.h"
#include "policy/rights.h"

/* The task that the right is for, or NULL: one that no task is needed for. */
const char *able_task(enum right right);

/* Is `task` one of the list? */
bool able_has(struct slice tasks, const char *task);

/* As a JSON array of texts. */
json_t *able_list(struct slice tasks);

/* May the right be used with such a revision? An empty list says that nobody knows: the engine will
 * tell. */
bool able_to(struct slice tasks, enum right right);

#endif
