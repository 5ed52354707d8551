/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/metrics.h"

static const struct {
	const char *name; /* with its labels */
	const char *help; /* NULL: a further line of the metric before it */
} table[METRIC_COUNT] = {
#define METRIC_ROW(metric, name, help) [METRIC_##metric] = {name, help},
	METRICS(METRIC_ROW)
#undef METRIC_ROW
};

static void write_one(struct buf *out, const char *name, const char *kind, const char *help,
		      const char *edge, uint64_t value)
{
	struct slice base, labels;

	slice_cut(slice_of_string(name), '{', &base, &labels);
	if (help)
		buf_printf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", SLICE_PRINT(base), help,
			   SLICE_PRINT(base), kind);
	if (!edge)
		buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
	else if (labels.size)
		buf_printf(out, "%.*s{edge=\"%s\",%.*s %llu\n", SLICE_PRINT(base), edge,
			   SLICE_PRINT(labels), (unsigned long long)value);
	else
		buf_printf(out, "%s{edge=\"%s\"} %llu\n", name, edge, (unsigned long long)value);
}

/* The upper ends of what is counted together, but for the last, which has none. */
static const struct {
	int64_t us;
	const char *seconds;
} log_waits[METRICS_LOG_WAITS] = {
	{250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"}, {2000, "0.002"},
	{3000, "0.003"},  {5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"},
	{50000, "0.05"},  {100000, "0.1"}, {1000000, "1"},  {INT64_MAX, "+Inf"},
};

void metrics_add_log_wait(struct metrics *m, int64_t us)
{
	size_t i = 0;

	while (us > log_waits[i].us)
		i++;
	atomic_fetch_add_explicit(&m->log_waits[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->log_wait_us, (uint64_t)us, memory_order_relaxed);
}

static void write_log_waits(struct buf *out, const struct metrics *m, const char *edge)
{
	static const char name[] = "sallyport_log_wait_seconds";
	const char *before = edge ? "edge=\"" : "", *after = edge ? "\"," : "";
	uint64_t count = 0, us = atomic_load_explicit(&m->log_wait_us, memory_order_relaxed);

	buf_printf(out,
		   "# HELP %s how long single calls waited until what they leave in the log was "
		   "durable\n# TYPE %s histogram\n",
		   name, name);
	for (size_t i = 0; i < METRICS_LOG_WAITS; i++) {
		count += atomic_load_explicit(&m->log_waits[i], memory_order_relaxed);
		buf_printf(out, "%s_bucket{%s%s%sle=\"%s\"} %llu\n", name, before, edge ? edge : "",
			   after, log_waits[i].seconds, (unsigned long long)count);
	}
	before = edge ? "{edge=\"" : "";
	after = edge ? "\"}" : "";
	buf_printf(out, "%s_sum%s%s%s %llu.%06llu\n%s_count%s%s%s %llu\n", name, before,
		   edge ? edge : "", after, (unsigned long long)(us / 1000000),
		   (unsigned long long)(us % 1000000), name, before, edge ? edge : "", after,
		   (unsigned long long)count);
}

void metrics_write(struct buf *out, const struct metrics *m, const char *edge)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		write_one(out, table[i].name, "counter", table[i].help, edge,
			  atomic_load_explicit(&m->values[i], memory_order_relaxed));
	write_log_waits(out, m, edge);
}

void metrics_write_gauge(struct buf *out, const char *name, const char *help, const char *edge,
			 uint64_t value)
{
	write_one(out, name, "gauge", help, edge, value);
}
