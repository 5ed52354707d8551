/* SPDX-License-Identifier: Apache-2.0 */
/* demo_fetch.h - files of a model into a digest: nothing the demo downloads is ever written. */
#ifndef GATEWAY_CLI_DEMO_FETCH_H
#define GATEWAY_CLI_DEMO_FETCH_H

#include "crypto/digest.h"
#include "gateway/cli/demo.h"
#include "gateway/cli/walk.h"

struct demo_fetched {
	struct digest sha256;
	uint64_t bytes;    /* that came, of a broken transfer too */
	const char *event; /* X-Audit-Receipt; "" if there was none */
};

RESULT demo_fetch(struct demo_fetched *out, struct demo *d, struct client *c, const char *model,
		  const char *revision, struct slice path);
RESULT demo_hash_file(struct digest *out, struct walk *w, struct arena *arena,
		      const struct walk_file *file);

#endif
