/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - a keeper with one sealed file, bound to org/model, and a license to read it. */
#ifndef TESTS_UNIT_GATEWAY_KEEPER_SCENE_H
#define TESTS_UNIT_GATEWAY_KEEPER_SCENE_H

#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/license.h"
#include "gateway/keeper/keeper.h"
#include "tests/unit/gateway/keeper/entries.h"

#define REVISION "0123456789012345678901234567890123456789"
#define SHA "00000000000000000000000000000000000000000000000000000000000000aa"
#define PATH "model.safetensors"

enum { HANDLE = 77, WALL_MS = 1000 * 1000 * 1000 };

struct scene {
	char path[40];
	int fd;
	struct keeper *keeper;
	struct rules_time now;
	unsigned keys_sent;
	uint8_t key[AGE_FILE_KEY];   /* the last one */
	struct keeper_target target; /* where it went */
	unsigned notes_sent;         /* to engines */
	enum wire_type last_note;
	struct buf note;
	struct buf header; /* bound to org/model */
	struct buf document;
	uint8_t signature[SIGN_SIGNATURE];
	uint8_t license_key[SIGN_PUBLIC];
	struct license license;
	enum license_plan plan; /* of the license that is issued next */
	struct entry entry;     /* the last one appended */
};

static inline enum err catch_key(void *context, const struct keeper_target *target,
				 const struct secret *file_key)
{
	struct scene *s = context;

	s->keys_sent++;
	s->target = *target;
	memcpy(s->key, secret_slice(file_key).data, AGE_FILE_KEY);
	return OK;
}

static inline enum err catch_note(void *context, unsigned index, enum wire_type type,
				  struct slice body)
{
	struct scene *s = context;

	(void)index;
	s->last_note = type;
	buf_reset(&s->note);
	buf_write(&s->note, body);
	s->notes_sent++;
	return OK;
}

static inline enum err offer(struct scene *s, const struct entry *e)
{
	AUTO(buf_free) struct buf checkpoint = buf_new(WIRE_MAX_CHECKPOINT);
	struct wire_log_append batch;
	struct wire_log_state_is state;

	keeper_log_state(s->keeper, &state);
	entry_batch(&batch, state.size, e);
	return keeper_log_append(s->keeper, &batch, s->now, &checkpoint);
}

static inline void append(struct scene *s, const char *kind)
{
	entry_make(&s->entry, kind);
	assert_ok(offer(s, &s->entry));
}

#define PAYLOAD(s, ...) snprintf((s)->entry.payload, sizeof(s)->entry.payload, __VA_ARGS__)

static inline void make_fresh_header(struct scene *s, struct buf *header)
{
	struct wire_key_create ask = {.handle = HANDLE};

	PAYLOAD(s, "{\"blob\":\"00000000000000000000000000000000\"}");
	append(s, "key.create");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	assert_ok(keeper_key_create(s->keeper, &ask, s->now, header));
}

static inline struct wire_key_bind commit_file(struct scene *s, const char *model, const char *path,
					       struct slice header)
{
	struct wire_key_bind ask = {.model = slice_of_string(model), .revision = S(REVISION)};

	PAYLOAD(s,
		"{\"files\":[{\"path\":\"%s\",\"sha256\":\"" SHA "\",\"size\":1}],"
		"\"gate\":\"manual\",\"model\":\"%s\",\"revision\":\"" REVISION
		"\",\"serve\":true}",
		path, model);
	append(s, "model.commit");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.path = slice_of_string(path);
	ask.sha256[31] = 0xaa;
	ask.header = header;
	return ask;
}

static inline struct wire_key_bind commit(struct scene *s, const char *model, struct slice header)
{
	return commit_file(s, model, PATH, header);
}

static inline void issue_license(struct scene *s, const char *model, struct slice right)
{
	struct wire_license_sign ask = {.approval_count = 0};
	struct digest digest;
	char id[TEXT_UUID];
	AUTO(buf_free) struct buf hex = buf_new(100);

	/* The document names its entry, and the entry the document: the id comes first. */
	s->license = (struct license){
		.model = slice_of_string(model), .rights = {right}, .plan = s->plan};
	s->license.right_count = 1;
	s->license.not_before_ms = WALL_MS;
	s->license.issued_ms = WALL_MS;
	s->license.expires_ms = WALL_MS + 3600 * 1000;
	random_uuid(s->license.id, WALL_MS);
	entry_make(&s->entry, "license.issue");
	memcpy(s->license.entry, s->entry.id, WIRE_ID);
	buf_reset(&s->document);
	assert_ok(license_write(&s->document, &s->license));
	digest = digest_of(buf_slice(&s->document));
	text_write_hex(&hex, digest_slice(&digest));
	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\",\"license_sha256\":\"%s\"}", id, buf_string(&hex));

	struct entry made = s->entry;
	entry_make(&made, "license.issue");
	/* Give it the id that the document has. */
	char old[TEXT_UUID], wanted[TEXT_UUID];
	text_uuid(old, made.id);
	text_uuid(wanted, s->license.entry);
	memcpy(strstr(made.leaf, old), wanted, TEXT_UUID - 1);
	memcpy(made.id, s->license.entry, WIRE_ID);
	s->entry = made;
	assert_ok(offer(s, &s->entry));

	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.document = buf_slice(&s->document);
	assert_ok(keeper_license_sign(s->keeper, &ask, s->now, s->signature));
	assert_err(keeper_license_sign(s->keeper, &ask, s->now, s->signature), ERR_CONFLICT);
}

/* A key.release as an honest edge writes it, and the question that goes with it. */
static inline struct wire_key_release ask_release(struct scene *s)
{
	struct wire_key_release ask = {.role = ROLE_PORTER, .index = 1, .handle = HANDLE};
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	PAYLOAD(s,
		"{\"basis\":\"license\",\"handle\":%d,\"index\":1,\"license\":\"%s\","
		"\"model\":\"org/model\",\"path\":\"" PATH "\",\"revision\":\"" REVISION
		"\",\"role\":\"porter\"}",
		HANDLE, id);
	append(s, "key.release");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	memcpy(ask.signature, s->signature, SIGN_SIGNATURE);
	ask.license = buf_slice(&s->document);
	ask.header = buf_slice(&s->header);
	ask.path = S(PATH);
	return ask;
}

static inline void expect_refusal(struct scene *s, const struct wire_key_release *ask,
				  enum err kind, const char *code)
{
	unsigned before = s->keys_sent;

	assert_err(keeper_key_release(s->keeper, ask, s->now), kind);
	assert_string_equal(keeper_code(s->keeper), code);
	assert_int_equal(s->keys_sent, before);
}

static inline void open_keeper(struct scene *s)
{
	assert_ok(keeper_open(&s->keeper, s->fd, S("test/log")));
	struct keeper_facts facts;

	keeper_facts(s->keeper, &facts);
	memcpy(s->license_key, facts.license_public, SIGN_PUBLIC);
	keeper_on_key(s->keeper, catch_key, s);
	keeper_on_engine(s->keeper, catch_note, s);
}

static inline int scene_new(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind bind;

	snprintf(s->path, sizeof s->path, "/tmp/sallyport-keeper-XXXXXX");
	assert_non_null(mkdtemp(s->path));
	assert_ok(file_open_directory(&s->fd, AT_FDCWD, s->path));
	s->header = buf_new(WIRE_MAX_HEADER);
	s->document = buf_new(LICENSE_MAX);
	s->note = buf_new(WIRE_MAX_BODY);
	s->now = (struct rules_time){1000, WALL_MS};
	assert_ok(keeper_create(s->fd, S("")));
	open_keeper(s);
	make_fresh_header(s, &fresh);
	bind = commit(s, "org/model", buf_slice(&fresh));
	assert_ok(keeper_key_bind(s->keeper, &bind, s->now, &s->header));
	issue_license(s, "org/model", S("weights:read"));
	*state = s;
	return 0;
}

static inline int scene_free(void **state)
{
	struct scene *s = *state;
	static const char *const files[] = {"journal", "lock", "keyring", "root.key"};

	keeper_free(s->keeper);
	for (size_t i = 0; i < 4; i++)
		unlinkat(s->fd, files[i], 0);
	close(s->fd);
	rmdir(s->path);
	buf_free(&s->header);
	buf_free(&s->document);
	buf_free(&s->note);
	free(s);
	return 0;
}

#endif
