/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks.h - keys of listed issuers that publish them (jku): fetched by the courier, kept in the
 * database. Once an hour by a job; sooner when a visa names a key that is not here (roll-over), but
 * at most once a minute, whoever asks and however many edges there are. What cannot be fetched
 * leaves the last good keys as they are, and says so in the issuer's row.
 */
#ifndef GATEWAY_API_PROOF_JWKS_H
#define GATEWAY_API_PROOF_JWKS_H

#include "gateway/api/api.h"

enum { JWKS_HOUR_MS = 3600 * 1000, JWKS_LEAST_MS = 60 * 1000 };

/* ERR_CONFLICT: its keys are pinned. ERR_UNAVAILABLE: it was tried less than a minute ago. Else why
 * it could not be fetched; the text is kept in the row, too. */
RESULT jwks_fetch(struct route_context *context, struct arena *arena, struct slice iss);

#endif
