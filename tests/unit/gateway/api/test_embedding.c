/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <math.h>

#include "crypto/json.h"
#include "gateway/api/infer/able.h"
#include "gateway/api/openai/embedding.h"

struct scene {
	struct arena arena;
	json_t *body;
	struct embedding ask;
	struct generation_flaw flaw;
};

static void scene_free(struct scene *s)
{
	json_decref(s->body);
	arena_free(&s->arena);
}

static enum err read_body(struct scene *s, const char *text)
{
	memset(s, 0, sizeof *s);
	s->body = json_loads(text, 0, NULL);
	assert_non_null(s->body);
	return embedding_read(&s->ask, &s->flaw, &s->arena, s->body);
}

static void each_form_of_input_is_read(void **state)
{
	static const struct {
		const char *body;
		size_t count;
		bool is_text;
		const char *bytes; /* of the last */
		size_t size;
		uint64_t most_tokens;
	} rows[] = {
		{"{\"model\":\"m\",\"input\":\"hi\"}", 1, true, "hi", 2, 10},
		{"{\"model\":\"m\",\"input\":[\"a\",\"bc\"]}", 2, true, "bc", 2, 19},
		{"{\"model\":\"m\",\"input\":[1,258]}", 1, false, "\0\0\0\1\0\0\1\2", 8, 2},
		{"{\"model\":\"m\",\"input\":[[1],[2,3]]}", 2, false, "\0\0\0\2\0\0\0\3", 8, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(scene_free) struct scene s;
		const struct embedding_input *last;

		assert_ok(read_body(&s, rows[i].body));
		assert_int_equal(s.ask.count, rows[i].count);
		last = &s.ask.inputs[s.ask.count - 1];
		assert_int_equal(last->is_text, rows[i].is_text);
		assert_int_equal(last->bytes.size, rows[i].size);
		assert_memory_equal(last->bytes.data, rows[i].bytes, rows[i].size);
		assert_int_equal(s.ask.most_tokens, rows[i].most_tokens);
	}
}

static void wishes_are_read_and_wrong_ones_named(void **state)
{
	AUTO(scene_free) struct scene s;
	AUTO(scene_free) struct scene wrong;

	(void)state;
	assert_ok(read_body(&s, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"base64\","
				"\"dimensions\":7,\"truncate_prompt_tokens\":-1,\"normalize\":true,"
				"\"user\":\"u\"}"));
	assert_true(s.ask.base64 && s.ask.dimensions == 7 && s.ask.truncates);
	assert_int_equal(s.ask.truncate, 0);
	assert_int_equal(s.ask.length, EMBEDDING_LENGTH_ONE);
	assert_err(read_body(&wrong, "{\"model\":\"m\",\"input\":[4294967296]}"), ERR_FORMAT);
	assert_string_equal(wrong.flaw.param, "input");
}

/* Three of ten bytes and one of a hundred: what fits stays together, what does not goes alone. */
static void inputs_are_shared_out_among_frames(void **state)
{
	struct embedding_input inputs[4];
	struct embedding ask = {.inputs = inputs, .count = 4};
	static const char bytes[100];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		inputs[i] = (struct embedding_input){true, slice_of(bytes, i == 2 ? 100 : 10)};
	assert_int_equal(embedding_share(&ask, 0, 64, 1000, 8), 4);
	assert_int_equal(embedding_share(&ask, 0, 3, 1000, 8), 3);
	assert_int_equal(embedding_share(&ask, 0, 64, 36, 8), 2);
	assert_int_equal(embedding_share(&ask, 0, 64, 35, 8), 1);
	assert_int_equal(embedding_share(&ask, 2, 64, 50, 8), 1); /* it must go somewhere */
	assert_int_equal(embedding_share(&ask, 3, 64, 50, 8), 1);
}

static void the_answer_is_openais_in_both_encodings(void **state)
{
	static const float values[] = {0.1F, -2.5F, 1e-9F, 3};
	struct embedding ask = {.model = S("a/\"b\""), .count = 2};
	AUTO(buf_free) struct buf text = buf_new(4096);

	(void)state;
	assert_ok(embedding_write(&text, &ask, values, 2, 9));
	assert_slice(buf_slice(&text),
		     "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
		     "\"embedding\":[0.100000001,-2.5]},{\"object\":\"embedding\",\"index\":1,"
		     "\"embedding\":[9.99999972e-10,3]}],\"model\":\"a/\\\"b\\\"\",\"usage\":"
		     "{\"prompt_tokens\":9,\"total_tokens\":9}}");
	assert_true(embedding_answer_size(&ask, 2) > 100);
	buf_reset(&text);
	ask.base64 = true;
	assert_ok(embedding_write(&text, &ask, values, 2, 9)); /* cd cc cc 3d 00 00 20 c0 */
	assert_non_null(strstr(buf_string(&text), "\"embedding\":\"zczMPQAAIMA=\""));
	buf_reset(&text);
	assert_err(embedding_write(&text, &ask, (const float[]){1, 2, NAN, 3}, 2, 9), ERR_INTERNAL);
}

static void a_task_is_found_by_its_whole_name(void **state)
{
	(void)state;
	assert_true(able_to(S("embed,generate"), RIGHT_INFER_GENERATE));
	assert_true(able_to(S("embed,generate"), RIGHT_INFER_EMBED));
	assert_false(able_to(S("embedded,fill-mask"), RIGHT_INFER_EMBED));
	assert_false(able_to(S("embed"), RIGHT_INFER_GENERATE));
	assert_true(able_to(S(""), RIGHT_INFER_GENERATE)); /* nobody knows */
	assert_true(able_to(S("embed"), RIGHT_WEIGHTS_READ));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_input_is_read),
		cmocka_unit_test(wishes_are_read_and_wrong_ones_named),
		cmocka_unit_test(inputs_are_shared_out_among_frames),
		cmocka_unit_test(the_answer_is_openais_in_both_encodings),
		cmocka_unit_test(a_task_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
