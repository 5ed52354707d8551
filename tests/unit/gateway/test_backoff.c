/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/supervisor/family.h"

enum { NOW = 1000 * 1000, KILLED = 9 /* a wait status: by signal 9 */ };

static struct child child_of(enum role role, enum child_state state, int64_t lived_ms)
{
	return (struct child){.role = role,
			      .state = state,
			      .started_ms = NOW - lived_ms,
			      .backoff_ms = FAMILY_BACKOFF_FIRST_MS};
}

static int64_t delay_of(struct child *c, enum child_state state, int status)
{
	c->state = state;
	family_plan_return(c, status, NOW);
	assert_int_equal(c->state, CHILD_WAITING);
	return c->start_at_ms - NOW;
}

static void the_delay_doubles_up_to_its_most(void **state)
{
	struct child c = child_of(ROLE_KEEPER, CHILD_RUNNING, 10);
	int64_t expected = FAMILY_BACKOFF_FIRST_MS;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		assert_int_equal(delay_of(&c, CHILD_RUNNING, KILLED), expected);
		expected = expected * 2 < FAMILY_BACKOFF_MOST_MS ? expected * 2
								 : FAMILY_BACKOFF_MOST_MS;
	}
}

static void health_brings_the_first_delay_back(void **state)
{
	struct child c = child_of(ROLE_SCRIBE, CHILD_RUNNING, FAMILY_HEALTHY_MS);

	(void)state;
	c.backoff_ms = FAMILY_BACKOFF_MOST_MS;
	assert_int_equal(delay_of(&c, CHILD_RUNNING, KILLED), FAMILY_BACKOFF_FIRST_MS);
	c.backoff_ms = FAMILY_BACKOFF_MOST_MS; /* long in starting is no health */
	assert_int_equal(delay_of(&c, CHILD_STARTING, KILLED), FAMILY_BACKOFF_MOST_MS);
}

static void an_engine_that_unloads_is_back_at_once(void **state)
{
	struct child unloaded = child_of(ROLE_ENGINE, CHILD_RUNNING, 5000);
	struct child killed = child_of(ROLE_ENGINE, CHILD_RUNNING, 5000);
	struct child hasty = child_of(ROLE_ENGINE, CHILD_RUNNING, 5);
	struct child porter = child_of(ROLE_PORTER, CHILD_RUNNING, 5000);

	(void)state;
	assert_int_equal(delay_of(&unloaded, CHILD_RUNNING, 0), 0);
	assert_int_equal(delay_of(&killed, CHILD_RUNNING, KILLED), FAMILY_BACKOFF_FIRST_MS);
	assert_int_equal(delay_of(&hasty, CHILD_RUNNING, 0), FAMILY_BACKOFF_FIRST_MS);
	assert_int_equal(delay_of(&hasty, CHILD_RUNNING, 0), FAMILY_BACKOFF_FIRST_MS);
	assert_int_equal(delay_of(&porter, CHILD_RUNNING, 0), FAMILY_BACKOFF_FIRST_MS);
}

static void only_an_end_before_ready_counts_as_a_failed_start(void **state)
{
	struct child c = child_of(ROLE_EDGE, CHILD_RUNNING, 10);

	(void)state;
	delay_of(&c, CHILD_RUNNING, KILLED);
	assert_int_equal(c.failures, 0);
	delay_of(&c, CHILD_STARTING, KILLED);
	delay_of(&c, CHILD_STARTING, KILLED);
	assert_int_equal(c.failures, 2);
}

/* To give much memory back takes its time: an engine that was killed meanwhile would be held back
 * as one that failed. */
static void a_child_that_closes_its_channel_may_end_by_itself(void **state)
{
	static struct family f = {.count = 1};
	struct child *c = &f.children[0];
	int pair[2], status;

	(void)state;
	*c = child_of(ROLE_ENGINE, CHILD_RUNNING, 5000);
	c->pid = fork(); /* before the pair: it has none of it */
	if (c->pid == 0) {
		alarm(20);
		pause();
		_exit(0);
	}
	assert_ok(channel_pair(pair));
	c->control = (struct channel){pair[0], ROLE_SUPERVISOR, ROLE_ENGINE, 0};
	close(pair[1]);
	f.inbox = malloc(sizeof *f.inbox);
	family_receive(&f, pair[0]);
	free(f.inbox);
	assert_int_equal(c->control.fd, -1);
	assert_int_equal(waitpid(c->pid, &status, WNOHANG), 0); /* not killed */
	assert_in_range(family_wait_ms(&f), 1, FAMILY_CLOSED_MS);
	c->end_by_ms = 1; /* its time is over */
	assert_ok(family_start_due(&f));
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_true(WIFSIGNALED(status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_delay_doubles_up_to_its_most),
		cmocka_unit_test(health_brings_the_first_delay_back),
		cmocka_unit_test(an_engine_that_unloads_is_back_at_once),
		cmocka_unit_test(a_child_that_closes_its_channel_may_end_by_itself),
		cmocka_unit_test(only_an_end_before_ready_counts_as_a_failed_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
