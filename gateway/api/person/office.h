/* SPDX-License-Identifier: Apache-2.0 */
/* office.h - how the offices a person holds are shown. */
#ifndef GATEWAY_API_PERSON_OFFICE_H
#define GATEWAY_API_PERSON_OFFICE_H

#include <jansson.h>

#include "crypto/base/arena.h"

/* store_person.held as [{"office","scope","until"}]; scope null: everywhere; until null: no end. */
json_t *office_describe_held(struct arena *arena, struct slice held);

#endif
