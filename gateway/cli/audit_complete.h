/* SPDX-License-Identifier: Apache-2.0 */
/* audit_complete.h - audit verify of one license's entries, or one person's. */
#ifndef GATEWAY_CLI_AUDIT_COMPLETE_H
#define GATEWAY_CLI_AUDIT_COMPLETE_H

#include "gateway/cli/cli.h"

/* Of the options license, actor, from, out, receipt, earlier, whole and those of trust.h. */
RESULT audit_complete(struct cli *cli);

#endif
