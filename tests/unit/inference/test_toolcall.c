/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of tools in what a model writes: what is told, and when. */
#include "tests/unit/test.h"

#include "inference/chat/toolcall.h"

/* Text as it is; a call as (0:name|arguments). */
struct heard {
	struct buf all;
	unsigned open; /* the call whose arguments come, + 1 */
};

static void hear(void *context, enum toolcall_part part, unsigned call, struct slice text)
{
	struct heard *h = context;

	if (h->open && (part == TOOLCALL_TEXT || part == TOOLCALL_NAME)) {
		buf_write_u8(&h->all, ')');
		h->open = 0;
	}
	if (part == TOOLCALL_NAME) {
		buf_printf(&h->all, "(%u:%.*s|", call, SLICE_PRINT(text));
		h->open = call + 1;
		return;
	}
	assert_true(part == TOOLCALL_TEXT || h->open == call + 1);
	assert_true(text.size > 0 && slice_is_utf8(text));
	buf_write(&h->all, text);
}

static const struct toolcall_format *format_of(const char *name)
{
	const struct toolcall_format *f = TOOLCALL_FORMATS;

	while (strcmp(f->name, name) != 0)
		f++;
	return f;
}

static size_t character(const char *text)
{
	size_t size = 1;

	while ((text[size] & 0xc0) == 0x80)
		size++;
	return size;
}

static const char TOOLS[] =
	"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{"
	"\"n\":{"
	"\"type\":\"integer\"},\"s\":{\"type\":\"string\"},\"o\":{\"type\":\"object\"}}}}}]";

/* In pieces of so many characters, 0: whole. */
static unsigned read_in_pieces(struct buf *out, const char *format, const char *text, size_t step)
{
	json_t *tools = json_loads(TOOLS, 0, NULL);
	AUTO(toolcall_auto)
	struct toolcall_reader *r = toolcall_new(format_of(format), false, tools);
	struct heard h = {.all = *out};

	json_decref(tools); /* the reader's now */
	while (*text) {
		size_t size = 0;

		for (size_t i = 0; text[size] && (step == 0 || i < step); i++)
			size += character(text + size);
		toolcall_write(r, slice_of(text, size), hear, &h);
		text += size;
	}
	toolcall_finish(r, hear, &h);
	if (h.open)
		buf_write_u8(&h.all, ')');
	*out = h.all;
	return toolcall_count(r);
}

static const struct row {
	const char *format, *text, *told;
	unsigned calls;
} ROWS[] = {
	{"hermes", "Just text.", "Just text.", 0},
	{"hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"}\"}}\n</tool_call>",
	 "(0:f|{\"a\": \"}\"})", 1},
	{"hermes",
	 "I look.\n\n<tool_call>{\"arguments\":{\"a\":[1,{\"b\":2}]},\"name\":\"f\"}</tool_call>\n"
	 "<tool_call>\n{\"name\":\"g\",\"arguments\":{}}\n</tool_call>",
	 "I look.(0:f|{\"a\":[1,{\"b\":2}]})(1:g|{})", 2},
	{"hermes", "<tool_call>{\"name\":\"f\"}</tool_call> done", "(0:f|{}) done", 1},
	{"hermes", "<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}</tool_call>",
	 "(0:f|{\"a\":1})", 1},
	{"hermes", "a <tool_call> is a tag", "a <tool_call> is a tag", 0},
	{"hermes", "a <tool_cal", "a <tool_cal", 0},
	{"hermes", "a < b <tool> \xc3\xa9", "a < b <tool> \xc3\xa9", 0},
	{"hermes", "<tool_call>{\"name\":{},\"arguments\":{}}</tool_call>",
	 "<tool_call>{\"name\":{},\"arguments\":{}}</tool_call>", 0},
	{"hermes", "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":", "(0:f|{\"a\":)", 0},
	{"hermes", "<tool_call>{\"na", "<tool_call>{\"na", 0},
	{"hermes", "<tool_call>{\"name\":\"\\u00e9\\\"\",\"arguments\":{\"\xc3\xa9\":\"\\\"\"}}",
	 "(0:\xc3\xa9\"|{\"\xc3\xa9\":\"\\\"\"})", 1},
	{"hermes", "{\"name\":\"f\",\"arguments\":{}}", "{\"name\":\"f\",\"arguments\":{}}", 0},
	{"mistral",
	 "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": 1}, \"id\": \"x\"}, {\"name\": "
	 "\"g\", \"arguments\": {}}]",
	 "(0:f|{\"a\": 1})(1:g|{})", 2},
	{"mistral", "[TOOL_CALLS] none", "[TOOL_CALLS] none", 0},
	{"mistral", "[TOOL_CALLS]{\"name\":\"f\",\"arguments\":{}} x", "(0:f|{}) x", 1},
	{"granite", "<|tool_call|>[{\"name\":\"f\",\"arguments\":{}}]", "(0:f|{})", 1},
	{"llama", "{\"name\": \"f\", \"parameters\": {\"a\": \"b\"}}", "(0:f|{\"a\": \"b\"})", 1},
	{"llama", "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}", "(0:f|{})", 1},
	{"llama", "{\"name\":\"f\",\"parameters\":{}}; {\"name\":\"g\",\"parameters\":{}}",
	 "(0:f|{})(1:g|{})", 2},
	{"llama", "{\"name\": \"Bob\", \"age\": 3}", "{\"name\": \"Bob\", \"age\": 3}", 0},
	{"llama", "So: {\"name\": \"f\", \"parameters\": {}}",
	 "So: {\"name\": \"f\", \"parameters\": {}}", 0},
	{"llama", "{not JSON", "{not JSON", 0},
	{"tagged",
	 "a\n<tool_call>\n<function=f>\n<parameter=n>\n7\n</parameter>\n<parameter=s>\n7\n"
	 "</parameter>\n<parameter=o>\n{\"a\": [1]}\n</parameter>\n<parameter=x>\n1\n\n2\n"
	 "</parameter>\n</function>\n</tool_call>",
	 "a(0:f|{\"n\":7,\"s\":\"7\",\"o\":{\"a\":[1]},\"x\":\"1\\n\\n2\"})", 1},
	{"tagged",
	 "<tool_call><function=f></function></tool_call>\n<tool_call><function=g>"
	 "</function></tool_call>",
	 "(0:f|{})(1:g|{})", 2},
	{"tagged", "<tool_call><function=f><parameter=n>x</parameter></function></tool_call>",
	 "(0:f|{\"n\":\"x\"})", 1},
	{"tagged", "<tool_call><func>", "<tool_call><func>", 0},
	{"tagged", "<tool_call><function=f><parameter=n></function></tool_call>",
	 "<tool_call><function=f><parameter=n></function></tool_call>", 0},
};

static void calls_are_told_whatever_pieces_they_come_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
		for (size_t step = 0; step < 5; step++) {
			AUTO(buf_free) struct buf told = buf_new(1 << 16);
			unsigned calls = read_in_pieces(&told, ROWS[i].format, ROWS[i].text, step);

			if (strcmp(buf_string(&told), ROWS[i].told) != 0)
				fail_msg("%s by %zu: %s", ROWS[i].text, step, buf_string(&told));
			assert_int_equal(calls, ROWS[i].calls);
		}
}

static void what_is_certain_is_told_at_once(void **state)
{
	AUTO(toolcall_auto)
	struct toolcall_reader *r = toolcall_new(format_of("hermes"), false, NULL);
	struct heard h = {.all = buf_new(1 << 16)};

	(void)state;
	toolcall_write(r, S("Let me <to"), hear, &h);
	assert_string_equal(buf_string(&h.all), "Let me");
	toolcall_write(r, S("ast "), hear, &h);
	assert_string_equal(buf_string(&h.all), "Let me <toast");
	toolcall_write(r, S("\n<tool_call>{\"name\":\"f\",\"arguments\":{\"a"), hear, &h);
	assert_string_equal(buf_string(&h.all), "Let me <toast(0:f|{\"a");
	toolcall_write(r, S("\":1}"), hear, &h);
	assert_string_equal(buf_string(&h.all), "Let me <toast(0:f|{\"a\":1}");
	assert_int_equal(toolcall_count(r), 0);
	toolcall_write(r, S("}"), hear, &h);
	assert_int_equal(toolcall_count(r), 1);
	buf_free(&h.all);
}

static void a_marker_may_stand_in_the_prompt(void **state)
{
	AUTO(toolcall_auto)
	struct toolcall_reader *r = toolcall_new(format_of("hermes"), true, NULL);
	struct heard h = {.all = buf_new(1 << 16)};

	(void)state;
	toolcall_write(r, S("\n{\"name\":\"f\",\"arguments\":{}}\n"), hear, &h);
	toolcall_finish(r, hear, &h);
	assert_string_equal(buf_string(&h.all), "(0:f|{}");
	assert_true(toolcall_is_marker(r, S("<tool_call>")));
	assert_true(toolcall_is_marker(r, S("</tool_call>")));
	assert_false(toolcall_is_marker(r, S("</s>")));
	buf_free(&h.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_told_whatever_pieces_they_come_in),
		cmocka_unit_test(what_is_certain_is_told_at_once),
		cmocka_unit_test(a_marker_may_stand_in_the_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
