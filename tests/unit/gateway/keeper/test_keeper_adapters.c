/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters at the keeper: bound to a base by an entry, given to engines only, destroyed alone or
 * with their base. */
#include "tests/unit/gateway/keeper/scene.h"

#define ADAPTER "01890000-0000-7000-8000-0000000000a1"
#define OTHER "01890000-0000-7000-8000-0000000000a2"
#define NAME "org/model:" ADAPTER
#define FILE_PATH "adapter_model.safetensors"
#define FILES "\"files\":[{\"path\":\"" FILE_PATH "\",\"sha256\":\"" SHA "\",\"size\":1}]"

static struct wire_key_bind ask_bind(struct scene *s, const char *model, const char *adapter,
				     struct slice header)
{
	struct wire_key_bind ask = {.model = S(NAME), .revision = S("adapter")};

	PAYLOAD(s, "{\"adapter\":\"%s\"," FILES ",\"model\":\"%s\"}", adapter, model);
	append(s, "adapter.commit");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.path = S(FILE_PATH);
	ask.sha256[31] = 0xaa;
	ask.header = header;
	return ask;
}

/* s->header becomes that of the adapter's file. */
static void bind(struct scene *s)
{
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	struct wire_key_bind ask;

	make_fresh_header(s, &fresh);
	ask = ask_bind(s, "org/model", ADAPTER, buf_slice(&fresh));
	buf_reset(&s->header);
	assert_ok(keeper_key_bind(s->keeper, &ask, s->now, &s->header));
}

static struct wire_key_release ask_serve(struct scene *s, const char *model, const char *adapter)
{
	struct wire_key_release ask = {.role = ROLE_ENGINE, .index = 1, .handle = HANDLE};

	PAYLOAD(s,
		"{\"adapter\":\"%s\"," FILES ",\"index\":1,\"model\":\"%s\",\"role\":\"engine\"}",
		adapter, model);
	append(s, "adapter.serve");
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.header = buf_slice(&s->header);
	ask.path = S(FILE_PATH);
	return ask;
}

static void an_adapter_goes_to_the_engine_of_its_entry_once(void **state)
{
	struct scene *s = *state;
	struct wire_engine_adapts adapts;
	struct wire_key_release ask;

	bind(s);
	ask = ask_serve(s, "org/model", ADAPTER);
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
	assert_int_equal(s->target.role, ROLE_ENGINE);
	assert_int_equal(s->last_note, WIRE_ENGINE_ADAPTS);
	assert_ok(wire_read_engine_adapts(&adapts, buf_slice(&s->note)));
	assert_true(slice_equal(adapts.model, S("org/model")));
	assert_int_equal(adapts.adapter[15], 0xa1);
	expect_refusal(s, &ask, ERR_CONFLICT, "");
}

static void nothing_but_what_the_entry_says_is_released(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	bind(s);
	ask = ask_serve(s, "org/model", OTHER);
	expect_refusal(s, &ask, ERR_DENIED, "");
	ask = ask_serve(s, "org/other", ADAPTER);
	expect_refusal(s, &ask, ERR_DENIED, "");
	ask = ask_serve(s, "org/model", ADAPTER);
	ask.index = 0;
	expect_refusal(s, &ask, ERR_DENIED, "");
	ask.index = 1;
	ask.role = ROLE_PORTER;
	expect_refusal(s, &ask, ERR_DENIED, "");
}

static void an_adapter_serve_releases_no_file_of_the_model(void **state)
{
	struct scene *s = *state; /* its header is that of org/model's own file */
	struct wire_key_release ask = ask_serve(s, "org/model", ADAPTER);

	ask.path = S(PATH);
	expect_refusal(s, &ask, ERR_DENIED, "");
}

/* Not by a license, not by opening a model of that name. */
static void an_adapter_is_never_downloaded(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	bind(s);
	PAYLOAD(s, "{\"gate\":\"no\",\"model\":\"" NAME "\"}");
	append(s, "model.settings");
	PAYLOAD(s,
		"{\"basis\":\"open\",\"handle\":%d,\"index\":1,\"model\":\"" NAME
		"\",\"path\":\"" FILE_PATH "\",\"revision\":\"adapter\",\"role\":\"porter\"}",
		HANDLE);
	append(s, "key.release");
	ask = (struct wire_key_release){.role = ROLE_PORTER, .index = 1, .handle = HANDLE};
	memcpy(ask.event, s->entry.id, WIRE_ID);
	ask.header = buf_slice(&s->header);
	ask.path = S(FILE_PATH);
	expect_refusal(s, &ask, ERR_DENIED, "");
}

static void a_file_is_bound_to_the_adapter_of_its_entry_only(void **state)
{
	AUTO(buf_free) struct buf fresh = buf_new(WIRE_MAX_HEADER);
	AUTO(buf_free) struct buf bound = buf_new(WIRE_MAX_HEADER);
	struct scene *s = *state;
	struct wire_key_bind ask;

	make_fresh_header(s, &fresh);
	ask = ask_bind(s, "org/model", OTHER, buf_slice(&fresh));
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask = ask_bind(s, "org/other", ADAPTER, buf_slice(&fresh));
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask = ask_bind(s, "org/model", ADAPTER, buf_slice(&fresh));
	ask.sha256[0] = 1;
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
	ask = ask_bind(s, "org/model", ADAPTER, buf_slice(&s->header)); /* a file of the base */
	assert_err(keeper_key_bind(s->keeper, &ask, s->now, &bound), ERR_DENIED);
}

static void a_deleted_adapter_is_destroyed_and_its_base_is_not(void **state)
{
	AUTO(buf_free) struct buf base = buf_new(WIRE_MAX_HEADER);
	struct scene *s = *state;
	struct wire_key_release ask;

	buf_write(&base, buf_slice(&s->header));
	bind(s);
	PAYLOAD(s, "{\"adapter\":\"" ADAPTER "\",\"model\":\"org/model\"}");
	append(s, "adapter.delete");
	ask = ask_serve(s, "org/model", ADAPTER);
	expect_refusal(s, &ask, ERR_DENIED, "MODEL_DISABLED");
	buf_reset(&s->header);
	buf_write(&s->header, buf_slice(&base));
	ask = ask_release(s);
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
}

static void an_adapter_of_a_base_that_is_away_is_away(void **state)
{
	struct scene *s = *state;
	struct wire_key_release ask;

	bind(s);
	PAYLOAD(s, "{\"model\":\"org/model\"}");
	append(s, "model.disable");
	ask = ask_serve(s, "org/model", ADAPTER);
	expect_refusal(s, &ask, ERR_DENIED, "MODEL_DISABLED");
	PAYLOAD(s, "{\"model\":\"org/model\"}");
	append(s, "model.enable");
	ask = ask_serve(s, "org/model", ADAPTER);
	assert_ok(keeper_key_release(s->keeper, &ask, s->now));
}

/* The base is shredded in the journal, the adapter by its key alone: unwrapping finds none. */
static void shredding_a_base_destroys_the_keys_of_its_adapters(void **state)
{
	struct scene *s = *state;
	struct wire_key_bind again;
	AUTO(buf_free) struct buf bound = buf_new(WIRE_MAX_HEADER);

	bind(s);
	PAYLOAD(s, "{\"model\":\"org/model\"}");
	append(s, "model.shred");
	again = ask_bind(s, "org/model", ADAPTER, buf_slice(&s->header));
	assert_err(keeper_key_bind(s->keeper, &again, s->now, &bound), ERR_NOT_FOUND);
	assert_non_null(strstr(failure_text(), "shredded"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(an_adapter_goes_to_the_engine_of_its_entry_once),
		TEST(nothing_but_what_the_entry_says_is_released),
		TEST(an_adapter_serve_releases_no_file_of_the_model),
		TEST(an_adapter_is_never_downloaded),
		TEST(a_file_is_bound_to_the_adapter_of_its_entry_only),
		TEST(a_deleted_adapter_is_destroyed_and_its_base_is_not),
		TEST(an_adapter_of_a_base_that_is_away_is_away),
		TEST(shredding_a_base_destroys_the_keys_of_its_adapters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
