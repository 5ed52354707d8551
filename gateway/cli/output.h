/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - answers on standard output: a table or lines for people, the gateway's JSON for
 * machines. Text from outside is shown without control characters, so that no answer can move
 * the cursor of who reads it.
 */
#ifndef GATEWAY_CLI_OUTPUT_H
#define GATEWAY_CLI_OUTPUT_H

#include <stdio.h>

#include "crypto/json.h"
#include "gateway/cli/cli.h"

/* The members named in `columns` ("id name state") of each object of answer[list]. With --json:
 * the whole answer. */
RESULT output_table(const struct cli *cli, const json_t *answer, const char *list,
		    const char *columns);

/* One object as "name  value" lines. With --json: the object. */
RESULT output_object(const struct cli *cli, const json_t *object, const char *names);

/* A sentence for people; with --json the answer (or {} if NULL) instead. */
RESULT output_done(const struct cli *cli, const json_t *answer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

RESULT output_json(const json_t *value); /* one line */

/* Control bytes but tab and newline become '?'. */
void output_text(FILE *out, struct slice text);

#endif
