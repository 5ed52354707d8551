/* SPDX-License-Identifier: Apache-2.0 */
/* The real sallyport-keeper, asked by a scribe, an edge and a porter that this program plays. */
#include "tests/unit/gateway/keeper/child.h"

#include "gateway/keeper/keeper.h"
#include "tests/unit/gateway/keeper/entries.h"

struct scene {
	struct child child;
	struct channel edge;
	struct channel scribe;
	struct channel porter;
	struct entry entry;
};

static void join_all(struct scene *s)
{
	child_start(&s->child);
	s->edge = child_join(&s->child, ROLE_EDGE, 0);
	s->scribe = child_join(&s->child, ROLE_SCRIBE, 0);
	s->porter = child_join(&s->child, ROLE_PORTER, 1);
}

static void leave_all(struct scene *s)
{
	channel_close(&s->edge);
	channel_close(&s->scribe);
	channel_close(&s->porter);
}

static int scene_new(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	char path[128];
	int directory;

	child_prepare(&s->child, ROLE_KEEPER);
	child_directory(&s->child, "keeper");
	snprintf(path, sizeof path, "%s/keeper", s->child.path);
	assert_ok(file_open_directory(&directory, AT_FDCWD, path));
	assert_ok(keeper_create(directory, S("")));
	close(directory);
	child_own(&s->child, "keeper");
	join_all(s);
	*state = s;
	return 0;
}

static int scene_free(void **state)
{
	struct scene *s = *state;

	child_stop(&s->child);
	leave_all(s);
	child_remove(&s->child);
	free(s);
	return 0;
}

static void append(struct scene *s, uint64_t first)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_log_append batch;
	struct frame frame;

	snprintf(s->entry.payload, sizeof s->entry.payload,
		 "{\"blob\":\"00000000000000000000000000000000\"}");
	entry_make(&s->entry, "key.create");
	entry_batch(&batch, first, &s->entry);
	wire_write_log_append(&body, &batch);
	child_send(&s->scribe, WIRE_LOG_APPEND, 1, &body, -1);
	child_expect(&s->child, &s->scribe, WIRE_LOG_APPENDED, &frame);
}

static void ask_create(struct scene *s)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_key_create ask = {.porter = 1, .handle = 9};

	memcpy(ask.event, s->entry.id, WIRE_ID);
	wire_write_key_create(&body, &ask);
	child_send(&s->edge, WIRE_KEY_CREATE, 2, &body, -1);
}

static void expect_no_key(struct scene *s)
{
	struct frame frame;

	assert_err(channel_receive(&s->porter, &s->child.inbox, &frame, 0), ERR_TIMEOUT);
}

static void keeper_hands_the_key_over_before_it_answers(void **state)
{
	struct scene *s = *state;
	struct wire_handle_key key;
	struct frame frame;

	append(s, 0);
	ask_create(s);
	child_expect(&s->child, &s->edge, WIRE_KEY_CREATED, &frame);
	assert_ok(channel_receive(&s->porter, &s->child.inbox, &frame, 0));
	assert_int_equal(frame.type, WIRE_SEAL_KEY);
	assert_ok(wire_read_handle_key(&key, frame.body));
	assert_true(key.handle == 9);
	ask_create(s);
	child_expect_fail(&s->child, &s->edge, ERR_CONFLICT);
	expect_no_key(s);
}

static void keeper_sends_nothing_without_an_entry(void **state)
{
	struct scene *s = *state;

	random_bytes(s->entry.id, WIRE_ID);
	ask_create(s);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	expect_no_key(s);
}

static void keeper_killed_knows_its_log_and_no_event(void **state)
{
	struct scene *s = *state;
	struct wire_log_state_is log;
	struct frame frame;

	append(s, 0);
	append(s, 1);
	kill(s->child.pid, SIGKILL);
	child_wait(&s->child);
	leave_all(s);
	join_all(s);
	assert_ok(channel_send(&s->scribe, WIRE_LOG_STATE, 3, S(""), -1));
	child_expect(&s->child, &s->scribe, WIRE_LOG_STATE_IS, &frame);
	assert_ok(wire_read_log_state_is(&log, frame.body));
	assert_true(log.size == 2);
	ask_create(s);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	expect_no_key(s);
	append(s, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(keeper_hands_the_key_over_before_it_answers),
		TEST(keeper_sends_nothing_without_an_entry),
		TEST(keeper_killed_knows_its_log_and_no_event),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
