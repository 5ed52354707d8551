/* SPDX-License-Identifier: Apache-2.0 */
/* device_login.h - a token for this program, approved by its person with a browser (RFC 8628). */
#ifndef GATEWAY_CLI_DEVICE_LOGIN_H
#define GATEWAY_CLI_DEVICE_LOGIN_H

#include "gateway/cli/cli.h"

/* Says on standard error where to go and with which code, and waits. The token lives in the arena.
 * ERR_DENIED: turned away. ERR_EXPIRED: nobody came. */
RESULT device_login(const char **token, struct cli *cli, const char *url, const char *ca);

#endif
