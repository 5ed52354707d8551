/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gateway/api/quota/quota_headers.h"
#include "tests/unit/test.h"

enum { NOW_MS = 1000000 };

/* 2024-03-01 00:00 UTC: the end of a February of 29 days */
static const int64_t march_ms = INT64_C(1709251200000);

static struct store_quota quota(const char *measure, const char *per, int64_t max, int64_t used,
				int64_t ends_ms)
{
	return (struct store_quota){.limit = {.subject_kind = S("license"),
					      .measure = slice_of_string(measure),
					      .per = slice_of_string(per),
					      .max = max},
				    .used = used,
				    .ends_ms = ends_ms};
}

static void all_limits_are_told_with_what_is_left(void **state)
{
	AUTO(buf_free) struct buf policy = buf_new(1000), left = buf_new(1000);
	const struct store_quota quotas[] = {
		quota("requests", "day", 1000, 988, NOW_MS + 3600500),
		quota("bytes", "month", 5, 7, march_ms),
		quota("concurrent", "license", 2, 1, 0),
	};

	(void)state;
	quota_headers_write(&policy, &left, quotas, 3, NOW_MS);
	assert_string_equal(buf_string(&policy),
			    "\"license_requests_day\";q=1000;qu=\"requests\";w=86400, "
			    "\"license_bytes_month\";q=5;qu=\"content-bytes\";w=2505600, "
			    "\"license_concurrent\";q=2;qu=\"concurrent-requests\"");
	assert_non_null(strstr(buf_string(&left), "\"license_requests_day\";r=12;t=3601, "));
	assert_non_null(strstr(buf_string(&left), "\"license_bytes_month\";r=0;t="));
	assert_non_null(strstr(buf_string(&left), ", \"license_concurrent\";r=1"));
}

static void the_hubs_clients_hear_of_the_tightest_window(void **state)
{
	AUTO(buf_free) struct buf policy = buf_new(1000), left = buf_new(1000);
	struct store_quota quotas[] = {
		quota("requests", "day", 1000, 500, NOW_MS + 3600000),
		quota("requests", "minute", 10, 7, NOW_MS + 55000),
		quota("concurrent", "license", 2, 2, 0),
	};

	(void)state;
	quota_headers_write_hub(&policy, &left, quotas, 3, NOW_MS);
	assert_string_equal(buf_string(&policy), "\"fixed window\";\"api\";q=10;w=60");
	assert_string_equal(buf_string(&left), "\"api\";r=3;t=55");
}

static void one_that_refuses_comes_before_one_that_has_less(void **state)
{
	AUTO(buf_free) struct buf policy = buf_new(1000), left = buf_new(1000);
	struct store_quota quotas[] = {
		quota("requests", "minute", 10, 9, NOW_MS + 55000),
		quota("bytes", "day", 1000, 100, NOW_MS + 500),
	};

	(void)state;
	quotas[1].is_over = true; /* asked for more than the 900 */
	quota_headers_write_hub(&policy, &left, quotas, 2, NOW_MS);
	assert_string_equal(buf_string(&left), "\"api\";r=0;t=1");
}

static void what_has_no_window_is_not_waited_for(void **state)
{
	AUTO(buf_free) struct buf policy = buf_new(1000), left = buf_new(1000);
	struct store_quota one = quota("tokens", "license", 10, 10, 0);

	(void)state;
	quota_headers_write_hub(&policy, &left, &one, 1, NOW_MS);
	assert_int_equal(policy.size + left.size, 0);
	assert_int_equal(quota_wait_seconds(&one, NOW_MS), 0);
	one.ends_ms = NOW_MS - 5;
	assert_int_equal(quota_wait_seconds(&one, NOW_MS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_limits_are_told_with_what_is_left),
		cmocka_unit_test(the_hubs_clients_hear_of_the_tightest_window),
		cmocka_unit_test(one_that_refuses_comes_before_one_that_has_less),
		cmocka_unit_test(what_has_no_window_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
