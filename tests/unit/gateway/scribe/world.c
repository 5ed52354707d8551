/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "tests/unit/gateway/scribe/world.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/random.h"

static enum err keeper_state(void *context, uint64_t *size, struct digest *root)
{
	struct keeper *k = context;

	*size = k->frontier.size;
	*root = merkle_root(&k->frontier);
	return OK;
}

static enum err keeper_append(void *context, uint64_t first, const struct store_leaf *leaves,
			      size_t count, uint64_t *size, struct buf *note)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	struct keeper *k = context;
	struct checkpoint checkpoint = {.origin = S("example.com/log")};

	assert_int_equal(first, k->frontier.size);
	for (size_t i = 0; i < count; i++) {
		struct digest leaf = merkle_leaf(leaves[i].leaf);

		assert_int_equal(leaves[i].index, k->frontier.size);
		merkle_append(&k->frontier, &leaf);
	}
	checkpoint.size = k->frontier.size;
	checkpoint.root = merkle_root(&k->frontier);
	if (k->is_mute)
		return failure(ERR_TIMEOUT, "the keeper does not answer");
	checkpoint_write(&text, &checkpoint);
	*size = k->frontier.size;
	return note_sign(note, buf_slice(&text), checkpoint.origin, k->key);
}

static enum err before_step(void *context, enum publisher_step step)
{
	const struct world *w = context;

	return (int)step == w->fail_at ? failure(w->fail_with, "injected") : OK;
}

/* As if the process had been killed and started anew. */
void restart(struct world *w)
{
	const struct publisher_keeper keeper = {keeper_state, keeper_append, &w->keeper};

	publisher_init(&w->publisher, w->scribe, &keeper, w->log);
	w->publisher.before_step = before_step;
	w->publisher.before_context = w;
	w->fail_at = -1;
	w->fail_with = ERR_IO;
}

int open_world(void **state)
{
	static struct world w;
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key vkey;

	w = (struct world){.log = -1};
	postgres_open(&w.postgres, "test_publisher");
	w.edge = postgres_connect(&w.postgres, "sallyport_edge");
	w.scribe = postgres_connect(&w.postgres, "sallyport_scribe");
	assert_ok(sign_key_random(&w.keeper.key));
	sign_key_public(w.keeper.key, public_key);
	assert_ok(note_key_make(&vkey, S("example.com/log"), NOTE_ED25519, public_key));
	w.keeper.vkey = buf_new(NOTE_VKEY_MAX);
	note_key_write(&w.keeper.vkey, &vkey);
	snprintf(w.directory, sizeof w.directory, "/tmp/sallyport-log.XXXXXX");
	assert_non_null(mkdtemp(w.directory));
	assert_ok(file_open_directory(&w.log, AT_FDCWD, w.directory));
	restart(&w);
	*state = &w;
	return 0;
}

static int remove_one(const char *path, const struct stat *s, int flag, struct FTW *ftw)
{
	(void)s, (void)flag, (void)ftw;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int close_world(void **state)
{
	struct world *w = *state;

	store_free(w->edge);
	store_free(w->scribe);
	sign_key_free(w->keeper.key);
	buf_free(&w->keeper.vkey);
	file_close(&w->log);
	remove_tree(w->directory);
	return 0;
}

void put_events(struct world *w, unsigned count, uint8_t last[16])
{
	for (unsigned i = 0; i < count; i++) {
		AUTO(audit_event_clear) struct audit_event e;
		struct store_event row;

		audit_event_begin(&e, AUDIT_KEY_RELEASE, NULL, S("test"));
		audit_event_number(&e, "n", i);
		assert_ok(audit_event_end(&e, NOW + i));
		row = audit_event_row(&e);
		memcpy(last, row.id, 16);
		assert_ok(store_audit_insert(w->edge, &row));
	}
}

void put_event_of(struct world *w, const char *actor, const char *license)
{
	AUTO(audit_event_clear) struct audit_event e;
	struct store_event row;
	uint8_t id[16];

	if (actor)
		assert_ok(text_read_uuid(id, slice_of_string(actor)));
	audit_event_begin(&e, AUDIT_LICENSE_REMIND, actor ? id : NULL, S("somebody"));
	if (license) {
		assert_ok(text_read_uuid(id, slice_of_string(license)));
		audit_event_uuid(&e, "license", id);
	}
	assert_ok(audit_event_end(&e, NOW));
	row = audit_event_row(&e);
	assert_ok(store_audit_insert(w->edge, &row));
}

void publish_all(struct world *w)
{
	bool more = true;

	while (more)
		assert_ok(publisher_cycle(&w->publisher, &more));
}

enum err fetch_file(void *context, struct buf *out, const char *path)
{
	return file_read(out, ((struct world *)context)->log, path);
}

enum err verify(struct world *w, struct audit_verified *out,
		const struct audit_remembered *remembered)
{
	const struct audit_source source = {
		.fetch = fetch_file, .context = w, .vkey = buf_slice(&w->keeper.vkey)};

	return audit_verify(out, &source, remembered);
}

void assert_verifies(struct world *w, uint64_t size)
{
	struct audit_verified verified;

	assert_ok(verify(w, &verified, NULL));
	assert_int_equal(verified.size, size);
}
