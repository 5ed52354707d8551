/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small vocabularies of each form, made here: each is read, and the nearest that must not be is
 * refused by the file and the key.
 */
#include "tests/unit/test.h"

#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/inference/proto.h"

#define GPT2 "{\"model_type\":\"gpt2\"}"
#define VOCAB "{\"a\":0,\"b\":1,\"ab\":2,\"<|endoftext|>\":3,\"\u0120\":4}"
#define MERGES "#version: 0.2\na b\n"
#define BERT "{\"model_type\":\"bert\"}"
#define LINES "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nab\n##c\nd\n"

struct row {
	const char *why;
	const char *files[10]; /* name, text, name, text ... */
	enum err expected;
	const char *says; /* part of the failure */
};

static enum err open_row(struct tokenizer **out, const struct row *row)
{
	struct folder folder;
	enum err result;

	folder_init(&folder, "/nothing");
	for (size_t i = 0; i + 1 < 10 && row->files[i]; i += 2)
		folder_set(&folder, row->files[i], slice_of_string(row->files[i + 1]));
	result = tokenizer_open_files(out, &folder.files, NULL);
	folder_free(&folder);
	return result;
}

static const struct row rows[] = {
	/* clang-format off */
	{"nothing at all", {"config.json", GPT2}, ERR_NOT_FOUND, "tokenizer.json"},
	{"words", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2}, OK, NULL},
	{"words without merges", {"vocab.json", VOCAB, "config.json", GPT2}, ERR_NOT_FOUND, "merges.txt"},
	{"nobody says what they are", {"vocab.json", VOCAB, "merges.txt", MERGES}, ERR_UNSUPPORTED, "\"model_type\""},
	{"another type", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", "{\"model_type\":\"clip\"}"},
	 ERR_UNSUPPORTED, "\"model_type\" is \"clip\""},
	{"another class", {"vocab.json", VOCAB, "merges.txt", MERGES, "tokenizer_config.json",
	 "{\"tokenizer_class\":\"CLIPTokenizer\"}", "config.json", GPT2}, ERR_UNSUPPORTED, "\"tokenizer_class\" is \"CLIPTokenizer\""},
	{"a class of another file", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", BERT},
	 ERR_UNSUPPORTED, "vocab.json: a BertTokenizer"},
	{"a setting that nobody knows", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2,
	 "tokenizer_config.json", "{\"split_special_tokens\":true}"}, ERR_UNSUPPORTED, "\"split_special_tokens\" is true"},
	{"a merge of nothing", {"vocab.json", VOCAB, "merges.txt", "a c\n", "config.json", GPT2}, ERR_FORMAT, "merges.txt: merge 1"},
	{"a merge with a space in it", {"vocab.json", VOCAB, "merges.txt", "a b\n\na b\n", "config.json", GPT2},
	 ERR_FORMAT, "merges.txt: merge 2"},
	{"an id twice", {"vocab.json", "{\"a\":0,\"b\":0}", "merges.txt", "\n", "config.json", GPT2}, ERR_FORMAT, "stands there twice"},
	{"an id beyond all", {"vocab.json", "{\"a\":4000000000}", "merges.txt", "\n", "config.json", GPT2}, ERR_FORMAT, "vocab.json: \"vocab\""},
	{"an added id that is none", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2, "tokenizer_config.json",
	 "{\"added_tokens_decoder\":{\"x\":{\"content\":\"<x>\"}}}"}, ERR_FORMAT, "\"added_tokens_decoder\": \"x\""},
	{"an added token that is no text", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2, "tokenizer_config.json",
	 "{\"added_tokens_decoder\":{\"5\":{\"content\":7}}}"}, ERR_FORMAT, "added_tokens_decoder"},
	{"a special token that is a list", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2,
	 "special_tokens_map.json", "{\"bos_token\":[1]}"}, ERR_FORMAT, "bos_token"},
	{"lines", {"vocab.txt", LINES, "config.json", BERT}, OK, NULL},
	{"lines ended as elsewhere", {"vocab.txt", "[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n", "config.json", BERT}, OK, NULL},
	{"a line twice", {"vocab.txt", LINES "d\n", "config.json", BERT}, ERR_FORMAT, "vocab.txt: token \"d\""},
	{"a line that is no text", {"vocab.txt", LINES "\xff\n", "config.json", BERT}, ERR_FORMAT, "not UTF-8"},
	{"lines without an unknown", {"vocab.txt", "[CLS]\n[SEP]\na\n", "config.json", BERT}, ERR_FORMAT, "unk_token"},
	{"lines without a beginning", {"vocab.txt", "[UNK]\n[SEP]\na\n", "config.json", BERT}, ERR_FORMAT, "\"[CLS]\""},
	{"lines of another class", {"vocab.txt", LINES, "config.json", GPT2}, ERR_UNSUPPORTED, "vocab.txt: a GPT2Tokenizer"},
	{"no words first", {"vocab.txt", LINES, "config.json", BERT, "tokenizer_config.json", "{\"do_basic_tokenize\":false}"},
	 ERR_UNSUPPORTED, "\"do_basic_tokenize\""},
	{"words never cut", {"vocab.txt", LINES, "config.json", BERT, "tokenizer_config.json", "{\"never_split\":[\"a\"]}"},
	 ERR_UNSUPPORTED, "\"never_split\""},
	{"a flag that is none", {"vocab.txt", LINES, "config.json", BERT, "tokenizer_config.json", "{\"do_lower_case\":1}"},
	 ERR_FORMAT, "\"do_lower_case\""},
	{"ranks without special tokens", {"tokenizer.model", "YQ== 0\n", "config.json", "{\"model_type\":\"llama\"}"},
	 ERR_UNSUPPORTED, "added_tokens_decoder"},
	{"neither pieces nor ranks", {"tokenizer.model", "hello\n", "config.json", "{\"model_type\":\"llama\"}"},
	 ERR_FORMAT, "tokenizer.model: a line"},
	/* clang-format on */
};

static void what_is_broken_or_unknown_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(tokenizer_auto) struct tokenizer *t = NULL;
		enum err result = open_row(&t, &rows[i]);

		if (result != rows[i].expected)
			fail_msg("%s: %d, \"%s\"", rows[i].why, (int)result, failure_text());
		if (rows[i].says && !strstr(failure_text(), rows[i].says))
			fail_msg("%s: \"%s\" does not say %s", rows[i].why, failure_text(),
				 rows[i].says);
	}
}

static void check_ids(const struct tokenizer *t, const char *text, const char *expected)
{
	AUTO(token_list_free) struct token_list list = {0};
	AUTO(buf_free) struct buf shown = buf_new(1000);

	assert_ok(tokenizer_encode(t, &list, slice_of_string(text)));
	for (size_t i = 0; i < list.count; i++)
		buf_printf(&shown, "%s%u", i ? " " : "", list.ids[i]);
	assert_string_equal(buf_string(&shown), expected);
}

static void settings_of_a_vocabulary_are_followed(void **state)
{
	static const struct {
		struct row row;
		const char *text, *expected;
	} cases[] = {
		/* clang-format off */
		{{"", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2}, OK, NULL}, "aab<|endoftext|>", "0 2 3"},
		{{"", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2, "tokenizer_config.json",
		       "{\"add_bos_token\":true,\"add_prefix_space\":true}"}, OK, NULL}, "ab", "3 4 2"},
		{{"", {"vocab.json", VOCAB, "merges.txt", MERGES, "config.json", GPT2, "added_tokens.json",
		       "{\"<x>\":9}", "special_tokens_map.json", "{\"pad_token\":\"<pad>\",\"eos_token\":\"<x>\"}"}, OK, NULL},
		 "a<x><pad>", "0 9 10"},
		{{"", {"vocab.txt", LINES, "config.json", BERT}, OK, NULL}, "ABc \u00e0bc \u4e00", "2 5 6 5 6 1 3"},
		{{"", {"vocab.txt", LINES, "config.json", BERT, "tokenizer_config.json", "{\"do_lower_case\":false}"}, OK, NULL},
		 "ABc abc", "2 1 5 6 3"},
		{{"", {"vocab.txt", LINES, "config.json", BERT, "tokenizer_config.json",
		       "{\"do_lower_case\":false,\"strip_accents\":true}"}, OK, NULL}, "\u00e0bc", "2 5 6 3"},
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(tokenizer_auto) struct tokenizer *t = NULL;

		if (open_row(&t, &cases[i].row) != OK)
			fail_msg("case %zu: %s", i, failure_text());
		check_ids(t, cases[i].text, cases[i].expected);
	}
}

/* SentencePiece's. The pieces' places are their ids. */
static const struct proto_piece pieces[] = {
	{"<unk>", 0, 2},
	{"<s>", 0, 3},
	{"</s>", 0, 3},
	{"a", -4, 1},
	{"b", -4, 1},
	{"\xe2\x96\x81", -3, 1},
	{"ab", -1, 1},
	{"\xe2\x96\x81"
	 "ab",
	 -2, 1},
	{"<mine>", 0, 4},
};
enum { PIECES = sizeof pieces / sizeof *pieces };

static enum err open_pieces(struct tokenizer **out, const struct proto_piece *list, size_t count,
			    struct slice rest, const char *settings)
{
	AUTO(buf_free) struct buf model = buf_new(1 << 16);
	struct folder folder;
	enum err result;

	for (size_t i = 0; i < count; i++)
		proto_write_piece(&model, &list[i]);
	buf_write(&model, rest);
	folder_init(&folder, "/nothing");
	folder_set(&folder, "tokenizer.model", buf_slice(&model));
	folder_set(&folder, "config.json", S("{\"model_type\":\"llama\"}"));
	if (settings)
		folder_set(&folder, "tokenizer_config.json", slice_of_string(settings));
	result = tokenizer_open_files(out, &folder.files, NULL);
	folder_free(&folder);
	return result;
}

#define BPE PROTO_TRAINER_2("\x18\x02")
#define UNIGRAM PROTO_TRAINER_2("\x18\x01")
#define PLAIN PROTO_NORMALIZER_2("\x20\x00")

static void pieces_are_cut_as_sentencepiece_does(void **state)
{
	static const struct {
		struct slice rest;
		const char *settings, *text, *expected;
	} cases[] = {
		{PROTO_SLICE(BPE PLAIN), NULL, "ab  a<mine>b", "1 7 5 5 3 8 4"},
		{PROTO_SLICE(BPE), NULL, "  ab  a ", "1 7 5 3"},
		{PROTO_SLICE(UNIGRAM PLAIN), NULL, "ab a<mine>x", "1 7 5 3 8 0"},
		{PROTO_SLICE(BPE PLAIN), "{\"add_bos_token\":false,\"add_eos_token\":true}", "a",
		 "5 3 2"},
		{PROTO_SLICE(BPE PLAIN), "{\"add_prefix_space\":false}", "ab<s>ab", "1 6 1 6"},
		{PROTO_SLICE(BPE PLAIN), "{\"legacy\":false}", "ab<s>ab", "1 7 1 6"},
		{PROTO_SLICE(BPE PLAIN), NULL, "ab<s>ab", "1 7 1 7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(tokenizer_auto) struct tokenizer *t = NULL;

		if (open_pieces(&t, pieces, PIECES, cases[i].rest, cases[i].settings) != OK)
			fail_msg("case %zu: %s", i, failure_text());
		check_ids(t, cases[i].text, cases[i].expected);
	}
}

static void pieces_of_an_unknown_kind_are_refused_by_name(void **state)
{
	static const struct {
		struct slice rest;
		struct proto_piece last;
		enum err expected;
		const char *says;
	} cases[] = {
		{PROTO_SLICE(PROTO_TRAINER_2("\x18\x03")),
		 {"c", 0, 1},
		 ERR_UNSUPPORTED,
		 "\"model_type\" 3"},
		{PROTO_SLICE(PROTO_TRAINER_3("\xc0\x01\x01")),
		 {"c", 0, 1},
		 ERR_UNSUPPORTED,
		 "treat_whitespace_as_suffix"},
		{PROTO_SLICE(BPE), {"c", 0, 5}, ERR_UNSUPPORTED, "\"unused\""},
		{PROTO_SLICE(BPE), {"c", 0, 7}, ERR_UNSUPPORTED, "\"type\" 7"},
		{PROTO_SLICE(BPE), {"<0x0A>", 0, 6}, ERR_FORMAT, "byte_fallback"},
		{PROTO_SLICE(BPE), {"a", 0, 1}, ERR_FORMAT, "stands there twice"},
		{PROTO_SLICE(BPE), {"ac", 0, 1}, ERR_UNSUPPORTED, "no token by itself"},
		{PROTO_SLICE(BPE), {"", 0, 1}, ERR_FORMAT, "piece 9"},
		{PROTO_SLICE(BPE), {"c", 0, 2}, ERR_FORMAT, "two unknown"},
		{PROTO_SLICE(BPE "\x2a\x03\x12\x01x"),
		 {"c", 0, 1},
		 ERR_UNSUPPORTED,
		 "denormalizer_spec"},
		{PROTO_SLICE(PROTO_NORMALIZER_3("\x12\x01x")),
		 {"c", 0, 1},
		 ERR_FORMAT,
		 "precompiled_charsmap"},
		{PROTO_SLICE(BPE "\x0a\x7f"), {"c", 0, 1}, ERR_FORMAT, "cut short"},
		{PROTO_SLICE(BPE "\x0b"), {"c", 0, 1}, ERR_FORMAT, "not a SentencePiece model"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(tokenizer_auto) struct tokenizer *t = NULL;
		struct proto_piece list[PIECES + 1];

		memcpy(list, pieces, sizeof pieces);
		list[PIECES] = cases[i].last;
		assert_err(open_pieces(&t, list, PIECES + 1, cases[i].rest, NULL),
			   cases[i].expected);
		if (!strstr(failure_text(), cases[i].says))
			fail_msg("case %zu: \"%s\"", i, failure_text());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_broken_or_unknown_is_refused_by_name),
		cmocka_unit_test(settings_of_a_vocabulary_are_followed),
		cmocka_unit_test(pieces_are_cut_as_sentencepiece_does),
		cmocka_unit_test(pieces_of_an_unknown_kind_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
