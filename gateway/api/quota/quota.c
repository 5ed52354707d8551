/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "gateway/api/quota/quota.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/license.h"
#include "crypto/random.h"
#include "gateway/api/jobs.h"
#include "gateway/api/lease/lease.h"
#include "gateway/api/quota/quota_headers.h"
#include "gateway/api/reply.h"

enum { HEADER_MAX = 8 * 1024, DEBTS_AT_ONCE = 4 };

/* A use that has ended while the database was away. */
struct debt {
	uint8_t hold[STORE_ID];
	struct store_spent spent;
};

struct quota {
	pthread_mutex_t lock;
	size_t count;
	struct debt debts[QUOTA_MAX_DEBTS];
};

struct quota *quota_new(void)
{
	struct quota *q = calloc(1, sizeof *q);

	assert(q);
	pthread_mutex_init(&q->lock, NULL);
	return q;
}

void quota_free(struct quota *q)
{
	if (!q)
		return;
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* --- what applies ------------------------------------------------------------------------- */

static enum err add(struct store_quota *out, size_t *count, const struct store_limit *limit)
{
	if (*count == STORE_MAX_QUOTAS)
		return failure(ERR_LIMIT, "more than %d limits apply to this", STORE_MAX_QUOTAS);
	out[(*count)++] = (struct store_quota){.limit = *limit};
	return OK;
}

/* Most licenses have none, and are not read for it: the document is canonical, so the member stands
 * there in exactly these bytes. */
static bool has_limits(struct slice document)
{
	struct slice member = S("\"limits\":[");

	return memmem(document.data, document.size, member.data, member.size) != NULL;
}

static enum err add_of_license(struct store_quota *out, size_t *count, struct arena *arena,
			       const struct store_license *license)
{
	struct license *document = arena_alloc(arena, sizeof *document);
	struct store_limit limit = {.subject_kind = S("license")};

	TRY(license_parse(document, arena, license->document));
	memcpy(limit.subject, license->id, STORE_ID);
	for (size_t i = 0; i < document->limits.count; i++) {
		const struct license_limit *l = &document->limits.list[i];

		limit.measure = slice_of_string(license_measure_name(l->measure));
		limit.per = slice_of_string(license_period_name(l->per));
		limit.max = l->max;
		TRY(add(out, count, &limit));
	}
	return OK;
}

enum err quota_list(struct store_quota *out, size_t *count, struct arena *arena,
		    const struct store_license *license, const struct store_limit *others,
		    size_t other_count)
{
	*count = 0;
	if (license && has_limits(license->document))
		TRY(add_of_license(out, count, arena, license));
	for (size_t i = 0; i < other_count; i++)
		TRY(add(out, count, &others[i]));
	return OK;
}

/* Keep those that this use counts against, with the amounts. */
static void set_amounts(struct store_quota *quotas, size_t *count, const struct quota_ask *ask)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		struct slice measure = quotas[i].limit.measure;
		bool is_tokens = slice_equal(measure, S("tokens"));
		bool is_bytes = slice_equal(measure, S("bytes"));

		if ((is_tokens && !ask->counts_tokens) || (is_bytes && !ask->counts_bytes))
			continue;
		quotas[kept] = quotas[i];
		quotas[kept].amount = is_tokens  ? (int64_t)ask->tokens
				      : is_bytes ? (int64_t)ask->bytes
						 : 1;
		kept++;
	}
	*count = kept;
}

/* --- settling ----------------------------------------------------------------------------- */

/* What was kept for later; false: nothing. */
static bool take_debt(struct quota *q, struct debt *out)
{
	bool found;

	pthread_mutex_lock(&q->lock);
	found = q->count > 0;
	if (found)
		*out = q->debts[--q->count];
	pthread_mutex_unlock(&q->lock);
	return found;
}

static void keep_debt(struct quota *q, const struct debt *debt)
{
	bool has_room;

	pthread_mutex_lock(&q->lock);
	has_room = q->count < QUOTA_MAX_DEBTS;
	if (has_room)
		q->debts[q->count++] = *debt;
	pthread_mutex_unlock(&q->lock);
	if (!has_room)
		log_error("quota.unsettled", "reason=\"%s\"", failure_text());
}

static bool settle(struct route_context *context, const struct debt *debt)
{
	if (store_quota_settle(context->store, debt->hold, &debt->spent) == OK)
		return true;
	keep_debt(context->api->quota, debt);
	return false;
}

static void settle_debts(struct route_context *context)
{
	struct debt debt;

	for (int i = 0; i < DEBTS_AT_ONCE && take_debt(context->api->quota, &debt); i++)
		if (!settle(context, &debt))
			return;
}

void quota_leave(struct quota_hold *hold, struct route_context *context,
		 const struct store_spent *spent)
{
	struct debt debt = {.spent = *spent};

	if (!hold->is_held)
		return;
	hold->is_held = false;
	memcpy(debt.hold, hold->id, STORE_ID);
	if (settle(context, &debt))
		settle_debts(context);
}

/* --- reserving ---------------------------------------------------------------------------- */

static const struct store_quota *find_over(const struct store_quota *quotas, size_t count)
{
	const struct store_quota *worst = NULL; /* the one that lasts longest */

	for (size_t i = 0; i < count; i++)
		if (quotas[i].is_over &&
		    (!worst || (worst->ends_ms &&
				(!quotas[i].ends_ms || quotas[i].ends_ms > worst->ends_ms))))
			worst = &quotas[i];
	return worst;
}

/* A refusal that dead edges are the reason of is none. */
static enum err reserve(struct quota_hold *out, struct route_context *context,
			struct store_quota *quotas, size_t count)
{
	const uint8_t *edge = lease_edge(context->api->lease);
	struct store *store = context->store;
	bool has_stale = false;
	int64_t reclaimed;

	random_uuid(out->id, clock_now_ms());
	TRY(store_quota_reserve(store, out->id, edge, QUOTA_HOLD_MS, quotas, count, &has_stale));
	if (find_over(quotas, count) && has_stale) {
		TRY(store_quota_reclaim(store, QUOTA_RECLAIM, &reclaimed));
		log_info("quota.reclaimed", "holds=%lld", (long long)reclaimed);
		TRY(store_quota_reserve(store, out->id, edge, QUOTA_HOLD_MS, quotas, count,
					&has_stale));
	}
	out->is_held = !find_over(quotas, count);
	return OK;
}

static void write_headers(struct exchange *x, const struct store_quota *quotas, size_t count)
{
	AUTO(buf_free) struct buf policy = buf_new(HEADER_MAX);
	AUTO(buf_free) struct buf left = buf_new(HEADER_MAX);
	int64_t now_ms = clock_now_ms();

	if (reply_speaks_hub(x))
		quota_headers_write_hub(&policy, &left, quotas, count, now_ms);
	else
		quota_headers_write(&policy, &left, quotas, count, now_ms);
	if (!policy.size || buf_done(&policy) != OK || buf_done(&left) != OK)
		return;
	exchange_header_text(x, "RateLimit-Policy", buf_slice(&policy));
	exchange_header_text(x, "RateLimit", buf_slice(&left));
}

/* The decision again, with the fact that was missing. */
static void judge(struct grant *g, const struct store_quota *over)
{
	struct quota_fact *f = &g->facts.quota;

	*f = (struct quota_fact){.is_used_up = true,
				 .max = over->limit.max,
				 .left = over->limit.max > over->used ? over->limit.max - over->used
								      : 0,
				 .asked = over->amount,
				 .ends_seconds = over->ends_ms / 1000};
	/* the database's own closed lists */
	if (!quota_subject_parse(&f->subject, over->limit.subject_kind) ||
	    !quota_measure_parse(&f->measure, over->limit.measure) ||
	    !quota_period_parse(&f->per, over->limit.per))
		abort();
	g->decision = decide(&g->facts);
	assert(!g->decision.allow);
}

static void refuse(struct exchange *x, struct route_context *context, struct grant *g,
		   const struct store_quota *over)
{
	enum err result = OK;

	judge(g, over);
	if (g->who->authenticated)
		result = authorize_log_denial(context, x, g);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	metrics_add(&context->api->metrics, METRIC_QUOTA_DENIED, 1);
	reply_quota(x, &g->decision, &g->facts.quota, g->access.model.name,
		    quota_wait_seconds(over, clock_now_ms()));
}

bool quota_enter(struct quota_hold *out, struct exchange *x, struct route_context *context,
		 struct grant *g, const struct quota_ask *ask)
{
	struct store_quota quotas[STORE_MAX_QUOTAS];
	const struct store_license *license = g->decision.basis == BASIS_LICENSE ? g->license
										 : NULL;
	size_t count;
	enum err result = quota_list(quotas, &count, exchange_arena(x), license, g->access.limits,
				     g->access.limit_count);

	*out = (struct quota_hold){.is_held = false};
	set_amounts(quotas, &count, ask);
	if (result == OK && count == 0)
		return true;
	if (result == OK) {
		exchange_may_wait(x);
		result = reserve(out, context, quotas, count);
	}
	if (result != OK) {
		reply_failure(x, result);
		return false;
	}
	write_headers(x, quotas, count);
	if (out->is_held)
		return true;
	refuse(x, context, g, find_over(quotas, count));
	return false;
}

/* Whoever asks for what is used up gives back what edges have left that are gone; here it is done
 * where nobody asks, so that what is shown is true. */
enum err job_quota(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	int64_t count;

	(void)arena;
	(void)now_ms;
	TRY(store_quota_reclaim(context->store, QUOTA_RECLAIM, &count));
	if (count)
		log_info("quota.reclaimed", "holds=%lld", (long long)count);
	return OK;
}
