/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/upload/commit.h"

#define SHA "\"oid\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""

static void a_commit_reads_as_it_was_meant(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct commit c;

	(void)state;
	assert_ok(commit_parse(
		&c, &arena,
		S("{\"key\":\"header\",\"value\":{\"summary\":\"first\",\"parentCommit\":\"ab\"}}\n"
		  "{\"key\":\"file\",\"value\":{\"path\":\"a/"
		  "b.txt\",\"encoding\":\"base64\",\"content\":\"aGk=\"}}\n"
		  "{\"key\":\"lfsFile\",\"value\":{\"path\":\"w.bin\",\"algo\":\"sha256\"," SHA
		  ",\"size\":9}}\n"
		  "{\"key\":\"deletedFile\",\"value\":{\"path\":\"old\"}}\n"
		  "{\"key\":\"deletedFolder\",\"value\":{\"path\":\"dir/\"}}\n")));
	assert_slice(c.summary, "first");
	assert_slice(c.parent, "ab");
	assert_int_equal(c.count, 4);
	assert_slice(c.operations[0].content, "hi");
	assert_int_equal(c.operations[1].size, 9);
	assert_int_equal(c.operations[2].kind, COMMIT_DELETE);
	assert_slice(c.operations[3].path, "dir");
}

static void a_broken_commit_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		enum err kind;
		const char *why;
	} rows[] = {
		{"", ERR_FORMAT, "nothing"},
		{"{\"key\":\"header\",\"value\":{\"summary\":\"x\"}}", ERR_FORMAT, "no change"},
		{"not json", ERR_FORMAT, "not JSON"},
		{"{\"key\":\"symlink\",\"value\":{\"path\":\"a\"}}", ERR_UNSUPPORTED,
		 "unknown key"},
		{"{\"key\":\"file\",\"value\":{\"path\":\"../a\",\"content\":\"\"}}", ERR_FORMAT,
		 "dots"},
		{"{\"key\":\"file\",\"value\":{\"path\":\"/a\",\"content\":\"\"}}", ERR_FORMAT,
		 "absolute"},
		{"{\"key\":\"file\",\"value\":{\"path\":\"a\\\\b\",\"content\":\"\"}}", ERR_FORMAT,
		 "backslash"},
		{"{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"!\"}}", ERR_FORMAT,
		 "base64"},
		{"{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"algo\":\"md5\"," SHA "}}",
		 ERR_FORMAT, "algorithm"},
		{"{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"oid\":\"12\"}}", ERR_FORMAT,
		 "digest"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		struct commit c;

		if (commit_parse(&c, &arena, slice_of_string(rows[i].text)) != rows[i].kind)
			fail_msg("%s: %s", rows[i].why, failure_text());
	}
}

static void a_manifest_does_not_depend_on_the_order_of_files(void **state)
{
	struct commit_file files[2] = {{.path = S("b"), .size = 2}, {.path = S("a"), .size = 1}};
	struct commit_file other[2] = {{.path = S("a"), .size = 1}, {.path = S("b"), .size = 2}};
	AUTO(buf_free) struct buf one = buf_new(4096);
	AUTO(buf_free) struct buf two = buf_new(4096);

	(void)state;
	assert_ok(commit_write_manifest(&one, files, 2));
	assert_ok(commit_write_manifest(&two, other, 2));
	assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
}

static void a_revision_is_forty_digits_and_differs_with_everything(void **state)
{
	struct digest manifest = digest_of(S("m")), changed = digest_of(S("n"));
	char a[COMMIT_REVISION], b[COMMIT_REVISION], c[COMMIT_REVISION];

	(void)state;
	commit_revision(a, &manifest, S(""), S("org/m"), 1, S("s"));
	commit_revision(b, &manifest, S(""), S("org/m"), 2, S("s"));
	commit_revision(c, &changed, S(""), S("org/m"), 1, S("s"));
	assert_int_equal(strspn(a, "0123456789abcdef"), 40);
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
}

static void a_branch_or_tag_is_called_as_git_allows(void **state)
{
	static const char *const good[] = {
		"main", "v1.0", "feature/x-1",
		"A_b",  "0",    "0123456789abcdef0123456789abcdef0123456"};
	static const char *const bad[] = {"",
					  "-x",
					  ".x",
					  "/x",
					  "x/",
					  "x//y",
					  "x/.y",
					  "x.",
					  "x.lock",
					  "a/b.lock",
					  "a..b",
					  "a b",
					  "a~1",
					  "a^",
					  "a:b",
					  "a\\b",
					  "a@{1}",
					  "\xc3\xa4",
					  "HEAD",
					  "refs/heads/main",
					  "0123456789abcdef0123456789abcdef01234567"};
	char longest[COMMIT_MAX_REFERENCE + 2];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_ok(commit_check_reference(slice_of_string(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (commit_check_reference(slice_of_string(bad[i])) != ERR_FORMAT)
			fail_msg("\"%s\" is taken for a name", bad[i]);
	memset(longest, 'a', sizeof longest);
	assert_ok(commit_check_reference(slice_of(longest, COMMIT_MAX_REFERENCE)));
	assert_err(commit_check_reference(slice_of(longest, COMMIT_MAX_REFERENCE + 1)), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_reads_as_it_was_meant),
		cmocka_unit_test(a_broken_commit_is_refused_with_its_line),
		cmocka_unit_test(a_manifest_does_not_depend_on_the_order_of_files),
		cmocka_unit_test(a_branch_or_tag_is_called_as_git_allows),
		cmocka_unit_test(a_revision_is_forty_digits_and_differs_with_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
