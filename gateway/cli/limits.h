/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - limits as words of a command: requests/day=1000, tokens/license=50000, concurrent=4.
 */
#ifndef GATEWAY_CLI_LIMITS_H
#define GATEWAY_CLI_LIMITS_H

#include "crypto/json.h"
#include "gateway/cli/cli.h"

/* Every --limit, as the gateway takes them; the caller owns the array. A word that is none is an
 * error of usage. */
RESULT limits_read_words(json_t **out, struct cli *cli);

#endif
