/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - the two look-ups of a BPE tokenizer: a string's id, and what a pair of ids merges
 * into. Open addressing, sized once, keys borrowed.
 */
#ifndef INFERENCE_TOKENIZER_TABLE_H
#define INFERENCE_TOKENIZER_TABLE_H

#include "crypto/base/slice.h"

struct string_table {
	struct string_row {
		struct slice key; /* data NULL: empty row */
		uint32_t value;
	} * rows;
	size_t mask;
};

void string_table_init(struct string_table *t, size_t entries); /* room for that many, no more */
void string_table_clear(struct string_table *t);
/* The row of `key`, empty if there is none: fill it to add (key.data must not be NULL). */
struct string_row *string_table_row(const struct string_table *t, struct slice key);

struct pair_table {
	struct pair_row {
		uint64_t pair; /* left id << 32 | right id */
		uint32_t rank;
		uint32_t merged;
		bool used;
	} * rows;
	size_t mask;
};

void pair_table_init(struct pair_table *t, size_t entries);
void pair_table_clear(struct pair_table *t);
struct pair_row *pair_table_row(const struct pair_table *t, uint32_t left, uint32_t right);

#endif
