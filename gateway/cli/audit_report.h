/* SPDX-License-Identifier: Apache-2.0 */
/* audit_report.h - audit verify REPORT.json, for the command that also verifies logs. */
#ifndef GATEWAY_CLI_AUDIT_REPORT_H
#define GATEWAY_CLI_AUDIT_REPORT_H

#include "gateway/cli/cli.h"

/* By files alone; the key is that of --vkey or --policy, or what is remembered of the log. */
RESULT audit_verify_report(struct cli *cli, const char *path);

#endif
