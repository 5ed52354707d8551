/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h - what is to be told: written in the transaction of what it tells of, and spread to
 * those concerned afterwards.
 */
#ifndef SCHEMA_STORE_NOTICE_H
#define SCHEMA_STORE_NOTICE_H

#include "schema/store/store.h"

enum { STORE_NOTICE_MAX_DETAIL = 500 };

struct store_notice {
	uint8_t id[STORE_ID];
	struct slice kind; /* "request.deny" */
	int64_t at_ms;
	uint8_t actor[STORE_ID]; /* may be none, as the next three */
	uint8_t person[STORE_ID];
	uint8_t request[STORE_ID];
	uint8_t license[STORE_ID];
	struct slice model;  /* name; may be empty */
	struct slice office; /* whose holders are told too; may be empty */
	struct slice detail; /* may be empty */
};

/* One that is there already stays as it is. */
RESULT store_notice_add(struct store *s, const struct store_notice *notice);

#endif
