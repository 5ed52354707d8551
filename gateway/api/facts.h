/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what decisions rest on, remembered by this edge for as long as it is surely true.
 *
 * A fact is kept under a mark that is taken before it is read, and used only while the mark is the
 * same. The mark is what the edge's lease has confirmed (lease.h: every change of who may do what
 * moves it, and a withdrawal is answered only when all edges have seen it) and the number of acts
 * that this edge itself has committed, so that the next request sees them at once. While the lease
 * is not current there is no mark, and everything is read from the database.
 *
 * Only facts are remembered. The decision is made anew for each request, with its own time; what a
 * decision leaves behind (an entry, a record) it leaves as before.
 */
#ifndef GATEWAY_API_FACTS_H
#define GATEWAY_API_FACTS_H

#include "crypto/token.h"
#include "gateway/api/keep.h"
#include "schema/store/access.h"
#include "schema/store/credential.h"

struct facts;

enum {
	FACTS_ENTRIES = 4096,
	FACTS_BYTES = 32 * 1024 * 1024,
	FACTS_ENTRY_BYTES = 64 * 1024,
};

struct facts_options {
	struct keep_limits limits;
	/* What the lease has confirmed; 0: it is not current. Never the same number for two states
	 * of the database, in the life of this process. */
	uint64_t (*epoch)(const void *context);
	const void *context;
};

struct facts *facts_new(const struct facts_options *options);
void facts_free(struct facts *f); /* NULL is fine */
AUTO_POINTER(facts)

struct facts_mark {
	uint64_t epoch; /* 0: nothing may be used or kept */
	uint64_t acts;
};

/* Any thread, all of them. Take the mark before anything is read; then look, read, and keep. */
struct facts_mark facts_mark(const struct facts *f);

/* This edge has committed an act that changes who may do what: before it is answered. */
void facts_touch(struct facts *f);

/* The signature of this token was good under the keeper's keys of this generation (not 0). Its
 * expiry is the caller's to check. Kept by the hash of its text. */
bool facts_find_token(struct facts *f, struct token *out, uint32_t generation, struct slice text);
void facts_keep_token(struct facts *f, const struct token *token, uint32_t generation,
		      struct slice text);

bool facts_find_holder(struct facts *f, struct arena *arena, struct store_holder *out,
		       struct facts_mark mark, const uint8_t credential[STORE_ID]);
void facts_keep_holder(struct facts *f, const struct store_holder *holder, struct facts_mark mark);

bool facts_find_access(struct facts *f, struct arena *arena, struct store_access *out,
		       struct facts_mark mark, const struct store_access_question *question);
void facts_keep_access(struct facts *f, const struct store_access *access, struct facts_mark mark,
		       const struct store_access_question *question);

/* What others say of a person, verified; not yet weighed (proofs.h). */
struct proofs;
bool facts_find_proofs(struct facts *f, struct arena *arena, struct proofs *out,
		       struct facts_mark mark, const uint8_t person[STORE_ID]);
void facts_keep_proofs(struct facts *f, const struct proofs *proofs, struct facts_mark mark,
		       const uint8_t person[STORE_ID]);

/* An answer that follows from such facts alone: not from the time, nor from a header. */
struct facts_answer {
	struct slice revision; /* what it shows, for X-Repo-Commit; may be empty */
	struct slice body;
};

/* Which one: its route in a word, who asks (all zero: whoever asks), and for what. */
struct facts_topic {
	struct slice route;
	const uint8_t *person;
	struct slice model, revision; /* may be empty */
};

bool facts_find_answer(struct facts *f, struct arena *arena, struct facts_answer *out,
		       struct facts_mark mark, const struct facts_topic *topic);
void facts_keep_answer(struct facts *f, const struct facts_answer *answer, struct facts_mark mark,
		       const struct facts_topic *topic);

struct keep_usage facts_usage(struct facts *f);

#endif
