/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assets_table.h - what scripts/pack.mjs writes, and assets.c reads: rows of the table, and the
 * bytes they point into.
 */
#ifndef GATEWAY_CONSOLE_ASSETS_TABLE_H
#define GATEWAY_CONSOLE_ASSETS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/http/encoding.h"

struct assets_span {
	size_t at, size; /* size 0: none */
};

struct assets_row {
	const char *name, *type, *tag;
	bool is_hashed;
	struct assets_span in[HTTP_ENCODINGS];
};

extern const struct assets_row assets_rows[];
extern const size_t assets_count;
extern const uint8_t assets_bytes[];

#endif
