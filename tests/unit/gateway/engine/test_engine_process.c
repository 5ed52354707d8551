/* SPDX-License-Identifier: Apache-2.0 */
/* The real sallyport-engine, given a real trained model in sealed files. */
#include "tests/unit/gateway/engine/scene.h"

#include "schema/wire/engine.h"
#include "schema/wire/engine_read.h"
#include "schema/wire/keeper.h"

enum { PASS = 4711, MODEL_MAX = 8 << 20, MODEL_PATH = 400 };

static bool find_model(char folder[MODEL_PATH])
{
	const char *root = getenv("SALLYPORT_SHARED");

	snprintf(folder, MODEL_PATH, "%s/data/models/stories260K", root ? root : "");
	return root && access(folder, R_OK) == 0;
}

static void seal_file(struct scene *s, const char *folder, uint8_t i)
{
	AUTO(buf_free) struct buf plain = buf_new(MODEL_MAX);
	char path[512];

	snprintf(path, sizeof path, "%s/%s", folder, names[i]);
	assert_ok(file_read(&plain, AT_FDCWD, path));
	seal(s, i, buf_slice(&plain));
}

static int scene_new(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	char path[128], model[MODEL_PATH];

	*state = s;
	child_prepare(&s->child, ROLE_ENGINE);
	if (!find_model(model))
		return 0;
	child_directory(&s->child, "store");
	snprintf(path, sizeof path, "%s/store/tmp", s->child.path);
	assert_int_equal(mkdir(path, 0700), 0);
	for (uint8_t i = 0; i < FILES; i++)
		seal_file(s, model, i);
	child_own(&s->child, "store");
	scene_start(s);
	return 0;
}

static void send_serves(struct scene *s, struct slice model)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_engine_serves(&body,
				 &(struct wire_engine_serves){.model = model, .revision = S("r")});
	child_send(&s->keeper, WIRE_ENGINE_SERVES, 0, &body, -1);
}

static void send_pass(struct scene *s, struct slice model, struct slice right)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_engine_pass(
		&body, &(struct wire_engine_pass){.pass = PASS, .model = model, .right = right});
	child_send(&s->keeper, WIRE_ENGINE_PASS, 0, &body, -1);
}

static void send_keys(struct scene *s)
{
	send_serves(s, S("m"));
	for (uint8_t i = 0; i < FILES; i++) {
		AUTO(buf_free) struct buf body = buf_new(64);
		struct wire_handle_key message = {.handle = i, .key = {i, 9}};

		wire_write_handle_key(&body, &message);
		child_send(&s->keeper, WIRE_HANDLE_KEY, 0, &body, -1);
	}
}

static void ask_load(struct scene *s)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_load load = {.model = S("m"), .revision = S("r"), .count = FILES};

	for (uint8_t i = 0; i < FILES; i++) {
		load.files[i].path = slice_of_string(names[i]);
		load.files[i].size = s->sizes[i];
		load.files[i].blob[0] = i;
		load.files[i].handle = i;
	}
	wire_write_engine_load(&body, &load);
	child_send(&s->edge, WIRE_ENGINE_LOAD, 1, &body, -1);
}

static void load(struct scene *s)
{
	struct wire_engine_loaded loaded;
	struct frame frame;

	send_keys(s);
	ask_load(s);
	child_expect(&s->child, &s->edge, WIRE_ENGINE_LOADED, &frame);
	assert_ok(wire_read_engine_loaded(&loaded, frame.body));
	assert_true(loaded.context == 512 && loaded.memory_bytes > 1000 * 1000);
	send_pass(s, S("m"), S("infer:generate"));
}

static void generate(struct scene *s, uint32_t call, uint32_t max_tokens, bool logprobs)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_generate ask = {.pass = PASS, .max_tokens = max_tokens, .top_p = 1.0F};

	ask.prompt = S("Once upon a time");
	ask.wants_logprobs = logprobs;
	ask.top_logprobs = logprobs ? 3 : 0;
	wire_write_engine_generate(&body, &ask);
	child_send(&s->edge, WIRE_ENGINE_GENERATE, call, &body, -1);
}

/* Text of calls 0..7 until all `count` of them are done. */
static void collect(struct scene *s, struct buf *texts, unsigned count,
		    struct wire_engine_done *done)
{
	while (count) {
		struct frame frame = child_receive(&s->child, &s->edge);
		struct wire_engine_delta delta;

		if (frame.type == WIRE_ENGINE_DELTA) {
			assert_ok(wire_read_engine_delta(&delta, frame.body));
			buf_write(&texts[frame.call], delta.text);
			for (uint16_t i = 0; i < delta.token_count; i++)
				assert_true(delta.tokens[i].top_count == 3 &&
					    delta.tokens[i].logprob <= 0);
			continue;
		}
		assert_string_equal(wire_name(frame.type), "ENGINE_DONE");
		assert_ok(wire_read_engine_done(done, frame.body));
		count--;
	}
}

static void engine_writes_the_published_text_for_eight_at_once(void **state)
{
	struct scene *s = *state;
	struct buf texts[9];
	struct wire_engine_done done;
	AUTO(buf_free) struct buf expected = buf_new(MODEL_MAX);
	char path[512], model[MODEL_PATH];

	skip_without_model(s);
	assert_true(find_model(model));
	load(s);
	snprintf(path, sizeof path, "%s/expected_greedy.txt", model);
	assert_ok(file_read(&expected, AT_FDCWD, path));
	for (uint32_t i = 0; i < 9; i++)
		texts[i] = buf_new(1 << 16);
	for (uint32_t i = 1; i < 9; i++)
		generate(s, i, 60, i == 3);
	collect(s, texts, 8, &done);
	assert_int_equal(done.completion_tokens, 60);
	assert_int_equal(done.finish, WIRE_FINISH_LENGTH);
	for (uint32_t i = 1; i < 9; i++) {
		struct slice whole = slice_part(buf_slice(&expected), strlen("Once upon a time"),
						texts[i].size);

		assert_true(texts[i].size > 100);
		assert_true(slice_equal(buf_slice(&texts[i]), whole));
		buf_free(&texts[i]);
	}
}

static void engine_stops_what_is_canceled_and_unloads(void **state)
{
	struct scene *s = *state;
	struct buf texts[9];
	struct wire_engine_done done;
	AUTO(buf_free) struct buf body = buf_new(64);

	skip_without_model(s);
	load(s);
	for (uint32_t i = 0; i < 9; i++)
		texts[i] = buf_new(1 << 16);
	generate(s, 1, 490, false);
	wire_write_engine_cancel(&body, &(struct wire_engine_cancel){1});
	child_send(&s->edge, WIRE_ENGINE_CANCEL, 0, &body, -1);
	collect(s, texts, 1, &done);
	assert_int_equal(done.finish, WIRE_FINISH_CANCELLED);
	assert_true(done.completion_tokens < 490);
	buf_free(&texts[1]);
	assert_ok(channel_send(&s->edge, WIRE_ENGINE_UNLOAD, 0, S(""), -1));
	assert_int_equal(child_wait(&s->child), 0);
	s->child.pid = 0;
	channel_close(&s->edge);
	channel_close(&s->keeper);
}

/* More generations than fit at one time, abandoned; a fresh edge finds all places free. */
static void engine_forgets_what_an_edge_that_went_had_asked(void **state)
{
	struct scene *s = *state;
	struct buf texts[9];
	struct wire_engine_done done;

	skip_without_model(s);
	load(s);
	for (uint32_t i = 0; i < 72; i++)
		generate(s, 100 + i, 490, false);
	channel_close(&s->edge);
	s->edge = child_join(&s->child, ROLE_EDGE, 0);
	for (uint32_t i = 0; i < 9; i++)
		texts[i] = buf_new(1 << 16);
	generate(s, 1, 5, false);
	collect(s, texts, 1, &done);
	assert_int_equal(done.finish, WIRE_FINISH_LENGTH);
	assert_int_equal(done.completion_tokens, 5);
	buf_free(&texts[1]);
}

static void engine_refuses_to_load_without_keys_or_with_a_damaged_file(void **state)
{
	struct scene *s = *state;
	char path[128];
	int fd;

	skip_without_model(s);
	send_serves(s, S("m"));
	ask_load(s);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	snprintf(path, sizeof path, "%s/store/02/02000000000000000000000000000000", s->child.path);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 100000), 1);
	close(fd);
	send_keys(s);
	ask_load(s);
	child_expect_fail(&s->child, &s->edge, ERR_FORGED);
}

/* What an edge that was taken over would try: the model is loaded, and it knows every number. */
static void engine_begins_nothing_without_a_pass_of_the_keeper(void **state)
{
	struct scene *s = *state;
	struct buf texts[9];
	struct wire_engine_done done;
	struct wire_engine_loaded loaded;
	struct frame frame;

	skip_without_model(s);
	send_keys(s);
	ask_load(s);
	child_expect(&s->child, &s->edge, WIRE_ENGINE_LOADED, &frame);
	assert_ok(wire_read_engine_loaded(&loaded, frame.body));
	generate(s, 1, 5, false);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	send_pass(s, S("another"), S("infer:generate"));
	generate(s, 1, 5, false);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	send_pass(s, S("m"), S("infer:embed"));
	generate(s, 1, 5, false);
	child_expect_fail(&s->child, &s->edge, ERR_DENIED);
	send_pass(s, S("m"), S("infer:generate"));
	for (uint32_t i = 0; i < 9; i++)
		texts[i] = buf_new(1 << 16);
	generate(s, 1, 5, false);
	collect(s, texts, 1, &done);
	assert_int_equal(done.completion_tokens, 5);
	buf_free(&texts[1]);
}

static void embed(struct scene *s, uint32_t call, const struct wire_engine_embed *wish)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_embed ask = *wish;

	ask.pass = PASS;
	wire_write_engine_embed(&body, &ask);
	child_send(&s->edge, WIRE_ENGINE_EMBED, call, &body, -1);
}

/* The values of one call, until it is done. */
static void collect_vectors(struct scene *s, struct buf *values, struct wire_engine_embedded *done)
{
	struct frame frame = child_receive(&s->child, &s->edge);

	for (; frame.type == WIRE_ENGINE_VECTORS; frame = child_receive(&s->child, &s->edge)) {
		struct wire_engine_vectors part;

		assert_ok(wire_read_engine_vectors(&part, frame.body));
		buf_write(values, part.values);
	}
	assert_string_equal(wire_name(frame.type), "ENGINE_EMBEDDED");
	assert_ok(wire_read_engine_embedded(done, frame.body));
}

static void engine_gives_vectors_for_a_pass_that_is_for_them(void **state)
{
	static const uint8_t ids[] = {0, 0, 0, 1, 0, 0, 1, 0x93};
	struct wire_engine_embed ask = {.count = 3,
					.inputs = {{true, S("Once upon a time")},
						   {false, slice_of(ids, sizeof ids)},
						   {true, S("there was a dog")}}};
	AUTO(buf_free) struct buf values = buf_new(1 << 20);
	struct wire_engine_embedded done;
	struct scene *s = *state;

	skip_without_model(s);
	load(s); /* with a pass for infer:generate */
	embed(s, 1, &ask);
	child_expect_fail(&s->child, &s->edge, ERR_DENIED);
	send_pass(s, S("m"), S("infer:embed"));
	embed(s, 2, &ask);
	collect_vectors(s, &values, &done);
	assert_true(done.is_whole && done.width == 64 && done.tokens > 10);
	assert_int_equal(values.size, 3 * 64 * sizeof(float));
	buf_reset(&values);
	ask.dimensions = 16;
	ask.truncates = true;
	ask.truncate = 2;
	embed(s, 3, &ask);
	collect_vectors(s, &values, &done);
	assert_int_equal(values.size, 3 * 16 * sizeof(float));
	assert_int_equal(done.tokens, 6);
	ask.dimensions = 65;
	embed(s, 4, &ask);
	child_expect_fail(&s->child, &s->edge, ERR_FORMAT);
	ask.inputs[1].bytes.size = 7;
	embed(s, 5, &ask);
	child_expect_fail(&s->child, &s->edge, ERR_FORMAT);
}

/* Sixty-four texts of 400 tokens, fifty passes: told to stop, it says how far it came. */
static void engine_stops_vectors_that_are_canceled(void **state)
{
	static uint8_t ids[400 * 4];
	struct wire_engine_embed ask = {.count = WIRE_MAX_INPUTS};
	AUTO(buf_free) struct buf values = buf_new(1 << 20);
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_engine_embedded done;
	struct scene *s = *state;

	skip_without_model(s);
	load(s);
	send_pass(s, S("m"), S("infer:embed"));
	for (unsigned i = 0; i < ask.count; i++)
		ask.inputs[i].bytes = slice_of(ids, sizeof ids);
	embed(s, 1, &ask);
	wire_write_engine_cancel(&body, &(struct wire_engine_cancel){1});
	child_send(&s->edge, WIRE_ENGINE_CANCEL, 0, &body, -1);
	collect_vectors(s, &values, &done);
	assert_false(done.is_whole);
	assert_true(done.tokens < 64 * 400);
}

static void tokenize(struct scene *s, uint64_t pass, uint32_t first, struct wire_engine_tokens *out)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct frame frame;

	wire_write_engine_tokenize(&body,
				   &(struct wire_engine_tokenize){.pass = pass,
								  .wants_pieces = true,
								  .first = first,
								  .prompt = S("Once upon a time")});
	child_send(&s->edge, WIRE_ENGINE_TOKENIZE, 7, &body, -1);
	if (!out)
		return;
	child_expect(&s->child, &s->edge, WIRE_ENGINE_TOKENS, &frame);
	assert_ok(wire_read_engine_tokens(out, frame.body));
}

static void engine_tells_tokens_of_a_text_and_text_of_tokens_under_a_pass(void **state)
{
	static struct wire_engine_tokens all, rest;
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	AUTO(buf_free) struct buf ids = buf_new(64);
	struct wire_engine_text text;
	struct frame frame;

	skip_without_model(s);
	load(s);
	tokenize(s, PASS + 1, 0, NULL);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	tokenize(s, PASS, 0, &all);
	assert_true(all.total == all.count && all.total == 5 && all.context == 512);
	assert_slice(all.tokens[0].name, "<s>");
	tokenize(s, PASS, 3, &rest); /* as who comes again for more */
	assert_true(rest.total == all.total && rest.count == 2);
	assert_int_equal(rest.tokens[0].token, all.tokens[3].token);
	tokenize(s, PASS, UINT32_MAX, &rest);
	assert_true(rest.total == all.total && rest.count == 0);
	for (uint16_t i = 1; i < all.count; i++)
		buf_write_u32(&ids, all.tokens[i].token);
	wire_write_engine_detokenize(&body,
				     &(struct wire_engine_detokenize){PASS, buf_slice(&ids)});
	child_send(&s->edge, WIRE_ENGINE_DETOKENIZE, 8, &body, -1);
	child_expect(&s->child, &s->edge, WIRE_ENGINE_TEXT, &frame);
	assert_ok(wire_read_engine_text(&text, frame.body));
	assert_slice(text.text, "Once upon a time");
}

static void engine_loads_nothing_under_a_name_the_keys_are_not_for(void **state)
{
	struct scene *s = *state;

	skip_without_model(s);
	send_serves(s, S("gated"));
	ask_load(s); /* as "m" */
	child_expect_fail(&s->child, &s->edge, ERR_DENIED);
	send_serves(s, S("m")); /* keys for two: spoiled */
	send_keys(s);
	ask_load(s);
	child_expect_fail(&s->child, &s->edge, ERR_DENIED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(engine_writes_the_published_text_for_eight_at_once),
		TEST(engine_stops_what_is_canceled_and_unloads),
		TEST(engine_forgets_what_an_edge_that_went_had_asked),
		TEST(engine_begins_nothing_without_a_pass_of_the_keeper),
		TEST(engine_gives_vectors_for_a_pass_that_is_for_them),
		TEST(engine_stops_vectors_that_are_canceled),
		TEST(engine_tells_tokens_of_a_text_and_text_of_tokens_under_a_pass),
		TEST(engine_loads_nothing_under_a_name_the_keys_are_not_for),
		TEST(engine_refuses_to_load_without_keys_or_with_a_damaged_file),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
