/* SPDX-License-Identifier: Apache-2.0 */
/* entries.h - log entries as the edge writes them, for tests of the keeper. */
#ifndef TESTS_UNIT_GATEWAY_KEEPER_ENTRIES_H
#define TESTS_UNIT_GATEWAY_KEEPER_ENTRIES_H

#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/random.h"
#include "schema/wire/keeper.h"

struct entry {
	uint8_t id[WIRE_ID];
	uint8_t nonce[WIRE_DIGEST];
	char leaf[512];
	char payload[16 * 1024];
};

/* The payload stands in entry->payload. */
static inline void entry_make(struct entry *e, const char *kind)
{
	AUTO(buf_free) struct buf commitment = buf_new(100);
	struct digest digest;
	char id[TEXT_UUID];

	random_uuid(e->id, 1767322845678);
	random_bytes(e->nonce, sizeof e->nonce);
	digest = audit_commitment(e->nonce, slice_of_string(e->payload));
	text_write_base64(&commitment, digest_slice(&digest), TEXT_BASE64_URL_RAW);
	text_uuid(id, e->id);
	snprintf(e->leaf, sizeof e->leaf,
		 "{\"c\":\"%s\",\"ev\":\"%s\",\"id\":\"%s\",\"t\":\"2026-01-02T03:00:45.678Z\","
		 "\"v\":1}",
		 buf_string(&commitment), kind, id);
}

static inline void entry_batch(struct wire_log_append *out, uint64_t first, const struct entry *e)
{
	memset(out, 0, sizeof *out);
	out->first = first;
	out->count = 1;
	out->entries[0].leaf = slice_of_string(e->leaf);
	out->entries[0].payload = slice_of_string(e->payload);
	memcpy(out->entries[0].nonce, e->nonce, WIRE_DIGEST);
}

#endif
