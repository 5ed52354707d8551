/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/passes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/log.h"
#include "crypto/license.h"
#include "inference/batch.h"

struct pass {
	uint64_t number;
	int64_t expires_ms; /* 0: a free row */
	size_t right_size;
	char right[WIRE_MAX_RIGHT];
	uint8_t payer[WIRE_ID];
	enum fair_priority priority;
};

/* Somebody for whom something may be kept. */
struct kept {
	uint8_t payer[WIRE_ID];
	int64_t ends_ms; /* 0: a free row */
};

struct passes {
	bool is_spoiled;
	size_t model_size, revision_size; /* 0: no keys yet */
	char model[WIRE_MAX_MODEL];
	char revision[WIRE_MAX_REVISION];
	struct pass rows[PASSES_MAX];
	struct kept kept[PASSES_MAX];
	struct kept displaced; /* had to make room */
	size_t adapter_count;  /* named so far; the last PASSES_ADAPTERS are known */
	uint8_t adapters[PASSES_ADAPTERS][WIRE_ID];
};

struct passes *passes_new(void)
{
	struct passes *p = calloc(1, sizeof *p);

	assert(p);
	return p;
}

void passes_free(struct passes *p)
{
	free(p);
}

static bool is_served(const struct passes *p, struct slice model)
{
	return !p->is_spoiled && p->model_size &&
	       slice_equal(model, slice_of(p->model, p->model_size));
}

static bool is_revision(const struct passes *p, struct slice revision)
{
	return slice_equal(revision, slice_of(p->revision, p->revision_size));
}

void passes_serve(struct passes *p, const struct wire_engine_serves *served)
{
	if (p->model_size == 0) {
		memcpy(p->model, served->model.data, served->model.size);
		memcpy(p->revision, served->revision.data, served->revision.size);
		p->model_size = served->model.size;
		p->revision_size = served->revision.size;
	}
	if (is_served(p, served->model) && is_revision(p, served->revision))
		return;
	log_warn("engine.spoiled", "why=\"keys for two revisions came\"");
	p->is_spoiled = true;
}

enum err passes_check_load(const struct passes *p, struct slice model, struct slice revision)
{
	if (p->is_spoiled)
		return failure(ERR_DENIED, "keys for two revisions came: this engine must end");
	if (!is_served(p, model) || !is_revision(p, revision))
		return failure(ERR_DENIED, "the keeper gave no keys for this model and revision");
	return OK;
}

/* The row of this number, else the one that ends first: a free one ends at 0. */
static struct pass *row_for(struct passes *p, uint64_t number)
{
	struct pass *oldest = &p->rows[0];

	for (size_t i = 0; i < PASSES_MAX; i++) {
		if (p->rows[i].expires_ms && p->rows[i].number == number)
			return &p->rows[i];
		if (p->rows[i].expires_ms < oldest->expires_ms)
			oldest = &p->rows[i];
	}
	return oldest;
}

/* Where all rows are taken, the one that ends first makes room. */
static void keep(struct passes *p, const struct wire_engine_pass *pass, int64_t now_ms)
{
	int64_t ends_ms = now_ms + (int64_t)pass->lasts_seconds * 1000;
	struct kept *best = &p->kept[0];

	for (size_t i = 0; i < PASSES_MAX; i++) {
		struct kept *k = &p->kept[i];

		if (k->ends_ms && memcmp(k->payer, pass->payer, WIRE_ID) == 0) {
			best = k;
			break;
		}
		if (k->ends_ms < best->ends_ms)
			best = k;
	}
	if (ends_ms > now_ms + PASSES_KEPT_MS)
		ends_ms = now_ms + PASSES_KEPT_MS;
	if (best->ends_ms && memcmp(best->payer, pass->payer, WIRE_ID) != 0)
		p->displaced = *best;
	best->ends_ms = ends_ms;
	memcpy(best->payer, pass->payer, WIRE_ID);
}

/* What is none of ours waits with the rest. */
static enum fair_priority priority_of(uint8_t plan)
{
	if (plan == LICENSE_INTERACTIVE)
		return FAIR_HIGH;
	return plan == LICENSE_BATCH ? FAIR_LOW : FAIR_NORMAL;
}

void passes_add(struct passes *p, const struct wire_engine_pass *pass, int64_t now_ms)
{
	struct pass *row = row_for(p, pass->pass);

	if (!is_served(p, pass->model)) {
		log_warn("engine.pass", "why=\"a pass for another model came\"");
		return;
	}
	*row = (struct pass){
		.number = pass->pass,
		.expires_ms = now_ms + WIRE_PASS_SECONDS * 1000,
		.right_size = pass->right.size,
		.priority = priority_of(pass->plan),
	};
	memcpy(row->right, pass->right.data, pass->right.size);
	memcpy(row->payer, pass->payer, WIRE_ID);
	keep(p, pass, now_ms);
}

static const struct pass *find(const struct passes *p, uint64_t number)
{
	for (size_t i = 0; i < PASSES_MAX; i++)
		if (p->rows[i].expires_ms && p->rows[i].number == number)
			return &p->rows[i];
	return NULL;
}

void passes_owner(const struct passes *p, uint64_t number, struct batch_owner *out)
{
	const struct pass *row = find(p, number);

	*out = (struct batch_owner){.priority = FAIR_NORMAL};
	if (!row)
		return;
	memcpy(out->payer, row->payer, WIRE_ID);
	out->priority = row->priority;
}

bool passes_ended(struct passes *p, uint8_t payer[WIRE_ID], int64_t now_ms)
{
	if (p->displaced.ends_ms) {
		memcpy(payer, p->displaced.payer, WIRE_ID);
		p->displaced = (struct kept){0};
		return true;
	}
	for (size_t i = 0; i < PASSES_MAX; i++) {
		struct kept *k = &p->kept[i];

		if (!k->ends_ms || now_ms < k->ends_ms)
			continue;
		memcpy(payer, k->payer, WIRE_ID);
		*k = (struct kept){0};
		return true;
	}
	return false;
}

enum err passes_check(const struct passes *p, uint64_t pass, struct slice right, int64_t now_ms)
{
	const struct pass *row = find(p, pass);

	if (!row)
		return failure(ERR_NOT_FOUND, "the keeper gave no such pass");
	if (now_ms >= row->expires_ms)
		return failure(ERR_EXPIRED, "the pass is over");
	if (!slice_equal(right, slice_of(row->right, row->right_size)))
		return failure(ERR_DENIED, "the pass is not for %.*s", SLICE_PRINT(right));
	return OK;
}

void passes_adapt(struct passes *p, const struct wire_engine_adapts *adapts)
{
	if (!is_served(p, adapts->model)) {
		log_warn("engine.adapts", "why=\"an adapter for another model came\"");
		return;
	}
	memcpy(p->adapters[p->adapter_count++ % PASSES_ADAPTERS], adapts->adapter, WIRE_ID);
}

enum err passes_check_adapter(const struct passes *p, const uint8_t adapter[WIRE_ID])
{
	for (size_t i = 0; i < p->adapter_count && i < PASSES_ADAPTERS; i++)
		if (memcmp(p->adapters[i], adapter, WIRE_ID) == 0)
			return OK;
	return failure(ERR_DENIED, "the keeper gave no keys for this adapter");
}
