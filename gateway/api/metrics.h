/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - what the operator's monitoring reads at /metrics (Prometheus text format). Counters
 * since the start of this edge; no names of persons or models, so that a graph tells nobody who
 * does what.
 */
#ifndef GATEWAY_API_METRICS_H
#define GATEWAY_API_METRICS_H

#include <stdatomic.h>

#include "crypto/base/buf.h"

/* clang-format off */
#define METRICS(X) \
	X(DECISIONS_ALLOWED, "sallyport_decisions_total{outcome=\"allow\"}", "rights on models decided") \
	X(DECISIONS_DENIED,  "sallyport_decisions_total{outcome=\"deny\"}",  NULL) \
	X(QUOTA_DENIED,      "sallyport_quota_denied_total",      "uses refused since a limit had not enough left") \
	X(KEY_RELEASES,      "sallyport_key_releases_total",      "file keys released to porters") \
	X(DOWNLOADS,         "sallyport_downloads_total",         "transfers of files that ended") \
	X(DOWNLOAD_BYTES,    "sallyport_download_bytes_total",    "bytes of files given to the network") \
	X(GENERATIONS,       "sallyport_generations_total",       "generations that ended") \
	X(EMBEDDINGS,        "sallyport_embeddings_total",        "calls for embeddings that ended") \
	X(INTERNALS,         "sallyport_internals_total",         "reads inside a model that ended") \
	X(PROMPT_TOKENS,     "sallyport_prompt_tokens_total",     "tokens read by engines") \
	X(COMPLETION_TOKENS, "sallyport_completion_tokens_total", "tokens written by engines") \
	X(STREAMS_CUT,       "sallyport_streams_cut_total",       "downloads and generations ended by a withdrawal or a lapse") \
	X(LOG_LATE,          "sallyport_log_late_total",          "calls of models whose engine had answered before their entry was durable") \
	X(WITHDRAWALS,       "sallyport_withdrawals_total",       "acts that withdrew access and waited for all edges") \
	X(WITHDRAWAL_MS,     "sallyport_withdrawal_milliseconds_total", "time those waited, after their commit and publication") \
	X(ERASED_ENTRIES,    "sallyport_erased_entries_total{why=\"erasure\"}", "entries of the log whose payload was erased") \
	X(RETIRED_ENTRIES,   "sallyport_erased_entries_total{why=\"retention\"}", NULL) \
	X(RETENTION_RUNS,    "sallyport_retention_runs_total",    "passes of the job that erases what has been kept long enough") \
	X(WITHDRAWAL_LAPSES, "sallyport_withdrawal_lapsed_edges_total", "edges that did not confirm, and whose lease was waited for")
/* clang-format on */

#define METRIC_ENUM(metric, name, help) METRIC_##metric,
enum metric { METRICS(METRIC_ENUM) METRIC_COUNT };
#undef METRIC_ENUM

enum { METRICS_LOG_WAITS = 12 };

struct metrics {
	_Atomic uint64_t values[METRIC_COUNT];
	/* How long single calls waited until what they leave in the log was durable. */
	_Atomic uint64_t log_waits[METRICS_LOG_WAITS], log_wait_us;
};

void metrics_add_log_wait(struct metrics *m, int64_t us);

static inline void metrics_add(struct metrics *m, enum metric metric, uint64_t amount)
{
	atomic_fetch_add_explicit(&m->values[metric], amount, memory_order_relaxed);
}

/* `edge`: a label edge="N" for each line; NULL: there is but one edge, no label. */
void metrics_write(struct buf *out, const struct metrics *m, const char *edge);

/* One gauge: its # HELP and # TYPE if `help` is not NULL, then its line. */
void metrics_write_gauge(struct buf *out, const char *name, const char *help, const char *edge,
			 uint64_t value);

#endif
