/* SPDX-License-Identifier: Apache-2.0 */
/* payload.h - the columns payload and chain as the one text that the leaf commits to. */
#ifndef SCHEMA_STORE_PAYLOAD_H
#define SCHEMA_STORE_PAYLOAD_H

#include "schema/store/query.h"

/* The next two columns of a row: the payload, and its chain. */
struct slice store_take_payload(struct store_step *step);

#endif
