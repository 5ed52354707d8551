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

void metrics_write(struct buf *out, const struct metrics *m, const char *edge)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		write_one(out, table[i].name, "counter", table[i].help, edge,
			  atomic_load_explicit(&m->values[i], memory_order_relaxed));
}

void metrics_write_gauge(struct buf *out, const char *name, const char *help, const char *edge,
			 uint64_t value)
{
	write_one(out, name, "gauge", help, edge, value);
}
