/* SPDX-License-Identifier: Apache-2.0 */
/* A keeper with approvers: no entry alone opens a gated model, or a file of it. */
#include "tests/unit/gateway/keeper/approval_scene.h"

static struct signer alice;

static int signed_scene_new(void **state)
{
	uint8_t person[WIRE_ID];
	struct scene *s;

	assert_int_equal(scene_new(state), 0);
	s = *state;
	alice = signer_new(ALICE, 0xa1);
	signer_id(&alice, person);
	assert_ok(keeper_first_approver(s->keeper, alice.public, person));
	return 0;
}

static int signed_scene_free(void **state)
{
	signer_clear(&alice);
	return scene_free(state);
}

/* An edge says that the model is open, or that a pattern of its list opens the file. */
static enum err release_open(struct scene *s, const char *path, const char *pattern,
			     struct slice header)
{
	struct wire_key_release ask = {.role = ROLE_PORTER, .index = 1, .handle = HANDLE};

	PAYLOAD(s,
		"{\"basis\":\"open\",\"handle\":%d,\"index\":1,\"model\":\"org/model\","
		"\"path\":\"%s\",\"pattern\":\"%s\",\"revision\":\"" REVISION
		"\",\"role\":\"porter\"}",
		HANDLE, path, pattern);
	append(s, "key.release");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.header = header;
	ask.path = slice_of_string(path);
	return keeper_key_release(s->keeper, &ask, s->now);
}

static enum err release_weights(struct scene *s)
{
	return release_open(s, PATH, "", buf_slice(&s->header));
}

static enum err settings(struct scene *s, const char *text, const struct approved *a)
{
	AUTO(json_auto) json_t *subject = json_of("%s", text);

	return act(s, "model.settings", subject, a, a != NULL);
}

static void approve(struct approved *out, struct scene *s, const char *text)
{
	AUTO(json_auto) json_t *subject = json_of("%s", text);

	approve_as(out, &alice, GATEWAY, APPROVAL_GATE, s->now.wall_ms++, subject);
}

#define OPENED "{\"gate\":\"no\",\"model\":\"org/model\"}"
#define CLOSED "{\"gate\":\"manual\",\"model\":\"org/model\"}"

static void an_entry_alone_opens_no_model(void **state)
{
	struct scene *s = *state;
	static const char *const kinds[] = {"model.settings", "model.create", "model.commit"};

	for (size_t i = 0; i < 3; i++) {
		PAYLOAD(s, "{\"files\":[],\"gate\":\"public\",\"model\":\"org/model\","
			   "\"revision\":\"" REVISION "\",\"serve\":true}");
		append(s, kinds[i]);
		assert_err(release_weights(s), ERR_DENIED);
	}
	assert_err(settings(s, OPENED, NULL), ERR_DENIED);
	assert_err(release_weights(s), ERR_DENIED);
}

static void a_signed_entry_opens_it_and_any_closes_it(void **state)
{
	struct scene *s = *state;
	AUTO(approved_clear) struct approved a;

	approve(&a, s, OPENED);
	assert_ok(settings(s, OPENED, &a));
	assert_ok(release_weights(s));
	assert_ok(settings(s, OPENED, NULL)); /* it is open: nothing is opened by this */
	assert_ok(release_weights(s));
	assert_ok(settings(s, CLOSED, NULL));
	assert_err(release_weights(s), ERR_DENIED);
}

static void a_statement_opens_once(void **state)
{
	struct scene *s = *state;
	AUTO(approved_clear) struct approved a;

	approve(&a, s, OPENED);
	assert_ok(settings(s, OPENED, &a));
	assert_ok(settings(s, CLOSED, NULL));
	assert_err(settings(s, OPENED, &a), ERR_DENIED);
	keeper_free(s->keeper);
	open_keeper(s);
	assert_err(settings(s, OPENED, &a), ERR_DENIED);
	assert_err(release_weights(s), ERR_DENIED);
}

static void a_statement_opens_what_it_names_only(void **state)
{
	struct scene *s = *state;
	static const char *const others[] = {
		"{\"gate\":\"no\",\"model\":\"org/other\"}",
		"{\"gate\":\"public\",\"model\":\"org/model\"}",
		"{\"gate\":\"no\",\"model\":\"org/model\",\"open_paths\":[\"**\"]}",
	};

	for (size_t i = 0; i < 3; i++) {
		AUTO(approved_clear) struct approved a;

		approve(&a, s, others[i]);
		assert_err(settings(s, OPENED, &a), ERR_DENIED);
		assert_err(release_weights(s), ERR_DENIED);
	}
}

static void make_file(struct scene *s, const char *path, struct buf *header)
{
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind bind;

	make_fresh_header(s, &fresh);
	bind = commit_file(s, "org/model", path, buf_slice(&fresh));
	assert_ok(keeper_key_bind(s->keeper, &bind, s->now, header));
}

#define PATHS(list) "{\"model\":\"org/model\",\"open_paths\":[" list "]}"

static void unsigned_lists_open_cards_and_what_is_open_already(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf card = buf_new(WIRE_MAX_HEADER);
	AUTO(buf_free) struct buf text = buf_new(WIRE_MAX_HEADER);
	AUTO(approved_clear) struct approved a;

	make_file(s, "README.md", &card);
	make_file(s, "docs/a.md", &text);
	assert_err(settings(s, PATHS("\"README.md\",\"docs/*\""), NULL), ERR_DENIED);
	assert_ok(release_open(s, "README.md", "README.md", buf_slice(&card)));
	assert_err(release_open(s, "docs/a.md", "docs/*", buf_slice(&text)), ERR_DENIED);
	approve(&a, s, PATHS("\"README.md\",\"docs/*\""));
	assert_ok(settings(s, PATHS("\"README.md\",\"docs/*\""), &a));
	assert_ok(release_open(s, "docs/a.md", "docs/*", buf_slice(&text)));
	assert_ok(settings(s, PATHS("\"docs/*\""), NULL)); /* narrower */
	assert_err(release_open(s, "README.md", "README.md", buf_slice(&card)), ERR_DENIED);
	assert_ok(release_open(s, "docs/a.md", "docs/*", buf_slice(&text)));
	assert_ok(settings(s, PATHS(""), NULL));
	assert_err(settings(s, PATHS("\"docs/*\""), NULL), ERR_DENIED);
	assert_err(release_open(s, "docs/a.md", "docs/*", buf_slice(&text)), ERR_DENIED);
}

/* Else an edge could commit the weights once more, under the name of the card that anyone reads. */
static void a_gated_file_is_not_bound_again_under_the_name_of_a_card(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);
	static const char *const names[] = {"README.md", "LICENSE", "docs/a.md"};

	for (size_t i = 0; i < 3; i++) {
		struct wire_key_bind ask = commit_file(s, "org/model", names[i],
						       buf_slice(&s->header));

		assert_err(keeper_key_bind(s->keeper, &ask, s->now, &header), ERR_DENIED);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, signed_scene_new, signed_scene_free)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_alone_opens_no_model),
		TEST(a_signed_entry_opens_it_and_any_closes_it),
		TEST(a_statement_opens_once),
		TEST(a_statement_opens_what_it_names_only),
		TEST(unsigned_lists_open_cards_and_what_is_open_already),
		TEST(a_gated_file_is_not_bound_again_under_the_name_of_a_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
