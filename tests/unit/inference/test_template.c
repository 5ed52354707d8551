/* SPDX-License-Identifier: Apache-2.0 */
/* Chat templates: what the language means here, its ceilings, and the published test sets. */
#include "tests/unit/test.h"

#include "inference/template/template.h"
#include "tests/unit/inference/files.h"

static enum err render(struct buf *out, const char *text, const char *context)
{
	AUTO(template_auto) struct template *t = NULL;
	AUTO(template_text_free) struct template_text rendered = template_text_new(out->limit);
	json_t *json = json_loads(context, 0, NULL);
	enum err result = template_parse(&t, slice_of_string(text));

	assert_non_null(json);
	if (result == OK)
		result = template_render(&rendered, t, &(struct template_context){.client = json});
	json_decref(json);
	buf_write(out, buf_slice(&rendered.text));
	return result;
}

struct row {
	const char *template, *context, *expected, *why;
};

static void a_template_says_what_jinja_says(void **state)
{
	static const struct row ROWS[] = {
		{"a\n{% if true %}\nb\n{% endif %}\n\nc\n", "{}", "a\nb\n\nc", "trim_blocks"},
		{"a\n  {% if true %}b{% endif %}", "{}", "a\nb", "lstrip_blocks"},
		{"a\n  {%+ if true %}b{% endif %}", "{}", "a\n  b", "plus keeps blanks"},
		{"x {% if true +%}\nb{% endif %}", "{}", "x \nb", "plus keeps the newline"},
		{"{{ '\\u00e9\\x41\\q' }}", "{}",
		 "\xc3\xa9"
		 "A\\q",
		 "escapes, as Python"},
		{"{{ x.items() | list | length }}", "{\"x\":{\"items\":1}}", "1",
		 "method before key"},
		{"{% for x in none_such %}a{% else %}b{% endfor %}", "{}", "b",
		 "undefined is empty"},
		{"{{ 'a\xc3\xa9\xf0\x9f\x98\x80z'[1:3] }}", "{}", "\xc3\xa9\xf0\x9f\x98\x80",
		 "characters, not bytes"},
		{"{{ '\xc3\xa9t\xc3\xa9' | upper }}", "{}", "\xc3\x89T\xc3\x89",
		 "letters beyond ASCII"},
		{"{{ 'xxaxx'.strip('x') }}", "{}", "a", "strip of what is named"},
		{"{{ 'hELLO wORLD'.title() }}", "{}", "Hello World", "title"},
		{"{{ 7 % -3 }} {{ -7 % 3 }}", "{}", "-2 2", "remainder, as Python"},
		{"{{ 0.1 + 0.2 }} {{ 4 / 2 }}", "{}", "0.30000000000000004 2.0", "floats"},
		{"{{ {'a': [1, {}], 'b': []} | tojson(indent=2) }}", "{}",
		 "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}", "indent"},
		{"{{ strftime_now('%d %b %Y %H:%M') }}", "{\"now_seconds\":1752148800}",
		 "10 Jul 2025 12:00", "time of the context"},
		{"{% generation %}a{% endgeneration %}", "{}", "a", "generation"},
		{"{% set x | upper %}a{% endset %}{{ x }}", "{}", "A", "a block, filtered"},
		{"{{ ['b', 'a'] | map('upper') | sort | join('-') }}", "{}", "A-B",
		 "map by filter"},
		{"{{ [1, 2, 3] | select('odd') | list }}", "{}", "[1, 3]", "select by test"},
		{"{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}"
		 "{% endfor %}{{ ns.a }}",
		 "{}", "4", "namespace"},
		{"{% for a in 'xyz' %}{{ loop.index }}{{ loop.previtem }}{{ loop.last }} {% endfor "
		 "%}",
		 "{}", "1false 2xfalse 3ytrue ", "loop"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(buf_free) struct buf out = buf_new(1 << 16);

		if (render(&out, ROWS[i].template, ROWS[i].context) != OK)
			fail_msg("%s: %s", ROWS[i].why, failure_text());
		if (strcmp(buf_string(&out), ROWS[i].expected) != 0)
			fail_msg("%s: \"%s\"", ROWS[i].why, buf_string(&out));
	}
}

static void what_is_not_understood_is_named_with_its_place(void **state)
{
	static const struct {
		const char *template, *text;
		enum err kind;
	} ROWS[] = {
		{"\n {% include 'x' %}", "line 2, column 5: the statement \"include\"",
		 ERR_UNSUPPORTED},
		{"{{ a | groupby('x') }}", "the filter \"groupby\"", ERR_UNSUPPORTED},
		{"{% if a is sameas b %}{% endif %}", "the test \"sameas\"", ERR_UNSUPPORTED},
		{"{{ 'a'.format(1) }}", "the method \"format\" of string", ERR_UNSUPPORTED},
		{"{{ 1 < 2 < 3 }}", "chain of comparisons", ERR_UNSUPPORTED},
		{"{{ [] | tojson(default=1) }}", "an argument of \"tojson\"", ERR_UNSUPPORTED},
		{"{% for a in b recursive %}{% endfor %}", "recursive", ERR_UNSUPPORTED},
		{"a\n{{ raise_exception('no ' ~ 1) }}",
		 "line 2, column 4: the template refuses: no 1", ERR_FORMAT},
		{"{% if x %}", "\"endif\" expected", ERR_FORMAT},
		{"{% endif %}", "without its beginning", ERR_FORMAT},
		{"{{ 'a }}", "a string without end", ERR_FORMAT},
		{"{{ a", "a tag without end", ERR_FORMAT},
		{"{# a", "a comment without end", ERR_FORMAT},
		{"{% break %}", "outside of a loop", ERR_FORMAT},
		{"{{ 1 // 0 }}", "division by zero", ERR_FORMAT},
		{"{{ f() }}", "undefined cannot be called", ERR_FORMAT},
		{"{{ [1, 'a'] | sort }}", "have no order", ERR_FORMAT},
		{"{{ strftime_now('%Y') }}", "now_seconds", ERR_FORMAT},
		{"\xff", "not valid UTF-8", ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(buf_free) struct buf out = buf_new(1 << 16);

		assert_err(render(&out, ROWS[i].template, "{}"), ROWS[i].kind);
		if (!strstr(failure_text(), ROWS[i].text))
			fail_msg("%s: %s", ROWS[i].template, failure_text());
	}
}

static void a_long_refusal_is_cut_between_characters(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(1 << 16);
	const char *text;

	(void)state;
	assert_err(render(&out, "{{ raise_exception('a' ~ '\xc3\xa9' * 400) }}", "{}"), ERR_FORMAT);
	text = failure_text();
	assert_true(slice_is_utf8(slice_of_string(text)));
	assert_true(strlen(text) > 300 && strlen(text) < 400);
}

static void what_would_never_end_or_fill_memory_is_stopped(void **state)
{
	static const char *const TEMPLATES[] = {
		"{% for a in range(99999999999) %}{% endfor %}",
		"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
		"{% set n=namespace(a='a')%}{% for i in range(99)%}{% set n.a=n.a~n.a%}{% endfor%}",
		"{% set ns = namespace() %}{% set ns.a = [ns, ns] %}{{ ns | tojson }}",
		"{{ 'abc' * 9999999999 }}",
		"{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
		"{% for a in range(99999) %}aaaaaaaaaaaaaaaa{% endfor %}",
		"{{ 9223372036854775807 + 1 }}",
		"{{ 'a' | indent(9999999) }}",
		"{{ 99999999999999999999 }}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof TEMPLATES / sizeof *TEMPLATES; i++) {
		AUTO(buf_free) struct buf out = buf_new(1 << 16);
		enum err result = render(&out, TEMPLATES[i], "{}");

		if (result != ERR_LIMIT)
			fail_msg("%s: %s: %s", TEMPLATES[i], err_name(result), failure_text());
	}
}

static void brackets_and_blocks_nest_to_a_depth(void **state)
{
	static const char *const OPEN[] = {"(", "[", "-", "not ", "{'a':"};

	(void)state;
	for (size_t i = 0; i < sizeof OPEN / sizeof *OPEN; i++) {
		AUTO(buf_free) struct buf text = buf_new(1 << 20), out = buf_new(1 << 16);

		buf_write_string(&text, "{{ ");
		for (unsigned n = 0; n < 5000; n++)
			buf_write_string(&text, OPEN[i]);
		assert_err(render(&out, buf_string(&text), "{}"), ERR_LIMIT);
	}
}

/* jansson takes no NUL in a key, and one test has one: the whole set gets \u0001 for \u0000,
 * in what is given and in what is expected. */
static json_t *read_json(const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(4 << 20);
	json_error_t error;
	json_t *json;

	assert_ok(file_read(&text, AT_FDCWD, path));
	for (size_t i = 0; i + 5 < text.size; i++) {
		if (memcmp(text.data + i, "u0000", 5) == 0)
			text.data[i + 4] = '1';
	}
	json = json_loadb((const char *)text.data, text.size, 0, &error);
	if (!json)
		fail_msg("%s: line %d: %s", path, error.line, error.text);
	return json;
}

static json_t *read_shared(const char *name)
{
	char path[512];

	return shared_path(path, sizeof path, name) ? read_json(path) : NULL;
}

/* True if the rendering is what is expected; says what differs. */
static bool renders(const char *name, const char *text, const json_t *context, const char *expected)
{
	AUTO(template_auto) struct template *t = NULL;
	AUTO(template_text_free) struct template_text out = template_text_new(1 << 20);
	enum err result = template_parse(&t, slice_of_string(text));

	if (result == OK)
		result = template_render(&out, t, &(struct template_context){.client = context});
	if (result != OK)
		printf("%s: %s\n", name, failure_text());
	else if (strcmp(buf_string(&out.text), expected) != 0)
		printf("%s: expected\n%s\nbut got\n%s\n", name, expected, buf_string(&out.text));
	else
		return out.text.size == out.own.size;
	return false;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Their contexts hold functions of JavaScript, which no JSON context can. */
static bool has_function(const char *name)
{
	static const char *const NAMES[] = {"NUMBERS", "FUNCTIONS", "OBJ_METHODS", "IS_OPERATOR_4"};

	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		if (strcmp(NAMES[i], name) == 0)
			return true;
	}
	return false;
}

static void the_test_set_of_huggingface_jinja_renders(void **state)
{
	json_t *set = read_shared("chat/jinja_templates.json"), *row;
	size_t good = 0, functions = 0;
	const char *name;

	(void)state;
	if (!set)
		skip();
	json_object_foreach(set, name, row)
	{
		if (has_function(name))
			functions++;
		else
			good += renders(name, text_of(row, "template"),
					json_object_get(row, "context"), text_of(row, "expected"));
	}
	printf("%zu of %zu, and %zu need functions of JavaScript\n", good, json_object_size(set),
	       functions);
	assert_int_equal(good + functions, json_object_size(set));
	assert_true(good >= 157);
	json_decref(set);
}

static void the_chat_templates_of_huggingface_jinja_render(void **state)
{
	static const char *const GROUPS[] = {"default", "custom"};
	json_t *set = read_shared("chat/jinja_chat_e2e.json"), *row;
	size_t good = 0, all = 0;
	const char *name;

	(void)state;
	if (!set)
		skip();
	for (size_t i = 0; i < 2; i++) {
		json_object_foreach(json_object_get(set, GROUPS[i]), name, row)
		{
			json_t *context = json_object_get(row, "data");

			/* The set's "now". */
			json_object_set_new(context, "now_seconds", json_integer(1752148800));
			all++;
			good += renders(name, text_of(row, "chat_template"), context,
					text_of(row, "target"));
		}
	}
	printf("%zu of %zu\n", good, all);
	assert_int_equal(good, all);
	assert_int_equal(all, 53);
	json_decref(set);
}

/* llama.cpp's expectations of these come from its own code, not from the template: it puts the
 * system message into the first user's, where the template refuses it or leaves it out. The
 * last one asks for a variable that its test gives in another way. */
static const char *differs_from_llama_cpp(const char *name)
{
	static const char *const ROWS[][2] = {
		{"mistralai/Mistral-7B-Instruct-v0.2 (NOTE: Old pre-v1 without a system prompt)",
		 "the template refuses a system message"},
		{"google/gemma-7b-it", "the template refuses a system message"},
		{"OrionStarAI/Orion-14B-Chat", "the template leaves the system message out"},
		{"Phi-3-mini", "the template leaves the system message out"},
		{"Phi-3-medium", "the template leaves the system message out"},
		{"yandex/YandexGPT-5-Lite-8B-instruct",
		 "the template leaves the system message out"},
		{"ai-sage/GigaChat-20B-A3B-instruct", "additional_special_tokens is not given"},
	};

	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		if (strcmp(ROWS[i][0], name) == 0)
			return ROWS[i][1];
	}
	return NULL;
}

static void the_chat_templates_of_llama_cpp_render(void **state)
{
	json_t *set = read_shared("chat/llamacpp_chat_templates.json"), *row;
	size_t i, good = 0;

	(void)state;
	if (!set)
		skip();
	json_array_foreach(json_object_get(set, "cases"), i, row)
	{
		json_t *context = json_object();
		json_t *messages = json_deep_copy(json_object_get(set, "conversation"));
		const char *expected = text_of(row, "expected_output_jinja");

		json_array_extend(messages, json_object_get(row, "extra"));
		json_object_set_new(context, "messages", messages);
		json_object_set_new(context, "add_generation_prompt", json_true());
		json_object_set(context, "bos_token", json_object_get(row, "bos"));
		json_object_set(context, "eos_token", json_object_get(row, "eos"));
		const char *why = differs_from_llama_cpp(text_of(row, "name"));

		if (why)
			printf("differs: %s: %s\n", text_of(row, "name"), why);
		else
			good += renders(text_of(row, "name"), text_of(row, "template"), context,
					*expected ? expected : text_of(row, "expected_output"));
		json_decref(context);
	}
	printf("%zu of %zu\n", good, json_array_size(json_object_get(set, "cases")));
	assert_int_equal(good, 29);
	json_decref(set);
}

/* How many of the renders of one group hold; the template's text comes from the shared data. */
static size_t renders_of(const json_t *set, const char *group, const char *said)
{
	size_t good = 0;
	const char *name;
	json_t *row;

	json_object_foreach(json_object_get(set, group), name, row)
	{
		AUTO(buf_free) struct buf text = buf_new(1 << 20);
		char path[512], file[256];
		json_t *context;

		snprintf(file, sizeof file, "chat/templates/%s", text_of(row, "template"));
		assert_non_null(shared_path(path, sizeof path, file));
		assert_ok(file_read(&text, AT_FDCWD, path));
		context = json_object_get(json_object_get(set, "contexts"),
					  text_of(row, "context"));
		good += renders(name, buf_string(&text), context, text_of(row, "expected"));
		if (*said)
			printf("%s: %s\n", said, name);
	}
	printf("%s: %zu of %zu\n", group, good, json_object_size(json_object_get(set, group)));
	return good;
}

/* Made by tests/data/template/make.mjs with npm @huggingface/jinja, and by make_jinja2.py there
 * with Python's Jinja: `jinja2` has the rows where the first says another thing or nothing.
 * Those are the Hermes templates, which loop over and trim what is undefined, and two that
 * call lstrip('\n') on an answer that begins with a blank. Both refuse what is `refused`. */
static void shipped_templates_render_as_huggingface_jinja_does(void **state)
{
	char path[512];
	json_t *set;

	(void)state;
	if (!shared_path(path, sizeof path, "chat/templates/Qwen3-Coder.jinja"))
		skip();
	set = read_json("data/template/renders.json");
	assert_int_equal(renders_of(set, "renders", ""), 44);
	assert_int_equal(renders_of(set, "jinja2", "differs from @huggingface/jinja"), 8);
	assert_int_equal(renders_of(set, "refused", "is to be refused"), 0);
	assert_int_equal(json_object_size(json_object_get(set, "refused")), 2);
	json_decref(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_says_what_jinja_says),
		cmocka_unit_test(what_is_not_understood_is_named_with_its_place),
		cmocka_unit_test(a_long_refusal_is_cut_between_characters),
		cmocka_unit_test(what_would_never_end_or_fill_memory_is_stopped),
		cmocka_unit_test(brackets_and_blocks_nest_to_a_depth),
		cmocka_unit_test(the_test_set_of_huggingface_jinja_renders),
		cmocka_unit_test(the_chat_templates_of_huggingface_jinja_render),
		cmocka_unit_test(the_chat_templates_of_llama_cpp_render),
		cmocka_unit_test(shipped_templates_render_as_huggingface_jinja_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
