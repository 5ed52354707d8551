/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a gated model that its settings open to all: only those, only as long. */
#include "tests/unit/gateway/keeper/scene.h"

/* A sealed file of that name in a gated model; its header, bound. */
static void make_file(struct scene *s, const char *model, const char *path, struct buf *header)
{
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind bind;

	make_fresh_header(s, &fresh);
	bind = commit_file(s, model, path, buf_slice(&fresh));
	assert_ok(keeper_key_bind(s->keeper, &bind, s->now, header));
}

static void open_paths(struct scene *s, const char *kind, const char *model, const char *list)
{
	PAYLOAD(s, "{\"gate\":\"manual\",\"model\":\"%s\",\"open_paths\":[%s]}", model, list);
	append(s, kind);
}

/* An edge says that a pattern of the model's opens the file. */
static enum err release_open(struct scene *s, const char *model, const char *path,
			     const char *pattern, struct slice header)
{
	struct wire_key_release ask = {.role = ROLE_PORTER, .index = 1, .handle = HANDLE};

	PAYLOAD(s,
		"{\"basis\":\"open\",\"handle\":%d,\"index\":1,\"model\":\"%s\",\"path\":\"%s\","
		"\"pattern\":\"%s\",\"revision\":\"" REVISION "\",\"role\":\"porter\"}",
		HANDLE, model, path, pattern);
	append(s, "key.release");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.header = header;
	ask.path = slice_of_string(path);
	return keeper_key_release(s->keeper, &ask, s->now);
}

static void keeper_releases_a_file_that_an_entry_opened(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);

	make_file(s, "org/model", "docs/a.md", &header);
	open_paths(s, "model.settings", "org/model", "\"LICENSE\",\"docs/*.md\"");
	assert_ok(release_open(s, "org/model", "docs/a.md", "docs/*.md", buf_slice(&header)));
	open_paths(s, "model.create", "org/model", "\"docs/**\"");
	assert_ok(release_open(s, "org/model", "docs/a.md", "docs/**", buf_slice(&header)));
}

static void keeper_opens_no_file_by_a_pattern_no_entry_gave(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);

	make_file(s, "org/model", "docs/a.md", &header);
	assert_err(release_open(s, "org/model", "docs/a.md", "**", buf_slice(&header)), ERR_DENIED);
	open_paths(s, "model.settings", "org/model", "\"LICENSE\",\"*\"");
	assert_err(release_open(s, "org/model", "docs/a.md", "**", buf_slice(&header)), ERR_DENIED);
	assert_err(release_open(s, "org/model", "docs/a.md", "", buf_slice(&header)), ERR_DENIED);
	assert_string_equal(keeper_code(s->keeper), "NO_LICENSE");
}

static void keeper_opens_no_file_that_the_pattern_does_not_match(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);

	make_file(s, "org/model", "docs/a.md", &header);
	open_paths(s, "model.settings", "org/model", "\"*\"");
	assert_err(release_open(s, "org/model", "docs/a.md", "*", buf_slice(&header)), ERR_DENIED);
	assert_string_equal(keeper_code(s->keeper), "NO_LICENSE");
}

static void keeper_opens_no_weights_whatever_the_patterns_say(void **state)
{
	struct scene *s = *state;
	static const char *const patterns[] = {"**", "model.safetensors", "*.safetensors"};

	for (size_t i = 0; i < 3; i++) {
		char list[64];

		snprintf(list, sizeof list, "\"%s\"", patterns[i]);
		open_paths(s, "model.settings", "org/model", list);
		assert_err(release_open(s, "org/model", PATH, patterns[i], buf_slice(&s->header)),
			   ERR_DENIED);
	}
}

static void keeper_forgets_patterns_that_a_newer_list_has_not(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);

	make_file(s, "org/model", "README.md", &header);
	open_paths(s, "model.settings", "org/model", "\"README.md\",\"LICENSE\"");
	PAYLOAD(s, "{\"gate\":\"auto\",\"model\":\"org/model\"}");
	append(s, "model.settings"); /* says nothing of paths: they stay */
	assert_ok(release_open(s, "org/model", "README.md", "README.md", buf_slice(&header)));
	open_paths(s, "model.settings", "org/model", "\"LICENSE\"");
	assert_err(release_open(s, "org/model", "README.md", "README.md", buf_slice(&header)),
		   ERR_DENIED);
	open_paths(s, "model.settings", "org/model", "");
	assert_err(release_open(s, "org/model", "README.md", "README.md", buf_slice(&header)),
		   ERR_DENIED);
	keeper_free(s->keeper);
	open_keeper(s); /* and not after a restart either */
	assert_err(release_open(s, "org/model", "README.md", "README.md", buf_slice(&header)),
		   ERR_DENIED);
}

static void keeper_opens_the_files_of_that_model_only(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf header = buf_new(WIRE_MAX_HEADER);

	make_file(s, "org/other", "README.md", &header);
	open_paths(s, "model.settings", "org/model", "\"README.md\"");
	assert_err(release_open(s, "org/other", "README.md", "README.md", buf_slice(&header)),
		   ERR_DENIED);
	assert_err(release_open(s, "org/model", "README.md", "README.md", buf_slice(&header)),
		   ERR_DENIED); /* the header is the other model's */
	open_paths(s, "model.settings", "org/other", "\"README.md\"");
	assert_ok(release_open(s, "org/other", "README.md", "README.md", buf_slice(&header)));
	PAYLOAD(s, "{\"model\":\"org/other\"}");
	append(s, "model.disable");
	assert_err(release_open(s, "org/other", "README.md", "README.md", buf_slice(&header)),
		   ERR_DENIED);
}

static void add_path(char *list, size_t room)
{
	size_t size = strlen(list);

	snprintf(list + size, room - size, ",\"x%zu\"", size);
}

static void keeper_takes_no_more_open_paths_than_it_can_keep(void **state)
{
	struct scene *s = *state;
	char list[512] = "\"x\"";

	for (int i = 1; i < 32; i++)
		add_path(list, sizeof list);
	open_paths(s, "model.settings", "org/model", list);
	add_path(list, sizeof list);
	PAYLOAD(s, "{\"gate\":\"manual\",\"model\":\"org/model\",\"open_paths\":[%s]}", list);
	entry_make(&s->entry, "model.settings");
	assert_err(offer(s, &s->entry), ERR_LIMIT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(keeper_releases_a_file_that_an_entry_opened),
		TEST(keeper_opens_no_file_by_a_pattern_no_entry_gave),
		TEST(keeper_opens_no_file_that_the_pattern_does_not_match),
		TEST(keeper_opens_no_weights_whatever_the_patterns_say),
		TEST(keeper_forgets_patterns_that_a_newer_list_has_not),
		TEST(keeper_opens_the_files_of_that_model_only),
		TEST(keeper_takes_no_more_open_paths_than_it_can_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
