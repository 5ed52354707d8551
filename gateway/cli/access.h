/* SPDX-License-Identifier: Apache-2.0 */
/* access.h - asking for access: the terms of a model, and the request that is signed with them. */
#ifndef GATEWAY_CLI_ACCESS_H
#define GATEWAY_CLI_ACCESS_H

#include "crypto/sign.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/statement.h"

#define ACCESS_TERMS_DOMAIN S("sallyport/terms/v1\n")

struct access_terms {
	const char *sha256; /* "" : the model has no terms */
	struct slice text;
};

/* The terms in force; their text is hashed and compared. In the arena. */
RESULT access_terms_get(struct access_terms *out, struct arena *arena, struct client *c,
			const char *model);

/* Nobody signs what was not shown (requests.c): ERR_DENIED without --accept-terms. */
RESULT access_show_terms(struct cli *cli, const struct access_terms *terms);

/* The wish as a body, signed (where the model has terms); the caller owns *body. */
RESULT access_sign(json_t **body, const struct statement *wish, const struct sign_key *key,
		   const char *key_id);

/* Sign and submit, with the members of `more` (may be NULL) besides; the caller owns *answer. */
RESULT access_submit(json_t **answer, struct client *c, const struct statement *wish,
		     const struct sign_key *key, const char *key_id, json_t *more);

#endif
