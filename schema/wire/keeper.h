/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h - what the keeper is asked and what it answers. KEEPER_HELLO, KEY_RELEASED,
 * KEY_RESUMED, PASS_ISSUED and LOG_STATE have empty bodies. */
#ifndef SCHEMA_WIRE_KEEPER_H
#define SCHEMA_WIRE_KEEPER_H

#include "schema/wire/codec.h"

struct wire_keeper_keys {
	bool sealed; /* not unsealed yet: the rest is zero */
	uint8_t token_key_id[4];
	uint8_t token_public[32];
	uint8_t license_public[32];
	struct slice log_vkey;
	struct slice escrow; /* age1...; empty if none */
	uint64_t log_size;
};
WIRE_DECLARE(keeper_keys);

struct wire_key_create {
	uint8_t event[WIRE_ID]; /* the appended key.create */
	uint8_t blob[WIRE_ID];
	uint8_t porter; /* index of the porter that gets the key */
	uint64_t handle;
};
WIRE_DECLARE(key_create);

struct wire_key_created {
	struct slice header; /* the age header of the new file, with our own stanza */
};
WIRE_DECLARE(key_created);

/* The key of an upload that goes on: again to a porter, and only to seal with. */
struct wire_key_resume {
	uint8_t event[WIRE_ID]; /* the appended key.resume */
	uint8_t blob[WIRE_ID];  /* the one of key.create */
	struct slice header;    /* as it was created: of no model yet */
	uint8_t porter;
	uint64_t handle;
};
WIRE_DECLARE(key_resume);

struct wire_key_bind {
	uint8_t event[WIRE_ID]; /* the appended model.commit */
	struct slice model;
	struct slice revision;
	struct slice path;
	uint8_t sha256[WIRE_DIGEST];
	struct slice header;
};
WIRE_DECLARE(key_bind);

struct wire_key_bound {
	struct slice header; /* with escrow and context stanzas, same file key */
};
WIRE_DECLARE(key_bound);

struct wire_key_release {
	uint8_t event[WIRE_ID]; /* the appended key.release or model.serve */
	struct slice license;   /* the document; empty if none is needed */
	uint8_t signature[WIRE_SIGNATURE];
	struct slice header;
	struct slice path;
	enum role role; /* who gets the key: PORTER or ENGINE */
	uint8_t index;
	uint64_t handle;
};
WIRE_DECLARE(key_release);

/* An approver's signature, by a key that is in the keeper's journal: crypto/approval.h. */
struct wire_approval {
	uint8_t key[WIRE_PUBLIC];
	struct slice statement;
	uint8_t signature[WIRE_SIGNATURE];
};

/* LICENSE_CHECK has the same body, its event zero. */
struct wire_license_sign {
	uint8_t event[WIRE_ID];
	struct slice document;
	struct slice replaced; /* the license whose terms alone change; empty if none */
	uint8_t replaced_signature[WIRE_SIGNATURE];
	uint16_t approval_count;
	struct wire_approval approvals[WIRE_MAX_APPROVALS];
};
WIRE_DECLARE(license_sign);

/* An entry as it is to be written: would the keeper follow it? */
struct wire_approver_check {
	struct slice kind; /* "approver.enroll", "model.settings", ... */
	struct slice payload;
};
WIRE_DECLARE(approver_check);

struct wire_approvers {
	struct slice model; /* empty: of no model in particular */
};
WIRE_DECLARE(approvers);

struct wire_approvers_are {
	uint32_t persons; /* that have a key in the journal; 0: nothing needs a signature */
	uint16_t needed;  /* different persons, for what concerns the model */
	uint16_t floor;   /* for a change of the approvers themselves */
	struct slice gateway;
};
WIRE_DECLARE(approvers_are);

struct wire_license_signed {
	uint8_t signature[WIRE_SIGNATURE];
};
WIRE_DECLARE(license_signed);

/* About a license (not of the list of states): the license, as KEY_RELEASE has it. What is signed
 * the keeper makes of `text` itself. */
struct wire_document_sign {
	uint8_t event[WIRE_ID];
	struct slice text;
	struct slice license;
	uint8_t signature[WIRE_SIGNATURE];
};
WIRE_DECLARE(document_sign);

struct wire_document_signed {
	uint8_t signature[WIRE_SIGNATURE];
};
WIRE_DECLARE(document_signed);

/* What is signed the keeper writes out of the entry. */
struct wire_report_sign {
	uint8_t event[WIRE_ID];
};
WIRE_DECLARE(report_sign);

struct wire_report_signed {
	struct slice note;
};
WIRE_DECLARE(report_signed);

struct wire_token_sign {
	uint8_t event[WIRE_ID];
	uint8_t credential[WIRE_ID];
	uint8_t flags;
	uint32_t expires_seconds;
};
WIRE_DECLARE(token_sign);

struct wire_token_signed {
	struct slice token; /* "hf_..." */
};
WIRE_DECLARE(token_signed);

/* For the engine at `index`: for WIRE_PASS_SECONDS it may begin sequences under this number. */
struct wire_pass_issue {
	uint8_t event[WIRE_ID]; /* the appended infer.pass */
	struct slice license;   /* the document; empty if none is needed */
	uint8_t signature[WIRE_SIGNATURE];
	struct slice model;
	struct slice right; /* of those to infer */
	uint8_t index;
	uint64_t pass;
};
WIRE_DECLARE(pass_issue);

struct wire_log_state_is {
	uint64_t size;
	uint8_t root[WIRE_DIGEST];
};
WIRE_DECLARE(log_state_is);

struct wire_log_entry {
	struct slice leaf;
	uint8_t nonce[WIRE_DIGEST];
	struct slice payload;
};

struct wire_log_append {
	uint64_t first; /* the sequence number of entries[0] */
	uint16_t count;
	struct wire_log_entry entries[WIRE_MAX_LOG_ENTRIES];
};
WIRE_DECLARE(log_append);

/* What stays of an entry whose payload is to be erased (gateway/keeper/reduce.h). */
struct wire_entry_reduce {
	struct wire_log_entry entry;
};
WIRE_DECLARE(entry_reduce);

struct wire_entry_reduced {
	struct slice facts;
	uint8_t seal[WIRE_DIGEST];
};
WIRE_DECLARE(entry_reduced);

struct wire_log_appended {
	uint64_t size;
	struct slice checkpoint; /* a signed note */
};
WIRE_DECLARE(log_appended);

/* To the porter or engine that is to use the key, before the edge is told. SEAL_KEY too. */
struct wire_handle_key {
	uint64_t handle;
	uint8_t key[WIRE_FILE_KEY]; /* wipe with the struct once it is in secret memory */
};
WIRE_DECLARE(handle_key);

/* To an engine: what the files are whose keys it is given. It has this from who checked their
 * headers, not from who asks it to load them. */
struct wire_engine_serves {
	struct slice model;
	struct slice revision;
};
WIRE_DECLARE(engine_serves);

/* To an engine: sequences under this number may begin, from now on and for WIRE_PASS_SECONDS. */
struct wire_engine_pass {
	uint64_t pass;
	struct slice model;
	struct slice right;
	uint8_t payer[WIRE_ID]; /* whose turn it takes, and who alone shares what is kept: the
				 * license, or (of an open model) something of this pass's own */
	uint32_t lasts_seconds; /* the license, at most, from now on */
	uint8_t plan;           /* enum license_plan, of the license: how soon its turn comes */
};
WIRE_DECLARE(engine_pass);

/* To an engine: that license has ended. What was kept of its prompts is wiped. */
struct wire_engine_forget {
	uint8_t payer[WIRE_ID];
};
WIRE_DECLARE(engine_forget);

/* To an engine: the keys that follow are of an adapter for what it serves. */
struct wire_engine_adapts {
	struct slice model;
	uint8_t adapter[WIRE_ID];
};
WIRE_DECLARE(engine_adapts);

struct wire_visa_keys_are {
	struct slice jwks; /* JSON */
};
WIRE_DECLARE(visa_keys_are);

/* A license, to be said as a visa. */
struct wire_visa_sign {
	uint8_t event[WIRE_ID];
	struct slice license; /* the document */
	uint8_t signature[WIRE_SIGNATURE];
	struct slice iss; /* the gateway's address; its keys are at /.well-known/jwks.json there */
	uint64_t expires_seconds;
};
WIRE_DECLARE(visa_sign);

struct wire_visa_signed {
	struct slice visa; /* a JWT */
};
WIRE_DECLARE(visa_signed);

#endif
