/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/edge/pool.h"

enum { SEGMENTS = 4, LONG = 100 * POOL_SEGMENT, LATER = POOL_PATIENCE_MS };

/* One segment, asked for and filled at `now`. */
static struct pool_fill get(struct pool *p, struct feed *f, int64_t now)
{
	struct pool_fill fill;
	struct feed *whose;

	assert_true(feed_ask(f, &fill, now));
	assert_true(pool_filled(p, &whose, fill.segment, true, now));
	assert_ptr_equal(whose, f);
	return fill;
}

static void a_feed_asks_for_its_range_in_order_and_to_its_end(void **state)
{
	enum { OFFSET = POOL_CHUNK + 1000, LENGTH = 3 * POOL_SEGMENT };
	struct pool *p = pool_new(64);
	struct feed f;
	struct pool_fill fill;
	uint64_t next = OFFSET;

	(void)state;
	feed_begin(&f, p, 7, OFFSET, LENGTH, NULL);
	while (feed_ask(&f, &fill, 0)) {
		assert_true(fill.transfer == 7);
		assert_true(fill.offset == next);
		assert_true(fill.length > 0 && fill.length <= POOL_SEGMENT);
		next += fill.length;
		/* whole chunks from the second fill on */
		assert_true(next % POOL_CHUNK == 0 || next == OFFSET + LENGTH);
	}
	assert_true(next == OFFSET + LENGTH);
	feed_end(&f);
	pool_free(p);
}

static void what_is_filled_out_of_order_comes_out_in_order(void **state)
{
	struct pool *p = pool_new(64);
	struct feed f, *whose;
	struct pool_fill first, second;
	size_t position;

	(void)state;
	feed_begin(&f, p, 1, 0, LONG, NULL);
	assert_true(feed_ask(&f, &first, 0) && feed_ask(&f, &second, 0));
	assert_true(pool_filled(p, &whose, second.segment, true, 0));
	assert_int_equal(feed_ready(&f, &position), 0);
	assert_true(pool_filled(p, &whose, first.segment, true, 0));
	assert_int_equal(feed_ready(&f, &position), first.length);
	assert_int_equal(position, first.segment * (size_t)POOL_SEGMENT);
	feed_take(&f, 1000, 0);
	assert_int_equal(feed_ready(&f, &position), first.length - 1000);
	assert_int_equal(position, first.segment * (size_t)POOL_SEGMENT + 1000);
	feed_take(&f, first.length - 1000, 0);
	assert_int_equal(feed_ready(&f, &position), second.length);
	assert_true(feed_left(&f) == LONG - first.length);
	feed_end(&f);
	pool_free(p);
}

static void a_feed_reads_ahead_only_while_there_is_plenty(void **state)
{
	struct pool *p = pool_new(SEGMENTS);
	struct feed a, b;
	struct pool_fill fill;

	(void)state;
	feed_begin(&a, p, 1, 0, LONG, NULL);
	feed_begin(&b, p, 2, 0, LONG, NULL);
	assert_true(feed_ask(&a, &fill, 0));
	assert_false(feed_ask(&a, &fill, 0));
	assert_true(feed_ask(&b, &fill, 0));
	assert_int_equal(pool_free_count(p), SEGMENTS - 2);
	feed_end(&a);
	feed_end(&b);
	pool_free(p);
}

/* Takes all segments, one for each feed. */
static void fill_up(struct pool *p, struct feed feeds[SEGMENTS], int64_t now)
{
	for (int i = 0; i < SEGMENTS; i++) {
		feed_begin(&feeds[i], p, (uint64_t)i, 0, LONG, NULL);
		get(p, &feeds[i], now + i);
	}
}

static void end_all(struct pool *p, struct feed feeds[SEGMENTS])
{
	for (int i = 0; i < SEGMENTS; i++)
		feed_end(&feeds[i]);
	assert_int_equal(pool_free_count(p), SEGMENTS);
	pool_free(p);
}

static void the_feed_that_is_idle_longest_loses_its_segment_and_asks_again(void **state)
{
	struct pool *p = pool_new(SEGMENTS);
	struct feed feeds[SEGMENTS], hungry;
	struct pool_fill fill, lost;
	size_t position;

	(void)state;
	fill_up(p, feeds, 0);
	feed_take(&feeds[0], 1000, SEGMENTS); /* now feeds[1] is */
	feed_begin(&hungry, p, 9, 0, LONG, NULL);
	fill = get(p, &hungry, 1 + LATER);
	assert_int_equal(feed_ready(&feeds[1], &position), 0);
	assert_true(feed_ready(&feeds[0], &position) > 0);
	assert_true(feed_ready(&feeds[2], &position) > 0);
	feed_take(&hungry, fill.length, 1 + LATER);
	lost = get(p, &feeds[1], 1 + LATER);
	assert_true(lost.offset == 0);
	feed_end(&hungry);
	end_all(p, feeds);
}

static void a_feed_that_lost_half_used_bytes_goes_on_where_it_was(void **state)
{
	struct pool *p = pool_new(SEGMENTS);
	struct feed feeds[SEGMENTS], hungry;
	struct pool_fill fill;

	(void)state;
	fill_up(p, feeds, 0);
	for (int i = 0; i < SEGMENTS; i++)
		feed_take(&feeds[i], 1000, 10 + i);
	feed_begin(&hungry, p, 9, 0, LONG, NULL);
	get(p, &hungry, 100);
	feed_end(&hungry);
	fill = get(p, &feeds[0], 100);
	assert_true(fill.offset == 1000);
	assert_true((fill.offset + fill.length) % POOL_CHUNK == 0);
	end_all(p, feeds);
}

static void what_was_just_filled_or_is_being_filled_is_not_taken_away(void **state)
{
	struct pool *p = pool_new(SEGMENTS);
	struct feed feeds[SEGMENTS], hungry;
	struct pool_fill fill;

	(void)state;
	fill_up(p, feeds, 0);
	feed_begin(&hungry, p, 9, 0, LONG, NULL);
	assert_false(feed_ask(&hungry, &fill, LATER - 1));
	assert_true(pool_is_waited_for(p));
	assert_false(pool_serve(p, &fill, LATER - 1));
	assert_true(pool_serve(p, &fill, LATER));
	assert_true(fill.transfer == 9);
	assert_false(pool_is_waited_for(p));
	feed_end(&hungry); /* its fill is under way: the segment is not free yet */
	assert_int_equal(pool_free_count(p), 0);
	assert_true(pool_filled(p, &(struct feed *){NULL}, fill.segment, true, LATER));
	assert_int_equal(pool_free_count(p), 1);
	end_all(p, feeds);
}

static void feeds_that_wait_are_served_in_order(void **state)
{
	struct pool *p = pool_new(SEGMENTS);
	struct feed feeds[SEGMENTS], waiting[3];
	struct pool_fill fill;

	(void)state;
	fill_up(p, feeds, 0);
	for (int i = 0; i < 3; i++) {
		feed_begin(&waiting[i], p, (uint64_t)(10 + i), 0, LONG, NULL);
		assert_false(feed_ask(&waiting[i], &fill, 0));
	}
	feed_end(&waiting[1]); /* gave up */
	feed_end(&feeds[2]);
	feed_end(&feeds[3]);
	assert_false(feed_ask(&waiting[2], &fill, 0)); /* not before the one before it */
	assert_true(pool_serve(p, &fill, 0));
	assert_true(fill.transfer == 10);
	assert_true(pool_serve(p, &fill, 0));
	assert_true(fill.transfer == 12);
	assert_false(pool_serve(p, &fill, 0));
	assert_false(pool_is_waited_for(p));
	feed_end(&waiting[0]);
	feed_end(&waiting[2]);
	feed_end(&feeds[0]);
	feed_end(&feeds[1]);
	pool_free(p);
}

static void a_fill_that_failed_gives_out_nothing_more(void **state)
{
	struct pool *p = pool_new(64);
	struct feed f, *whose;
	struct pool_fill first, second;
	size_t position;

	(void)state;
	feed_begin(&f, p, 1, 0, LONG, NULL);
	assert_true(feed_ask(&f, &first, 0) && feed_ask(&f, &second, 0));
	assert_true(pool_filled(p, &whose, first.segment, true, 0));
	assert_true(pool_filled(p, &whose, second.segment, false, 0));
	assert_true(f.has_failed);
	assert_int_equal(feed_ready(&f, &position), 0);
	assert_false(feed_ask(&f, &first, 0));
	feed_end(&f);
	assert_int_equal(pool_free_count(p), 64);
	pool_free(p);
}

static void an_answer_to_nothing_is_noticed(void **state)
{
	struct pool *p = pool_new(SEGMENTS);
	struct feed f, *whose;
	struct pool_fill fill;

	(void)state;
	assert_false(pool_filled(p, &whose, 0, true, 0));
	assert_false(pool_filled(p, &whose, SEGMENTS, true, 0));
	feed_begin(&f, p, 1, 0, LONG, NULL);
	fill = get(p, &f, 0);
	assert_false(pool_filled(p, &whose, fill.segment, true, 0)); /* twice */
	feed_end(&f);
	pool_free(p);
}

/* Many feeds over few segments, in a made-up order: all get their bytes, and nothing is lost. */
static void everybody_is_served_in_the_end(void **state)
{
	enum { FEEDS = 40, ROUNDS = 100000, SIZE = 3 * POOL_SEGMENT + 12345 };
	struct pool *p = pool_new(SEGMENTS);
	struct feed feeds[FEEDS];
	struct pool_fill fill;
	uint32_t chance = 1;
	unsigned done = 0;

	(void)state;
	for (int i = 0; i < FEEDS; i++)
		feed_begin(&feeds[i], p, (uint64_t)i, 0, SIZE, NULL);
	for (int64_t now = 0; done < FEEDS && now < ROUNDS; now++) {
		struct feed *f = &feeds[(chance = chance * 1103515245 + 12345) / 65536 % FEEDS];
		struct feed *whose;
		size_t position, size = feed_ready(f, &position);

		if (size) {
			feed_take(f, size < 50000 ? size : 50000, now);
			done += feed_left(f) == 0;
		}
		if (feed_ask(f, &fill, now) || pool_serve(p, &fill, now))
			assert_true(pool_filled(p, &whose, fill.segment, true, now));
	}
	assert_int_equal(done, FEEDS);
	assert_int_equal(pool_free_count(p), SEGMENTS);
	for (int i = 0; i < FEEDS; i++)
		feed_end(&feeds[i]);
	pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_feed_asks_for_its_range_in_order_and_to_its_end),
		cmocka_unit_test(what_is_filled_out_of_order_comes_out_in_order),
		cmocka_unit_test(a_feed_reads_ahead_only_while_there_is_plenty),
		cmocka_unit_test(the_feed_that_is_idle_longest_loses_its_segment_and_asks_again),
		cmocka_unit_test(a_feed_that_lost_half_used_bytes_goes_on_where_it_was),
		cmocka_unit_test(what_was_just_filled_or_is_being_filled_is_not_taken_away),
		cmocka_unit_test(feeds_that_wait_are_served_in_order),
		cmocka_unit_test(a_fill_that_failed_gives_out_nothing_more),
		cmocka_unit_test(an_answer_to_nothing_is_noticed),
		cmocka_unit_test(everybody_is_served_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
