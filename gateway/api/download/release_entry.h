/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_entry.h - the act behind a release: its decision, its key.release entry and the note of
 * who got which file, in one transaction; then the key, which the keeper gives against the entry.
 */
#ifndef GATEWAY_API_DOWNLOAD_RELEASE_ENTRY_H
#define GATEWAY_API_DOWNLOAD_RELEASE_ENTRY_H

#include "gateway/api/download/release.h"

/* Porter and handle are the caller's; the event is filled in. It stands, published. */
RESULT release_log(struct release *release, struct exchange *x, struct route_context *context,
		   const struct grant *grant);

/* The key goes to the porter of the release. */
RESULT release_ask_keeper(const struct release *release, struct api *api,
			  const struct grant *grant);

#endif
