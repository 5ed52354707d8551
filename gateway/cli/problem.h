/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h - one line for a person out of what a gateway says when it refuses: problem+json
 * under /api/v1, {"error":"text"} of the Hub routes, OpenAI's error object under /v1.
 */
#ifndef GATEWAY_CLI_PROBLEM_H
#define GATEWAY_CLI_PROBLEM_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

/* Always fails: with the kind that fits the status and "CODE: detail; missing: need (href)". */
RESULT problem_failure(long status, struct slice header_code, struct slice body);

#endif
