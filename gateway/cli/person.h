/* SPDX-License-Identifier: Apache-2.0 */
/* person.h - persons by name, where the API wants their id. */
#ifndef GATEWAY_CLI_PERSON_H
#define GATEWAY_CLI_PERSON_H

#include "gateway/cli/cli.h"

/* The id of whom a word names: a name, or an id already. ERR_NOT_FOUND. */
RESULT person_id(const char **out, struct cli *cli, struct client *c, const char *word);

#endif
