/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/outbound/upstream.h"

static void a_source_is_a_hub_and_a_name(void **state)
{
	struct upstream u = {0};

	(void)state;
	assert_ok(upstream_parse(&u, S("hf:org/name"), S("https://hub.example/")));
	assert_slice(u.endpoint, "https://hub.example");
	assert_slice(u.repository, "org/name");
	assert_slice(u.revision, "main");
	assert_ok(upstream_parse(&u, S("https://other.example:8443/name/"), S("")));
	assert_slice(u.endpoint, "https://other.example:8443");
	assert_slice(u.repository, "name");
}

static void a_source_that_is_none_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"org/name",
		"hf:",
		"hf:org/name/more",
		"hf:../name",
		"hf:org/name?x",
		"hf:org/na me",
		"http://hub.example/org/name",
		"https://hub.example",
		"https://hub.example/",
		"https://hub.example/a/b/c",
		"https://hub.example/org/name#x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct upstream u = {0};

		if (upstream_parse(&u, slice_of_string(rows[i]), S("https://h")) == OK)
			fail_msg("\"%s\" was taken", rows[i]);
	}
}

static void addresses_are_encoded(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct upstream u = {.revision = S("refs/pr/1")};

	(void)state;
	assert_ok(upstream_parse(&u, S("hf:org/name"), S("https://h")));
	assert_slice(upstream_info_url(&arena, &u),
		     "https://h/api/models/org/name/revision/refs%2Fpr%2F1");
	assert_slice(upstream_tree_url(&arena, &u),
		     "https://h/api/models/org/name/tree/refs%2Fpr%2F1?recursive=true");
	assert_slice(upstream_file_url(&arena, &u, S("a b/c?.bin")),
		     "https://h/org/name/resolve/refs%2Fpr%2F1/a%20b/c%3F.bin");
}

#define SHA1 "0123456789012345678901234567890123456789"
#define SHA256 "0123456789012345678901234567890123456789012345678901234567890123"

static enum err read_tree(struct upstream_tree *tree, struct arena *arena, const char *text)
{
	*tree = (struct upstream_tree){
		.files = arena_alloc(arena, COMMIT_MAX_FILES * sizeof *tree->files)};
	return upstream_read_tree(tree, arena, slice_of_string(text));
}

static void a_tree_is_read(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct upstream_tree tree;

	(void)state;
	assert_ok(read_tree(&tree, &arena,
			    "[{\"type\":\"directory\",\"path\":\"a\",\"oid\":\"" SHA1 "\"},"
			    "{\"type\":\"file\",\"path\":\"a/b\",\"size\":3,\"oid\":\"" SHA1 "\"},"
			    "{\"type\":\"file\",\"path\":\"w\",\"size\":4,\"oid\":\"" SHA1
			    "\",\"lfs\":{\"oid\":\"" SHA256 "\",\"size\":4}}]"));
	assert_int_equal(tree.count, 2);
	assert_slice(tree.files[0].path, "a/b");
	assert_false(tree.files[0].is_large);
	assert_true(tree.files[1].is_large);
	assert_int_equal(tree.files[1].size, 4);
	assert_int_equal(tree.files[1].sha256[31], 0x23);
}

static void a_tree_that_lies_is_refused(void **state)
{
	static const struct {
		const char *tree;
		enum err kind;
	} rows[] = {
		{"{}", ERR_FORMAT},
		{"[{\"path\":\"../a\",\"size\":1,\"oid\":\"" SHA1 "\"}]", ERR_FORMAT},
		{"[{\"path\":\"/a\",\"size\":1,\"oid\":\"" SHA1 "\"}]", ERR_FORMAT},
		{"[{\"path\":\"a\",\"size\":-1,\"oid\":\"" SHA1 "\"}]", ERR_FORMAT},
		{"[{\"path\":\"a\",\"oid\":\"" SHA1 "\"}]", ERR_FORMAT},
		{"[{\"path\":\"a\",\"size\":1,\"oid\":\"*\"}]", ERR_DENIED},
		{"[{\"path\":\"a\",\"size\":1,\"lfs\":{\"oid\":\"" SHA1 "\"}}]", ERR_DENIED},
		{"[{\"path\":\"a\",\"size\":1,\"lfs\":{\"oid\":\"" SHA256 "\",\"size\":2}}]",
		 ERR_CONFLICT},
		{"[{\"path\":\"a\",\"size\":1,\"oid\":\"" SHA1 "\"},"
		 "{\"path\":\"a\",\"size\":1,\"oid\":\"" SHA1 "\"}]",
		 ERR_FORMAT},
	};
	struct upstream_tree tree;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {NULL};

		assert_err(read_tree(&tree, &arena, rows[i].tree), rows[i].kind);
	}
}

static void a_commit_is_a_plain_word(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct slice commit;

	(void)state;
	assert_ok(upstream_read_info(&commit, &arena, S("{\"sha\":\"" SHA1 "\"}")));
	assert_slice(commit, SHA1);
	assert_err(upstream_read_info(&commit, &arena, S("{\"sha\":\"../x\"}")), ERR_FORMAT);
	assert_err(upstream_read_info(&commit, &arena, S("{\"sha\":\"\"}")), ERR_FORMAT);
	assert_err(upstream_read_info(&commit, &arena, S("{}")), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_is_a_hub_and_a_name),
		cmocka_unit_test(a_source_that_is_none_is_refused),
		cmocka_unit_test(addresses_are_encoded),
		cmocka_unit_test(a_tree_is_read),
		cmocka_unit_test(a_tree_that_lies_is_refused),
		cmocka_unit_test(a_commit_is_a_plain_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
