/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - whose turn it is: of all edges one at a time does what is to be done by one. */
#ifndef SCHEMA_STORE_TURN_H
#define SCHEMA_STORE_TURN_H

#include "schema/store/store.h"

/* Of what one edge at a time does. */
enum store_turn { STORE_TURN_JOBS = 1 };

/* Is it this connection's turn? Once it is, it stays until the connection ends: ask each time,
 * since a lost connection has lost its turn. Never waits. */
RESULT store_turn_take(struct store *s, enum store_turn turn, bool *is_mine);

#endif
