/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair.h - whose turn it is, among those who share an engine (start-time fair queuing: Goyal, Vin,
 * Cheng, 1996). Each payer has a time of its own, which the tokens that are computed for it move
 * on, the more slowly the higher its priority. The one who is furthest behind comes next. Who was
 * away comes back at the time of the others: nobody saves up turns.
 */
#ifndef INFERENCE_FAIR_H
#define INFERENCE_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAIR_ID = 16 };

/* A share, not a rank: with 4 tokens for each one of those below, nobody starves. */
enum fair_priority { FAIR_LOW, FAIR_NORMAL, FAIR_HIGH };

/* Who has sequences here: a license, as a rule. */
struct fair_payer {
	uint8_t id[FAIR_ID];
	double time;
	size_t sequences; /* waiting and running; 0: this row is free */
	size_t running;
};

struct fair {
	struct fair_payer *payers;
	size_t count;
	double now; /* the time of the one furthest behind */
};

void fair_init(struct fair *f, size_t most); /* payers at a time */
void fair_clear(struct fair *f);

/* One sequence more of this payer's; one less. There must be room for it. */
struct fair_payer *fair_enter(struct fair *f, const uint8_t id[FAIR_ID]);
void fair_leave(struct fair *f, struct fair_payer *payer);

/* How many sequences it has; 0: none. */
size_t fair_sequences(const struct fair *f, const uint8_t id[FAIR_ID]);

void fair_charge(struct fair *f, struct fair_payer *payer, enum fair_priority priority,
		 size_t tokens);

#endif
