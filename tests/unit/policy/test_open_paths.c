/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/open_paths.h"

static void a_pattern_opens_what_it_names_and_nothing_beside_it(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool opens;
		const char *why;
	} rows[] = {
		{"README.md", "README.md", true, "a literal is itself"},
		{"README.md", "readme.md", false, "case counts"},
		{"README.md", "docs/README.md", false, "it begins at the root"},
		{"README.md", "README.md.html", false, "and is the whole name"},
		{"LICENSE*", "LICENSE", true, "a star may be nothing"},
		{"LICENSE*", "LICENSE-2.0.txt", true, "or something"},
		{"LICENSE*", "LICENSE/weights.txt", false, "but never a slash"},
		{"*", "config.json", true, "any name at the root"},
		{"*", "a/config.json", false, "and only there"},
		{"*/*.json", "a/config.json", true, "one folder down"},
		{"*/*.json", "a/b/config.json", false, "not two"},
		{"**", "a/b/c.txt", true, "any depth"},
		{"**/*.md", "notes.md", true, "no folder at all"},
		{"**/*.md", "a/b/notes.md", true, "or several"},
		{"docs/**", "docs/a/b", true, "all below"},
		{"docs/**", "docs2/a", false, "of that folder"},
		{"docs/**/x.txt", "docs/x.txt", true, "none between"},
		{"docs/**/x.txt", "docs/a/y/x.txt", true, "some between"},
		{"docs/**/x.txt", "docs/a/y/x.txt.md", false, "the end must fit"},
		{"a/**/b/**/c", "a/b/b/x/c", true, "a later choice is tried too"},
		{"a/**/b/**/c", "a/c/b", false, "in order"},
		{"*a*b", "aab", true, "stars step back"},
		{"*a*b", "aba", false, "the end must fit"},
		{"a.b", "axb", false, "a dot is a dot"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (open_pattern_matches(slice_of_string(rows[i].pattern),
					 slice_of_string(rows[i].path)) != rows[i].opens)
			fail_msg("%s on %s: %s", rows[i].pattern, rows[i].path, rows[i].why);
}

static void no_pattern_opens_weights(void **state)
{
	static const char *const closed[] = {
		"model.safetensors",
		"MODEL.SafeTensors",
		"a/b/model-00001-of-00002.safetensors",
		"model.gguf",
		"model.gguf.part1",
		"pytorch_model.bin",
		"pytorch_model.bin.zst",
		"x.pt",
		"x.onnx",
		"x.h5",
		"x.msgpack",
		"consolidated.00.pth",
	};
	static const char *const open[] = {
		"model.safetensors.index.json",
		"safetensors",
		"tokenizer.model",
		"binary.txt",
	};

	(void)state;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		if (open_pattern_matches(S("**"), slice_of_string(closed[i])))
			fail_msg("%s is opened", closed[i]);
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
		if (!open_pattern_matches(S("**"), slice_of_string(open[i])))
			fail_msg("%s is not opened", open[i]);
}

static void what_would_surprise_is_refused_and_matches_nothing(void **state)
{
	static const char *const bad[] = {
		"",      "/README.md",    "docs/",      "a//b",    "../x",
		"a/./b", "a**b",          "***",        "[ab]",    "a?",
		"{a,b}", "a\\b",          "!a",         "a\nb",    "a\tb",
		"*.bin", "*.safetensors", "model.GGUF", "\xff.md",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_err(open_pattern_check(slice_of_string(bad[i])), ERR_FORMAT);
		assert_false(
			open_pattern_matches(slice_of_string(bad[i]), slice_of_string(bad[i])));
	}
}

static void a_pattern_has_a_ceiling(void **state)
{
	char text[OPEN_PATTERN_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof text);
	assert_ok(open_pattern_check(slice_of(text, OPEN_PATTERN_MAX)));
	assert_err(open_pattern_check(slice_of(text, OPEN_PATTERN_MAX + 1)), ERR_FORMAT);
}

static void a_list_names_the_pattern_that_opened(void **state)
{
	struct slice pattern;

	(void)state;
	assert_true(open_paths_find(&pattern, S("README.md\ndocs/**"), S("docs/a.md")));
	assert_slice(pattern, "docs/**");
	assert_false(open_paths_find(&pattern, S("README.md\ndocs/**"), S("config.json")));
	assert_false(open_paths_find(&pattern, S(""), S("README.md")));
}

static void a_new_model_opens_its_card_and_license(void **state)
{
	struct slice pattern;

	(void)state;
	assert_true(open_paths_find(&pattern, S(OPEN_PATHS_DEFAULT), S("README.md")));
	assert_true(open_paths_find(&pattern, S(OPEN_PATHS_DEFAULT), S("LICENSE.txt")));
	assert_false(open_paths_find(&pattern, S(OPEN_PATHS_DEFAULT), S("config.json")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_opens_what_it_names_and_nothing_beside_it),
		cmocka_unit_test(no_pattern_opens_weights),
		cmocka_unit_test(what_would_surprise_is_refused_and_matches_nothing),
		cmocka_unit_test(a_pattern_has_a_ceiling),
		cmocka_unit_test(a_list_names_the_pattern_that_opened),
		cmocka_unit_test(a_new_model_opens_its_card_and_license),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
