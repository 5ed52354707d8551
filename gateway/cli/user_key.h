/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_key.h - the user's own Ed25519 key, with which terms are signed: one line of 64 hex digits
 * in a file of mode 0600 (${XDG_CONFIG_HOME:-~/.config}/sallyport/key unless named).
 */
#ifndef GATEWAY_CLI_USER_KEY_H
#define GATEWAY_CLI_USER_KEY_H

#include "crypto/base/arena.h"
#include "crypto/sign.h"
#include "gateway/cli/client.h"

/* `path` NULL: the usual place. ERR_NOT_FOUND: no such file. ERR_DENIED: others can read it. */
RESULT user_key_read(struct sign_key **out, struct arena *arena, const char *path);

/* The same, but makes the file if there is none; *made says so. */
RESULT user_key_read_or_make(struct sign_key **out, bool *made, struct arena *arena,
			     const char *path);

/* Base64 of the public part, in the arena. */
const char *user_key_public(struct arena *arena, const struct sign_key *key);

/* Post the public part. The id of the key there, in the arena; of one enrolled earlier, too. */
RESULT user_key_enroll(const char **id, struct arena *arena, struct client *c,
		       const struct sign_key *key, const char *name);

/* The id under which this key is enrolled by this person. ERR_NOT_FOUND. */
RESULT user_key_find(const char **id, struct arena *arena, struct client *c,
		     const struct sign_key *key);

#endif
