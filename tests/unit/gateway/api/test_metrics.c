/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/metrics.h"

static void counters_add_up_and_say_what_they_are(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(16384);
	struct metrics m = {0};

	(void)state;
	metrics_add(&m, METRIC_DOWNLOAD_BYTES, 40);
	metrics_add(&m, METRIC_DOWNLOAD_BYTES, 2);
	metrics_write(&out, &m, NULL);
	assert_non_null(strstr(buf_string(&out), "\nsallyport_download_bytes_total 42\n"));
	assert_non_null(strstr(buf_string(&out),
			       "# TYPE sallyport_decisions_total counter\n"
			       "sallyport_decisions_total{outcome=\"allow\"} 0\n"
			       "sallyport_decisions_total{outcome=\"deny\"} 0\n"));
}

static void one_of_several_edges_says_which_it_is(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(16384);
	struct metrics m = {0};

	(void)state;
	metrics_write(&out, &m, "1");
	assert_non_null(strstr(buf_string(&out), "\nsallyport_downloads_total{edge=\"1\"} 0\n"));
	assert_non_null(strstr(buf_string(&out),
			       "\nsallyport_decisions_total{edge=\"1\",outcome=\"deny\"} 0\n"));
}

static void waits_for_the_log_are_counted_up_to_each_length(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(16384);
	struct metrics m = {0};

	(void)state;
	metrics_add_log_wait(&m, 0);
	metrics_add_log_wait(&m, 3000);
	metrics_add_log_wait(&m, 3001);
	metrics_add_log_wait(&m, 2000000);
	metrics_write(&out, &m, NULL);
	assert_non_null(strstr(buf_string(&out),
			       "# TYPE sallyport_log_wait_seconds histogram\n"
			       "sallyport_log_wait_seconds_bucket{le=\"0.00025\"} 1\n"));
	assert_non_null(strstr(buf_string(&out), "_bucket{le=\"0.002\"} 1\n"));
	assert_non_null(strstr(buf_string(&out), "_bucket{le=\"0.003\"} 2\n"));
	assert_non_null(strstr(buf_string(&out), "_bucket{le=\"1\"} 3\n"));
	assert_non_null(strstr(buf_string(&out), "_bucket{le=\"+Inf\"} 4\n"
						 "sallyport_log_wait_seconds_sum 2.006001\n"
						 "sallyport_log_wait_seconds_count 4\n"));
	buf_reset(&out);
	metrics_write(&out, &m, "2");
	assert_non_null(strstr(buf_string(&out),
			       "\nsallyport_log_wait_seconds_bucket{edge=\"2\",le=\"0.005\"} 3\n"));
	assert_non_null(
		strstr(buf_string(&out), "\nsallyport_log_wait_seconds_count{edge=\"2\"} 4\n"));
}

static void a_gauge_is_typed_once(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(1024);

	(void)state;
	metrics_write_gauge(&out, "up{role=\"keeper\"}", "is it there", NULL, 1);
	metrics_write_gauge(&out, "up{role=\"scribe\"}", NULL, NULL, 0);
	assert_slice(buf_slice(&out), "# HELP up is it there\n# TYPE up gauge\n"
				      "up{role=\"keeper\"} 1\nup{role=\"scribe\"} 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_add_up_and_say_what_they_are),
		cmocka_unit_test(one_of_several_edges_says_which_it_is),
		cmocka_unit_test(waits_for_the_log_are_counted_up_to_each_length),
		cmocka_unit_test(a_gauge_is_typed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
