/* SPDX-License-Identifier: Apache-2.0 */
/* What a chat request says of messages and tools, as the engine gets it; and calls on their way
 * back. */
#include "tests/unit/test.h"

#include "crypto/json.h"
#include "gateway/api/openai/conversation.h"
#include "gateway/api/openai/openai_calls.h"

/* The conversation as the engine gets it, without its time. */
static json_t *read_whole(const char *text)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	struct generation_flaw flaw = {0};
	struct slice out;
	json_t *json;

	assert_ok(json_read(&body, slice_of_string(text), 1 << 20));
	assert_ok(conversation_read(&out, &flaw, &arena, body));
	assert_ok(json_read(&json, out, 1 << 20));
	assert_true(json_is_integer(json_object_get(json, "now_seconds")));
	json_object_del(json, "now_seconds");
	return json;
}

static void messages_are_what_templates_expect(void **state)
{
	static const char *const ROWS[][2] = {
		{"{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
		 "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"},
		{"{\"messages\":[{\"role\":\"user\",\"name\":\"Bo\",\"content\":[{\"type\":"
		 "\"text\","
		 "\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]}",
		 "{\"messages\":[{\"role\":\"user\",\"content\":\"ab\",\"name\":\"Bo\"}]}"},
		{"{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"refusal\":null,"
		 "\"tool_calls\":[{\"id\":\"x\",\"type\":\"function\",\"function\":{\"name\":\"f\","
		 "\"arguments\":\"{\\\"a\\\":1}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"x\","
		 "\"content\":\"2\"}]}",
		 "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\","
		 "\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}},\"id\":\"x\"}],\"content\":"
		 "\"\"},{\"role\":\"tool\",\"content\":\"2\",\"tool_call_id\":\"x\"}]}"},
		{"{\"messages\":[{\"role\":\"system\",\"content\":\"s\",\"tool_calls\":7}],"
		 "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_"
		 "choice\":"
		 "\"auto\",\"parallel_tool_calls\":false,\"chat_template_kwargs\":{\"k\":1},"
		 "\"documents\":[{\"text\":\"t\"}],\"model\":\"m\"}",
		 "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"}],\"tools\":[{\"type\":"
		 "\"function\",\"function\":{\"name\":\"f\"}}],\"parallel_tool_calls\":false,"
		 "\"tool_choice\":\"auto\",\"chat_template_kwargs\":{\"k\":1},\"documents\":[{"
		 "\"text\":\"t\"}]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(json_auto) json_t *json = read_whole(ROWS[i][0]);
		char *text = json_dumps(json, JSON_COMPACT);

		assert_string_equal(text, ROWS[i][1]);
		free(text);
	}
}

#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define F "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"
#define CALLS(calls) "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":" calls "}]}"

static void each_flaw_names_its_parameter(void **state)
{
	static const struct {
		const char *text, *param;
		enum err kind;
	} ROWS[] = {
		{"{}", "messages", ERR_FORMAT},
		{"{\"messages\":[]}", "messages", ERR_FORMAT},
		{"{\"messages\":[7]}", "messages", ERR_FORMAT},
		{"{\"messages\":[{\"content\":\"a\"}]}", "messages", ERR_FORMAT},
		{"{\"messages\":[{\"role\":\"king\",\"content\":\"a\"}]}", "messages", ERR_FORMAT},
		{"{\"messages\":[{\"role\":\"user\"}]}", "messages", ERR_FORMAT},
		{"{\"messages\":[{\"role\":\"assistant\",\"content\":null}]}", "messages",
		 ERR_FORMAT},
		{"{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"name\":1}]}", "messages",
		 ERR_FORMAT},
		{"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
		 "messages", ERR_UNSUPPORTED},
		{CALLS("7"), "messages", ERR_FORMAT},
		{CALLS("[{}]"), "messages", ERR_FORMAT},
		{CALLS("[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"[]\"}}"
		       "]"),
		 "messages", ERR_FORMAT},
		{CALLS("[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}"
		       "]"),
		 "messages", ERR_FORMAT},
		{"{" HI ",\"tools\":7}", "tools", ERR_FORMAT},
		{"{" HI ",\"tools\":[{}]}", "tools", ERR_FORMAT},
		{"{" HI ",\"tools\":[{\"type\":\"retrieval\"}]}", "tools", ERR_UNSUPPORTED},
		{"{" HI ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
		 "\"parameters\":[]}}]}",
		 "tools", ERR_FORMAT},
		{"{" HI ",\"tools\":[" F "],\"tool_choice\":\"any\"}", "tool_choice", ERR_FORMAT},
		{"{" HI ",\"tools\":[" F "],\"tool_choice\":{\"type\":\"function\",\"function\":{"
		 "\"name\":\"g\"}}}",
		 "tool_choice", ERR_FORMAT},
		{"{" HI ",\"tool_choice\":\"required\"}", "tool_choice", ERR_FORMAT},
		{"{" HI ",\"parallel_tool_calls\":1}", "parallel_tool_calls", ERR_FORMAT},
		{"{" HI ",\"chat_template_kwargs\":1}", "chat_template_kwargs", ERR_FORMAT},
		{"{" HI ",\"documents\":{}}", "documents", ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *body = NULL;
		struct generation_flaw flaw = {0};
		struct slice out;

		assert_ok(json_read(&body, slice_of_string(ROWS[i].text), 1 << 20));
		if (conversation_read(&out, &flaw, &arena, body) != ROWS[i].kind)
			fail_msg("%s: %s", ROWS[i].text, failure_text());
		assert_string_equal(flaw.param, ROWS[i].param);
		assert_non_null(flaw.message);
	}
}

static void a_conversation_has_a_ceiling(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	AUTO(buf_free) struct buf text = buf_new(1 << 20);
	struct generation_flaw flaw = {0};
	struct slice out;

	(void)state;
	buf_write_string(&text, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
	while (text.size < GENERATION_MAX_PROMPT)
		buf_write_u8(&text, 'a');
	buf_write_string(&text, "\"}]}");
	assert_ok(json_read(&body, buf_slice(&text), 1 << 20));
	assert_err(conversation_read(&out, &flaw, &arena, body), ERR_LIMIT);
	assert_string_equal(flaw.param, "messages");
}

static struct wire_engine_delta delta(enum wire_part part, unsigned call, struct slice text)
{
	return (struct wire_engine_delta){.text = text, .part = part, .call = call};
}

static const char *text_at(const json_t *call, const char *outer, const char *name)
{
	const json_t *object = outer ? json_object_get(call, outer) : call;

	return json_string_value(json_object_get(object, name));
}

static void calls_are_collected_piece_by_piece(void **state)
{
	const struct wire_engine_delta pieces[] = {
		delta(WIRE_PART_NAME, 0, S("f")), delta(WIRE_PART_ARGUMENTS, 0, S("{\"a\"")),
		delta(WIRE_PART_ARGUMENTS, 0, S(":1}")), delta(WIRE_PART_NAME, 1, S("g")),
		delta(WIRE_PART_ARGUMENTS, 1, S("{}"))};
	AUTO(openai_calls_clear) struct openai_calls calls = {0};
	AUTO(json_auto) json_t *list = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		assert_ok(openai_calls_take(&calls, &pieces[i]));
	list = openai_calls_finish(&calls);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(text_at(json_array_get(list, 0), "function", "arguments"), "{\"a\":1}");
	assert_string_equal(text_at(json_array_get(list, 1), "function", "name"), "g");
	assert_string_equal(text_at(json_array_get(list, 1), "function", "arguments"), "{}");
	assert_string_equal(text_at(json_array_get(list, 1), NULL, "type"), "function");
	assert_string_not_equal(text_at(json_array_get(list, 0), NULL, "id"),
				text_at(json_array_get(list, 1), NULL, "id"));
	assert_int_equal(strlen(text_at(json_array_get(list, 0), NULL, "id")), 9);
	assert_null(openai_calls_finish(&calls));
}

static void a_chunk_names_the_call_once(void **state)
{
	const struct wire_engine_delta name = delta(WIRE_PART_NAME, 1, S("f"));
	const struct wire_engine_delta arguments = delta(WIRE_PART_ARGUMENTS, 1, S("{"));
	AUTO(json_auto) json_t *first = openai_calls_chunk(&name);
	AUTO(json_auto) json_t *second = openai_calls_chunk(&arguments);
	const json_t *call = json_array_get(json_object_get(first, "tool_calls"), 0);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(call, "index")), 1);
	assert_string_equal(text_at(call, "function", "name"), "f");
	assert_string_equal(text_at(call, "function", "arguments"), "");
	assert_non_null(text_at(call, NULL, "id"));
	call = json_array_get(json_object_get(second, "tool_calls"), 0);
	assert_null(text_at(call, NULL, "id"));
	assert_string_equal(text_at(call, "function", "arguments"), "{");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_what_templates_expect),
		cmocka_unit_test(each_flaw_names_its_parameter),
		cmocka_unit_test(a_conversation_has_a_ceiling),
		cmocka_unit_test(calls_are_collected_piece_by_piece),
		cmocka_unit_test(a_chunk_names_the_call_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
