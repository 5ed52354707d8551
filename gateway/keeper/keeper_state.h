/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_state.h - the inside of a keeper, for the files that are its deeds. */
#ifndef GATEWAY_KEEPER_KEEPER_STATE_H
#define GATEWAY_KEEPER_KEEPER_STATE_H

#include "crypto/jose_sign.h"
#include "crypto/note.h"
#include "gateway/keeper/keeper.h"
#include "gateway/keeper/ledger.h"

struct keeper {
	struct keyring *keyring;
	struct journal *journal;
	struct events *events;
	struct ledger ledger;
	struct note_key log_key;
	uint8_t license_public[SIGN_PUBLIC];
	struct jose_key *visa_key; /* ES256, follows from the license key */
	const char *code;
	int64_t forget_ms; /* when to look for old facts again */
	keeper_send_key_fn *send_key;
	void *send_context;
	keeper_tell_engine_fn *tell_engine;
	void *tell_context;
};

struct rules keeper_rules_of(const struct keeper *k, struct rules_time now);
RESULT keeper_write_fact(struct keeper *k, const struct fact *facts, size_t count);

/* keeper_license.c: used statements that are stale by now. */
RESULT keeper_forget_statements(struct keeper *k, uint64_t now_seconds);

#endif
