/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bootstrap.h - how somebody gets in where nobody can let them in: the first administrator, and one
 * after the last has gone. On the gateway's machine, by who can read its database password; each is
 * an entry of the log.
 */
#ifndef GATEWAY_CLI_BOOTSTRAP_H
#define GATEWAY_CLI_BOOTSTRAP_H

#include "gateway/api/signin/one_time.h"
#include "schema/store/person.h"

/* A code that is good once, to set a password and sign in; in the open transaction, or one. */
RESULT bootstrap_code(char out[ONE_TIME_CODE + 1], struct store *store,
		      const uint8_t person[STORE_ID], struct slice purpose, int64_t now_ms);

/* The person of that name, made if there is none, let in if suspended, with every office. */
RESULT bootstrap_administrator(struct store_person *out, struct arena *arena, struct store *store,
			       struct slice name, int64_t now_ms);

#endif
