/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tokens may come: of a vocabulary of a few words, and of real ones, where each bit of a mask
 * is held against a walk of that token's bytes by itself.
 */
#include <stdio.h>

#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/inference/grammar_scene.h"

enum {
	END,
	SPECIAL,
	OPEN,
	OPEN_NAME,
	NAME,
	QUOTE,
	COLON_ONE,
	ONE,
	CLOSE,
	E_ACUTE_1,
	E_ACUTE_2,
	BOTH,
	NAME_TWICE,
	SPACE_OPEN,
	TEXT,
	WORDS
};

static const char *const list[WORDS] = {
	[END] = "",           [SPECIAL] = "",       [OPEN] = "{",
	[OPEN_NAME] = "{\"a", [NAME] = "a",         [QUOTE] = "\"",
	[COLON_ONE] = "\":1", [ONE] = "1",          [CLOSE] = "}",
	[E_ACUTE_1] = "\xc3", [E_ACUTE_2] = "\xa9", [BOTH] = "\":1}",
	[NAME_TWICE] = "a",   [SPACE_OPEN] = " {",  [TEXT] = "a harbor at night",
};
static const uint32_t ends[] = {END};
static const char A_IS_ONE[] = "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1}},"
			       "\"required\":[\"a\"]}";

struct scene {
	struct words words;
	struct grammar_vocabulary *vocabulary;
	struct grammar *grammar;
	struct grammar_run *run;
};

static void scene_open(struct scene *s, enum grammar_kind kind, const char *source,
		       bool drops_space)
{
	*s = (struct scene){.words = {list, WORDS, drops_space}};
	s->vocabulary = words_vocabulary(&s->words, ends, 1);
	assert_ok(grammar_new(&s->grammar, kind, slice_of_string(source), s->vocabulary));
	s->run = grammar_run_new(s->grammar);
}

static void scene_close(struct scene *s)
{
	grammar_run_free(s->run);
	grammar_free(s->grammar);
	grammar_vocabulary_free(s->vocabulary);
}

/* Exactly these may come, in the order of the list; the last is WORDS. */
static void assert_may_come(struct scene *s, bool is_first, const int *tokens)
{
	for (uint32_t id = 0; id < WORDS; id++) {
		bool expected = *tokens == (int)id;

		tokens += expected;
		if (may_come(s->run, is_first, id) != expected)
			fail_msg("token %u: %s expected", id, expected ? "yes" : "no");
	}
}
#define MAY_COME(...) ((const int[]){__VA_ARGS__, WORDS})

static void tokens_span_symbols(void **state)
{
	AUTO(scene_close) struct scene s;
	(void)state;

	scene_open(&s, GRAMMAR_STRICT, A_IS_ONE, false);
	assert_may_come(&s, false, MAY_COME(OPEN, OPEN_NAME));
	assert_true(grammar_run_take(s.run, S("{\"a")));
	assert_may_come(&s, false, MAY_COME(QUOTE, COLON_ONE, BOTH));
	assert_true(grammar_run_take(s.run, S("\":1")));
	assert_may_come(&s, false, MAY_COME(CLOSE));
	assert_true(grammar_run_take(s.run, S("}")));
	assert_true(grammar_run_is_over(s.run));
	assert_may_come(&s, false, MAY_COME(END));
}

static void the_end_comes_only_where_the_text_is_whole(void **state)
{
	AUTO(scene_close) struct scene s;
	(void)state;

	scene_open(&s, GRAMMAR_REGEX, "1+", false);
	assert_may_come(&s, false, MAY_COME(ONE));
	assert_true(grammar_run_take(s.run, S("1")));
	assert_may_come(&s, false, MAY_COME(END, ONE));
	assert_true(grammar_run_may_end(s.run));
	assert_false(grammar_run_is_over(s.run));
}

static void half_a_character_is_a_token_like_others(void **state)
{
	AUTO(scene_close) struct scene s;
	(void)state;

	scene_open(&s, GRAMMAR_SCHEMA, "{\"type\":\"string\",\"maxLength\":2}", false);
	assert_true(grammar_run_take(s.run, S("\"")));
	assert_may_come(&s, false,
			MAY_COME(OPEN, NAME, QUOTE, ONE, CLOSE, E_ACUTE_1, NAME_TWICE, SPACE_OPEN));
	assert_true(grammar_run_take(s.run, S("\xc3")));
	assert_may_come(&s, false, MAY_COME(E_ACUTE_2));
	assert_true(grammar_run_take(s.run, S("\xa9")));
	assert_may_come(&s, false, MAY_COME(OPEN, NAME, QUOTE, ONE, CLOSE, E_ACUTE_1, NAME_TWICE));
	assert_true(grammar_run_take(s.run, S("a")));
	assert_may_come(&s, false, MAY_COME(QUOTE));
}

static void the_first_token_is_as_it_will_be_shown(void **state)
{
	AUTO(scene_close) struct scene s;
	(void)state;

	scene_open(&s, GRAMMAR_STRICT, A_IS_ONE, true);
	assert_may_come(&s, true, MAY_COME(OPEN, OPEN_NAME, SPACE_OPEN));
	assert_may_come(&s, false, MAY_COME(OPEN, OPEN_NAME));
}

static void a_vocabulary_without_a_way_offers_nothing(void **state)
{
	AUTO(scene_close) struct scene s;
	(void)state;

	scene_open(&s, GRAMMAR_REGEX, "[xyz]", false);
	assert_may_come(&s, false, MAY_COME(WORDS));
	assert_false(grammar_run_take(s.run, S("a")));
	assert_true(grammar_run_take(s.run, S("x")));
}

static void runs_of_one_grammar_do_not_meet(void **state)
{
	AUTO(scene_close) struct scene s;
	AUTO(grammar_run_auto) struct grammar_run *other = NULL;
	(void)state;

	scene_open(&s, GRAMMAR_OBJECT, "", false);
	other = grammar_run_new(s.grammar);
	assert_true(grammar_run_take(s.run, S("{\"a\":1")));
	assert_true(may_come(s.run, false, CLOSE));
	assert_false(may_come(other, false, CLOSE));
	assert_true(may_come(other, false, OPEN));
}

/* Numbered anew many times, while two are under way. */
static void many_states_are_forgotten_and_made_again(void **state)
{
	AUTO(scene_close) struct scene s;
	AUTO(grammar_run_auto) struct grammar_run *other = NULL;
	(void)state;

	scene_open(&s, GRAMMAR_SCHEMA, "{\"type\":\"string\",\"maxLength\":20000}", false);
	other = grammar_run_new(s.grammar);
	assert_true(grammar_run_take(other, S("\"\xc3")));
	assert_true(grammar_run_take(s.run, S("\"")));
	for (int i = 0; i < 20000; i++) {
		assert_true(grammar_run_take(s.run, S("a")));
		assert_true(i % 500 || may_come(s.run, false, QUOTE));
	}
	assert_false(grammar_run_take(s.run, S("a")));
	assert_true(grammar_run_take(s.run, S("\"")));
	assert_true(grammar_run_is_over(s.run));
	assert_true(may_come(other, false, E_ACUTE_2));
	assert_false(may_come(other, false, NAME));
	assert_true(grammar_memory_bytes(s.grammar) < 16 << 20);
}

static const struct walk {
	const char *schema, *text;
	size_t looks[3]; /* bytes of the text, behind which a mask is looked at */
} walks[] = {
	{"{\"type\":\"object\"}", "{\"name\": \"Ada\", \"n\": [1, 2.5]}", {0, 11, 25}},
	{"{\"type\":\"object\",\"properties\":{\"s\":{\"type\":\"string\",\"maxLength\":7}},"
	 "\"required\":[\"s\"],\"additionalProperties\":false}",
	 "{\"s\": \"harbor\"}",
	 {1, 7, 12}},
	{"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z ]+s$\"}}",
	 "[\"ships\", \"sea gulls\"]",
	 {2, 5, 13}},
	{"{\"type\":\"integer\",\"minimum\":7,\"maximum\":1234}", "123", {0, 1, 2}},
	{"{\"enum\":[\"ship\",\"ships\",\"shore\",17]}", "\"ship\"", {0, 2, 5}},
};

static void write_token(void *context, uint32_t id, bool is_first, struct buf *out)
{
	const struct tokenizer *t = context;

	if (!tokenizer_is_special(t, id))
		tokenizer_write_piece(t, id, is_first, out);
}

static bool could_come(struct grammar *g, struct slice before, struct slice token)
{
	AUTO(grammar_run_auto) struct grammar_run *r = grammar_run_new(g);

	return token.size > 0 && grammar_run_take(r, before) && grammar_run_take(r, token);
}

/* All tokens at one place; of a large vocabulary one in seven. */
static void look(struct grammar *g, const struct tokenizer *t, struct slice before, bool is_first)
{
	AUTO(grammar_run_auto) struct grammar_run *r = grammar_run_new(g);
	AUTO(buf_free) struct buf piece = buf_new(1 << 15);
	uint32_t step = tokenizer_vocabulary(t) > 20000 ? 7 : 1;

	assert_true(grammar_run_take(r, before));
	for (uint32_t id = 0; id < tokenizer_vocabulary(t); id += step) {
		buf_reset(&piece);
		write_token((void *)(uintptr_t)t, id, is_first, &piece);
		if (may_come(r, is_first, id) != could_come(g, before, buf_slice(&piece)))
			fail_msg("token %u behind \"%.*s\"", id, SLICE_PRINT(before));
	}
}

static void check_masks(const struct tokenizer *t)
{
	AUTO(grammar_vocabulary_auto) struct grammar_vocabulary *v = NULL;
	const struct grammar_tokens tokens = {.context = (void *)(uintptr_t)t,
					      .count = tokenizer_vocabulary(t),
					      .write = write_token};

	assert_ok(grammar_vocabulary_new(&v, &tokens));
	for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
		AUTO(grammar_auto) struct grammar *g = NULL;
		const struct walk *w = &walks[i];

		assert_ok(grammar_new(&g, GRAMMAR_SCHEMA, slice_of_string(w->schema), v));
		for (size_t k = 0; k < 3; k++)
			look(g, t, slice_of(w->text, w->looks[k]), w->looks[k] == 0);
	}
}

static void masks_are_what_each_token_by_itself_would_be(void **state)
{
	/* Byte-level; SentencePiece with byte fallback; Unigram; WordPiece. */
	static const char *const folders[] = {
		"tokenizers/gpt2/tokenizer.json", "tokenizers/qwen2/vocab.json",
		"models/stories260K/tokenizer.json", "tokenizers/t5/tokenizer.json",
		"tokenizers/bert/tokenizer.json"};
	(void)state;

	for (size_t i = 0; i <= sizeof folders / sizeof *folders; i++) {
		AUTO(tokenizer_auto) struct tokenizer *t = NULL;
		struct folder folder = {0};
		char path[400] = "data/demo-model/tokenizer.json";

		if (i > 0 && !shared_path(path, sizeof path, folders[i - 1]))
			continue;
		*strrchr(path, '/') = '\0';
		folder_init(&folder, path);
		assert_ok(tokenizer_open_files(&t, &folder.files, NULL));
		check_masks(t);
		folder_free(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_span_symbols),
		cmocka_unit_test(the_end_comes_only_where_the_text_is_whole),
		cmocka_unit_test(half_a_character_is_a_token_like_others),
		cmocka_unit_test(the_first_token_is_as_it_will_be_shown),
		cmocka_unit_test(a_vocabulary_without_a_way_offers_nothing),
		cmocka_unit_test(runs_of_one_grammar_do_not_meet),
		cmocka_unit_test(many_states_are_forgotten_and_made_again),
		cmocka_unit_test(masks_are_what_each_token_by_itself_would_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
