/* SPDX-License-Identifier: Apache-2.0 */
/* people.h - how a person's keys and institutions are shown. */
#ifndef GATEWAY_API_PERSON_PEOPLE_H
#define GATEWAY_API_PERSON_PEOPLE_H

#include "gateway/api/api.h"
#include "schema/store/key.h"

/* {"id","kind","public","name","created","revoked"} */
json_t *key_describe(struct arena *arena, const struct store_key *key);

/* The institutions a person belongs to now: a list of {"id","name","state","role","since"}, put
 * into `answer` by that name. */
RESULT person_put_institutions(json_t *answer, const char *name, struct exchange *x,
			       struct route_context *context, const uint8_t person[STORE_ID]);

#endif
