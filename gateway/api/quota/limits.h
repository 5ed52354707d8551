/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - limits as clients write them: of licenses (in an approval), persons, institutions. */
#ifndef GATEWAY_API_QUOTA_LIMITS_H
#define GATEWAY_API_QUOTA_LIMITS_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

/* "limits" of a body, for struct issue.limits: canonical JSON in the arena, "" if there are none.
 * ERR_FORMAT, ERR_LIMIT tell what is wrong with them. */
RESULT limits_of_body(struct slice *out, struct arena *arena, const json_t *body);

#endif
