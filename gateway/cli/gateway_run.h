/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway_run.h - runs a gateway as our child: starts sallyportd, waits until it serves, stops
 * it. What it says goes to a file.
 */
#ifndef GATEWAY_CLI_GATEWAY_RUN_H
#define GATEWAY_CLI_GATEWAY_RUN_H

#include <sys/types.h>

#include "crypto/base/err.h"
#include "gateway/cli/client.h"

/* Starts it, and returns once all its processes have said that they are ready. */
RESULT gateway_run_start(pid_t *out, const char *config, const char *log);

/* Until /readyz answers 200. */
RESULT gateway_run_await(struct client *c, pid_t *gateway, const char *log);

void gateway_run_stop(pid_t *gateway); /* 0 is fine, and what it becomes */

#endif
