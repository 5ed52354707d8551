/* SPDX-License-Identifier: Apache-2.0 */
/* Whose each byte of a rendered text is: the template's, or the conversation's. */
#include "tests/unit/test.h"

#include "inference/template/template.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

static enum err render(struct template_text *out, const char *text, const char *client,
		       const char *own)
{
	AUTO(template_auto) struct template *t = NULL;
	json_t *context = json_loads(client, 0, NULL), *ours = json_loads(own, 0, NULL);
	enum err result = template_parse(&t, slice_of_string(text));

	assert_true(context && ours);
	if (result == OK)
		result = template_render(
			out, t, &(struct template_context){.client = context, .own = ours});
	json_decref(context);
	json_decref(ours);
	return result;
}

/* `own` has a "t" for each byte of the template and a "c" for each of the conversation. */
static void each_byte_belongs_to_whoever_wrote_it(void **state)
{
	static const struct {
		const char *template, *text, *own;
	} ROWS[] = {
		{"ab{{ x }}c", "abXYc", "ttcct"},
		{"{{ '<' ~ x ~ '>' }}", "<XY>", "tcct"},
		{"{{ '<' + 'a' + '>' }}", "<a>", "ttt"},
		{"{{ x * 2 }}{{ 'a' * 2 }}", "XYXYaa", "cccctt"},
		{"{{ ('[' ~ x ~ ']')[1:3] }}", "XY", "cc"},
		{"{{ ('[' ~ x ~ ']')[::-1] }}", "]YX[", "tcct"},
		{"{{ ('[' ~ x ~ ']')[0] }}{{ x[-1] }}", "[Y", "tc"},
		{"{{ (' ' ~ x ~ ' .').strip(' .') }}", "XY", "cc"},
		{"{{ ('a' ~ x ~ 'b') | upper }}", "AXYB", "tcct"},
		{"{{ ('a' ~ x ~ 'b') | title }}", "Axyb", "tcct"},
		{"{{ ('a' ~ x) | replace('X', 'zz') }}", "azzY", "tttc"},
		{"{{ 'abc' | replace('b', x) }}", "aXYc", "tcct"},
		{"{{ 'ab' | replace('', x) }}", "XYaXYbXY", "cctcctcc"},
		{"{{ [x, 'a', x] | join('-') }}", "XY-a-XY", "cctttcc"},
		{"{{ ('a,' ~ x).split(',')[1] }}{{ ('a ' ~ x).split()[0] }}", "XYa", "cct"},
		{"{{ ('a\\n' ~ x) | indent(1) }}", "a\n XY", "ttccc"},
		{"{% for c in 'a' ~ x %}{{ c }}.{% endfor %}", "a.X.Y.", "ttctct"},
		{"{% set y %}<{{ x }}>{% endset %}{{ y }}", "<XY>", "tcct"},
		{"{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(x) }}{{ m('b') }}", "<XY><b>",
		 "tccttt"
		 "t"},
		{"{{ x | tojson }}{{ 'a' | tojson }}", "\"XY\"\"a\"", "ccccccc"},
		{"{{ 1 }}{{ true }}{{ ['a'] }}", "1true[\"a\"]", "cccccccccc"},
		{"{{ {'k': 'v'}['k'] }}{{ none_such or 'd' }}{{ x if x else 'e' }}", "vdXY",
		 "ttcc"},
		{"{{ none_such | default('d') }}{{ ['b', 'a'] | sort | first }}", "da", "tt"},
		{"{% set n = namespace(a='') %}{% set n.a = n.a ~ '<' ~ x %}{{ n.a }}", "<XY",
		 "tcc"},
		{"{{ bos_token }}{{ x }}{{ list[1] }}", "<s>XYb", "tttcct"},
		{"{{ '<|' ~ messages[0].role ~ '|>' }}", "<|user|>", "tttttttt"},
		{"{{ '<|' ~ messages[1].role ~ '|>' }}", "<|eot|>", "ttccctt"},
		{"{{ messages[0].content ~ messages[0].tool.role }}", "useruser", "cccccccc"},
		{"{{ strftime_now('%Y<') }}", "2025<", "ccccc"},
	};
	static const char CLIENT[] =
		"{\"x\":\"XY\",\"bos_token\":\"no\",\"now_seconds\":1752148800,\"messages\":[{"
		"\"role\":\"user\",\"content\":\"user\",\"tool\":{\"role\":\"user\"}},"
		"{\"role\":\"eot\"}]}";

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(template_text_free) struct template_text out = template_text_new(1 << 16);

		if (render(&out, ROWS[i].template, CLIENT,
			   "{\"bos_token\":\"<s>\",\"list\":[\"a\",\"b\"]}") != OK)
			fail_msg("%s: %s", ROWS[i].template, failure_text());
		assert_string_equal(buf_string(&out.text), ROWS[i].text);
		assert_int_equal(out.own.size, out.text.size);
		for (size_t k = 0; k < out.own.size; k++)
			if (out.own.data[k] != (ROWS[i].own[k] == 't'))
				fail_msg("%s: byte %zu of \"%s\"", ROWS[i].template, k,
					 ROWS[i].text);
	}
}

static struct tokenizer *open_shared(const char *name)
{
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);
	struct tokenizer *t;
	char path[512];

	if (!shared_path(path, sizeof path, name))
		return NULL;
	assert_ok(file_read(&text, AT_FDCWD, path));
	assert_ok(tokenizer_open(&t, buf_slice(&text)));
	return t;
}

/* Every byte whose sign in `own` is a "t" is the template's. */
static void encode(struct token_list *out, const struct tokenizer *t, const char *text,
		   const char *own)
{
	uint8_t marks[512];

	assert_true(strlen(text) == strlen(own) && strlen(own) <= sizeof marks);
	for (size_t i = 0; own[i]; i++)
		marks[i] = own[i] == 't';
	assert_ok(tokenizer_encode_marked(t, out, slice_of_string(text), marks));
}

static size_t specials_of(const struct tokenizer *t, const char *text, const char *own)
{
	AUTO(token_list_free) struct token_list list = {0};
	size_t count = 0;

	encode(&list, t, text, own);
	for (size_t i = 0; i < list.count; i++)
		count += tokenizer_is_special(t, list.ids[i]);
	return count;
}

static void a_special_token_is_wholly_the_templates(void **state)
{
	AUTO(tokenizer_auto)
	struct tokenizer *t = open_shared("models/hf-trained-here/qwen2/tokenizer.json");

	(void)state;
	if (!t)
		skip();
	assert_int_equal(specials_of(t, "<|im_end|>", "tttttttttt"), 1);
	assert_int_equal(specials_of(t, "<|im_end|>", "cccccccccc"), 0);
	assert_int_equal(specials_of(t, "<|im_end|>",
				     "ctttttttt"
				     "t"),
			 0);
	assert_int_equal(specials_of(t, "<|im_end|>", "tttttttttc"), 0);
	assert_int_equal(specials_of(t, "<|im_end|><|im_end|>",
				     "tttttttttt"
				     "cccccccccc"),
			 1);
}

/* Around and between special tokens the text is one, whoever wrote its parts. */
static void words_grow_together_across_authors(void **state)
{
	AUTO(tokenizer_auto)
	struct tokenizer *t = open_shared("models/hf-trained-here/qwen2/tokenizer.json");
	AUTO(token_list_free) struct token_list one = {0}, two = {0};

	(void)state;
	if (!t)
		skip();
	assert_ok(tokenizer_encode_bare(t, &one, S("<|im_end|>What say you, my lord?<|im_end|>")));
	encode(&two, t, "<|im_end|>What say you, my lord?<|im_end|>",
	       "ttttttttttttcccctttccccttccccccttttttttttt");
	assert_int_equal(one.count, two.count);
	assert_memory_equal(one.ids, two.ids, one.count * sizeof *one.ids);
}

/* LLaMA's old files look for special tokens in normalized text, with a space put in front. */
static void authors_are_kept_through_normalization(void **state)
{
	static const char FILE_TEXT[] =
		"{\"version\":\"1.0\",\"added_tokens\":[{\"id\":3,\"content\":\"<e>\",\"special\":"
		"true,\"normalized\":true,\"single_word\":false,\"lstrip\":false,\"rstrip\":false}"
		"],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKC\"},{"
		"\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"_\"}]},"
		"\"pre_tokenizer\":null,\"post_processor\":null,\"decoder\":null,\"model\":{"
		"\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"u\",\"fuse_unk\":false,"
		"\"byte_fallback\":false,\"vocab\":{\"u\":0,\"a\":1,\"_\":2},\"merges\":[]}}";
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;

	(void)state;
	assert_ok(tokenizer_open(&t, slice_of_string(FILE_TEXT)));
	assert_int_equal(specials_of(t, "a <e> a", "ccttttc"), 1);
	assert_int_equal(specials_of(t, "a <e> a", "ccccccc"), 0);
	assert_int_equal(specials_of(t, "<e> <e>", "tttcccc"), 1);
	/* Normalized, the stranger's is one; and one of the template's is none. */
	assert_int_equal(specials_of(t,
				     "\xef\xbc\x9c"
				     "e><e>",
				     "ccccctt"
				     "t"),
			 1);
	assert_int_equal(specials_of(t,
				     "<e>\xcc\xb8 \xef\xbc\x9c"
				     "e>",
				     "tttccccccc"
				     "c"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_belongs_to_whoever_wrote_it),
		cmocka_unit_test(a_special_token_is_wholly_the_templates),
		cmocka_unit_test(words_grow_together_across_authors),
		cmocka_unit_test(authors_are_kept_through_normalization),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
