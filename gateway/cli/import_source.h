/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_source.h - a model comes from another hub: the gateway fetches it itself, and tells how
 * far it is. Run again after a failure, it fetches what is still missing.
 */
#ifndef GATEWAY_CLI_IMPORT_SOURCE_H
#define GATEWAY_CLI_IMPORT_SOURCE_H

#include "gateway/cli/import.h"

struct import_source {
	const char *address;    /* hf:ORG/NAME or https://HOST/ORG/NAME */
	const char *endpoint;   /* what hf: stands for; NULL: as the gateway is set */
	const char *token_file; /* for the source; NULL: SALLYPORT_SOURCE_TOKEN, if that is set */
};

/* Is it an address, and not a directory? */
bool import_is_source(const char *path);

/* plan->branch is the source's revision; plan->path is not looked at. */
RESULT import_from(struct import_done *out, struct arena *arena, struct client *c,
		   const struct import_plan *plan, const struct import_source *source);

#endif
