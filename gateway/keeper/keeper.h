/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - what the keeper does once a rule has said yes: makes, binds and hands out file keys,
 * signs licenses, tokens and checkpoints. It owns the keyring and the journal.
 */
#ifndef GATEWAY_KEEPER_KEEPER_H
#define GATEWAY_KEEPER_KEEPER_H

#include "crypto/keyring.h"
#include "crypto/token.h"
#include "gateway/keeper/rules.h"

/* Where a key goes: SEAL_KEY to a porter that seals with it, HANDLE_KEY to one that opens, or to an
 * engine. */
struct keeper_target {
	enum wire_type message;
	enum role role;
	unsigned index;
	uint64_t handle;
};

/* ERR_UNAVAILABLE: the target is not there. */
typedef enum err keeper_send_key_fn(void *context, const struct keeper_target *target,
				    const struct secret *file_key);

/* A note to the engine of that index. ERR_UNAVAILABLE if it is not there. */
typedef enum err keeper_tell_engine_fn(void *context, unsigned index, enum wire_type type,
				       struct slice body);

struct keeper;

/* What init leaves behind, for the settings and for those who verify. */
struct keeper_facts {
	struct token_key token_key;
	uint8_t license_public[SIGN_PUBLIC];
	struct slice escrow; /* borrowed; empty if none */
	uint64_t log_size;
};

/* Root key, keyring and journal in an empty directory. `escrow` may be empty. ERR_CONFLICT if
 * something is there. */
RESULT keeper_create(int directory, struct slice escrow);

/* The directory is kept open by the caller until keeper_free. `origin` names the log. */
RESULT keeper_open(struct keeper **out, int directory, struct slice origin);
void keeper_free(struct keeper *k); /* NULL is fine */
AUTO_POINTER(keeper)

/* Who carries out what leaves: without them nothing does. */
void keeper_on_key(struct keeper *k, keeper_send_key_fn *send, void *context);
void keeper_on_engine(struct keeper *k, keeper_tell_engine_fn *tell, void *context);

void keeper_facts(const struct keeper *k, struct keeper_facts *out);
RESULT keeper_write_vkey(const struct keeper *k, struct buf *out);
void keeper_log_state(const struct keeper *k, struct wire_log_state_is *out);

/* After a refusal: its code of the closed list, or "". */
const char *keeper_code(const struct keeper *k);

/* Each answers one message; buffers get what the reply carries. Times as in rules.h. */
RESULT keeper_key_create(struct keeper *k, const struct wire_key_create *ask, struct rules_time now,
			 struct buf *header);
RESULT keeper_key_resume(struct keeper *k, const struct wire_key_resume *ask,
			 struct rules_time now);
RESULT keeper_key_bind(struct keeper *k, const struct wire_key_bind *ask, struct rules_time now,
		       struct buf *header);
RESULT keeper_key_release(struct keeper *k, const struct wire_key_release *ask,
			  struct rules_time now);
RESULT keeper_pass_issue(struct keeper *k, const struct wire_pass_issue *ask,
			 struct rules_time now);
RESULT keeper_license_sign(struct keeper *k, const struct wire_license_sign *ask,
			   struct rules_time now, uint8_t signature[SIGN_SIGNATURE]);
RESULT keeper_license_check(struct keeper *k, const struct wire_license_sign *ask,
			    struct rules_time now);
RESULT keeper_approver_check(struct keeper *k, const struct wire_approver_check *ask,
			     struct rules_time now);
/* A license taken along or shown elsewhere, or the list of states. */
RESULT keeper_document_sign(struct keeper *k, const struct wire_document_sign *ask,
			    struct rules_time now, uint8_t signature[SIGN_SIGNATURE]);
/* *note gets a signed note, under the name ORIGIN/report. */
RESULT keeper_report_sign(struct keeper *k, const struct wire_report_sign *ask,
			  struct rules_time now, struct buf *note);
RESULT keeper_token_sign(struct keeper *k, const struct wire_token_sign *ask, struct rules_time now,
			 struct buf *token);

/* The public half of the key that visas are signed with, as a JWK set; and a visa, a JWT. */
RESULT keeper_visa_keys(const struct keeper *k, struct buf *out);
RESULT keeper_visa_sign(struct keeper *k, const struct wire_visa_sign *ask, struct rules_time now,
			struct buf *out);

/* ERR_IO: the journal could not be written; the process must stop. */
RESULT keeper_log_append(struct keeper *k, const struct wire_log_append *batch,
			 struct rules_time now, struct buf *checkpoint);

/* What stands in for an entry's payload once that is erased (reduce.h). */
RESULT keeper_entry_reduce(const struct keeper *k, const struct wire_log_entry *ask,
			   struct buf *facts, struct digest *seal);

/* How many must sign what; slices borrowed from the keeper. */
void keeper_approvers(const struct keeper *k, struct slice model, struct wire_approvers_are *out);

/* By hand on the machine, before the gateway runs: the first approver's key. ERR_CONFLICT if there
 * is one. */
RESULT keeper_first_approver(struct keeper *k, const uint8_t key[SIGN_PUBLIC],
			     const uint8_t person[WIRE_ID]);

/* The same where there are some, but not enough of them have their keys any more. */
RESULT keeper_recover_approver(struct keeper *k, const uint8_t key[SIGN_PUBLIC],
			       const uint8_t person[WIRE_ID]);

/* The operator's first token, before there is a log: ERR_DENIED once there is an entry. */
RESULT keeper_first_token(struct keeper *k, const uint8_t credential[WIRE_ID], uint32_t expires,
			  struct buf *token);

#endif
