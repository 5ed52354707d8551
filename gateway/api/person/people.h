/* SPDX-License-Identifier: Apache-2.0 */
/* people.h - how a person's keys are shown. */
#ifndef GATEWAY_API_PERSON_PEOPLE_H
#define GATEWAY_API_PERSON_PEOPLE_H

#include "gateway/api/api.h"
#include "schema/store/key.h"

/* {"id","kind","public","name","created","revoked"} */
json_t *key_describe(struct arena *arena, const struct store_key *key);

#endif
