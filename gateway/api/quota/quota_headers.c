/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/quota/quota_headers.h"

#include <stdio.h>
#include <time.h>

int64_t quota_left(const struct store_quota *q)
{
	return q->used < q->limit.max ? q->limit.max - q->used : 0;
}

int64_t quota_wait_seconds(const struct store_quota *q, int64_t now_ms)
{
	if (!q->ends_ms)
		return 0;
	return q->ends_ms > now_ms + 1000 ? (q->ends_ms - now_ms + 999) / 1000 : 1;
}

/* The length of the window; of a month it is that of this month. 0: there is no end. */
static int64_t window_seconds(const struct store_quota *q)
{
	time_t last = (time_t)(q->ends_ms / 1000 - 1);
	struct tm day;

	if (slice_equal(q->limit.per, S("minute")))
		return 60;
	if (slice_equal(q->limit.per, S("day")))
		return 86400;
	if (slice_equal(q->limit.per, S("month")) && gmtime_r(&last, &day))
		return (int64_t)day.tm_mday * 86400;
	return 0;
}

static const char *unit_of(const struct store_quota *q)
{
	if (slice_equal(q->limit.measure, S("bytes")))
		return "content-bytes";
	if (slice_equal(q->limit.measure, S("concurrent")))
		return "concurrent-requests";
	return slice_equal(q->limit.measure, S("tokens")) ? "tokens" : "requests";
}

static void write_name(struct buf *out, const struct store_quota *q)
{
	buf_write_string(out, out->size ? ", \"" : "\"");
	buf_write(out, q->limit.subject_kind);
	buf_write_string(out, "_");
	buf_write(out, q->limit.measure);
	if (!slice_equal(q->limit.per, S("license"))) {
		buf_write_string(out, "_");
		buf_write(out, q->limit.per);
	}
	buf_write_string(out, "\"");
}

static void write_number(struct buf *out, const char *name, int64_t value)
{
	char text[40];

	snprintf(text, sizeof text, "%s%lld", name, (long long)value);
	buf_write_string(out, text);
}

void quota_headers_write(struct buf *policy, struct buf *left, const struct store_quota *quotas,
			 size_t count, int64_t now_ms)
{
	for (size_t i = 0; i < count; i++) {
		const struct store_quota *q = &quotas[i];

		write_name(policy, q);
		write_number(policy, ";q=", q->limit.max);
		buf_write_string(policy, ";qu=\"");
		buf_write_string(policy, unit_of(q));
		buf_write_string(policy, "\"");
		if (q->ends_ms)
			write_number(policy, ";w=", window_seconds(q));
		write_name(left, q);
		write_number(left, ";r=", quota_left(q));
		if (q->ends_ms)
			write_number(left, ";t=", quota_wait_seconds(q, now_ms));
	}
}

/* Whose part that is left is smaller: a/b < c/d, without a division. What is too little for this
 * use comes first. */
static bool is_tighter(const struct store_quota *a, const struct store_quota *b)
{
	if (a->is_over != b->is_over)
		return a->is_over;
	return (double)quota_left(a) * (double)b->limit.max <
	       (double)quota_left(b) * (double)a->limit.max;
}

void quota_headers_write_hub(struct buf *policy, struct buf *left, const struct store_quota *quotas,
			     size_t count, int64_t now_ms)
{
	const struct store_quota *tightest = NULL;

	for (size_t i = 0; i < count; i++)
		if (quotas[i].ends_ms && (!tightest || is_tighter(&quotas[i], tightest)))
			tightest = &quotas[i];
	if (!tightest)
		return;
	buf_write_string(policy, "\"fixed window\";\"api\"");
	write_number(policy, ";q=", tightest->limit.max);
	write_number(policy, ";w=", window_seconds(tightest));
	buf_write_string(left, "\"api\"");
	write_number(left, ";r=", tightest->is_over ? 0 : quota_left(tightest));
	write_number(left, ";t=", quota_wait_seconds(tightest, now_ms));
}
