/* SPDX-License-Identifier: Apache-2.0 */
/* signin.h - how persons sign in: passwords, one-time codes, how often was tried; sessions. */
#ifndef SCHEMA_STORE_SIGNIN_H
#define SCHEMA_STORE_SIGNIN_H

#include "schema/store/person.h"

enum { STORE_CODE_SHA256 = 32, STORE_ATTEMPT_SUBJECT = 32, STORE_ATTEMPT_SUBJECTS = 3 };

/* A person by name with the hash of their password; *hash is empty if they have none.
 * ERR_NOT_FOUND. */
RESULT store_password_find(struct store *s, struct arena *arena, struct store_person *person,
			   struct slice *hash, struct slice name);
RESULT store_password_of(struct store *s, struct arena *arena, struct slice *hash,
			 const uint8_t person[STORE_ID]); /* empty: none */
RESULT store_password_set(struct store *s, const uint8_t person[STORE_ID], struct slice hash,
			  int64_t now_ms);

/* How often somebody has tried since. */
struct store_attempt {
	uint8_t subject[STORE_ATTEMPT_SUBJECT]; /* a hash of what is counted */
	int64_t count;
	int64_t since_ms; /* the first of them */
};

/* Count one more of each, before it is made; those whose first is older than the window begin
 * anew. Then, if it was right: it was none. */
RESULT store_attempt(struct store *s, struct store_attempt *attempts, int64_t now_ms,
		     int64_t window_ms);
RESULT store_attempt_was_right(struct store *s, const struct store_attempt *attempts);

/* A code that is good once, kept by its hash. */
struct store_code {
	uint8_t sha256[STORE_CODE_SHA256];
	uint8_t person[STORE_ID];
	struct slice purpose; /* bootstrap, invitation, recovery */
	int64_t made_ms;
	int64_t expires_ms;
	uint8_t made_by[STORE_ID]; /* may be none */
};

/* Earlier codes of the person are good no more. */
RESULT store_code_make(struct store *s, const struct store_code *code);
RESULT store_code_use(struct store *s, struct arena *arena, struct store_code *out,
		      const uint8_t sha256[STORE_CODE_SHA256], int64_t now_ms); /* ERR_NOT_FOUND */

/* It was used now, if it was used since `now - idle`; *alive says. */
RESULT store_session_touch(struct store *s, bool *alive, const uint8_t credential[STORE_ID],
			   int64_t now_ms, int64_t idle_ms);

/* Every session of the person but one (may be none). */
RESULT store_sessions_end(struct store *s, const uint8_t person[STORE_ID],
			  const uint8_t except[STORE_ID], int64_t now_ms,
			  const uint8_t ended_by[STORE_ID]);

#endif
