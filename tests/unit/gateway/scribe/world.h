/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - the publisher with a real PostgreSQL, real files, and a stand-in for the keeper that
 * keeps a real frontier and signs with a real key. For the tests of this folder.
 */
#ifndef TESTS_UNIT_GATEWAY_SCRIBE_WORLD_H
#define TESTS_UNIT_GATEWAY_SCRIBE_WORLD_H

#include "crypto/note.h"
#include "gateway/scribe/publisher.h"
#include "schema/audit/event.h"
#include "schema/audit/verify.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)

struct keeper {
	struct merkle_frontier frontier;
	struct sign_key *key;
	struct buf vkey;
	bool is_mute; /* appends, but its answer is lost */
};

struct world {
	struct postgres postgres;
	struct store *edge, *scribe;
	struct keeper keeper;
	char directory[64];
	int log;
	struct publisher publisher;
	int fail_at; /* enum publisher_step, or -1 */
	enum err fail_with;
};

#define ALICE "01010101-0000-7000-8000-000000000001"
#define LICENSE "02020202-0000-7000-8000-000000000002"

/* As if the process had been killed and started anew. */
void restart(struct world *w);
int open_world(void **state);
int close_world(void **state);
void put_events(struct world *w, unsigned count, uint8_t last[16]);
void put_event_of(struct world *w, const char *actor, const char *license);
void publish_all(struct world *w);
enum err verify(struct world *w, struct audit_verified *out,
		const struct audit_remembered *remembered);
void assert_verifies(struct world *w, uint64_t size);
enum err fetch_file(void *context, struct buf *out,
		    const char *path); /* audit_fetch_fn; of a world */

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

#endif
