/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/report/totals.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/json.h"

enum {
	TOTALS_SUMS = 8,
	TOTALS_PLACES = 2048, /* a power of two, well above the keys */
	TOTALS_OTHERS = REPORT_MAX_GROUP_KEYS,
};

struct counted {
	struct slice key; /* in the arena */
	uint64_t rows;
	int64_t sums[TOTALS_SUMS];
};

struct grouping {
	size_t column;
	size_t count;
	struct counted keys[TOTALS_OTHERS + 1]; /* as they came; the last: all that came later */
	uint16_t places[TOTALS_PLACES];         /* 1 + the number of a key, by its hash */
};

struct report_totals {
	const struct report *report;
	struct arena arena;
	uint64_t erased, first, last;
	size_t sum_columns[TOTALS_SUMS], sum_count;
	struct counted all;
	size_t grouping_count;
	struct grouping groupings[REPORT_MAX_GROUPS];
};

struct report_totals *report_totals_new(const struct report *report)
{
	struct report_totals *t = calloc(1, sizeof *t);
	struct slice rest = slice_of_string(report->sums), name;

	assert(t);
	t->report = report;
	while (report_next_name(&name, &rest) && t->sum_count < TOTALS_SUMS)
		t->sum_columns[t->sum_count++] = report_column_of(report, name);
	rest = slice_of_string(report->groups);
	while (report_next_name(&name, &rest) && t->grouping_count < REPORT_MAX_GROUPS)
		t->groupings[t->grouping_count++].column = report_column_of(report, name);
	return t;
}

void report_totals_free(struct report_totals *t)
{
	if (!t)
		return;
	arena_free(&t->arena);
	free(t);
}

/* FNV-1a: keys that collide on purpose only make their own report slow. */
static size_t hash_of(struct slice key)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ key.data[i]) * 0x100000001b3;
	return (size_t)(hash ^ hash >> 32);
}

static struct counted *find_key(struct report_totals *t, struct grouping *g, struct slice key)
{
	size_t place = hash_of(key) % TOTALS_PLACES;

	for (; g->places[place]; place = (place + 1) % TOTALS_PLACES)
		if (slice_equal(g->keys[g->places[place] - 1].key, key))
			return &g->keys[g->places[place] - 1];
	if (g->count == TOTALS_OTHERS)
		return &g->keys[TOTALS_OTHERS];
	g->places[place] = (uint16_t)++g->count;
	g->keys[g->count - 1].key = arena_copy(&t->arena, key);
	return &g->keys[g->count - 1];
}

static enum err count(const struct report_totals *t, struct counted *c,
		      const struct report_cell *cells)
{
	c->rows++;
	for (size_t i = 0; i < t->sum_count; i++) {
		const struct report_cell *cell = &cells[t->sum_columns[i]];

		if (cell->kind == REPORT_NUMBER &&
		    __builtin_add_overflow(c->sums[i], cell->number, &c->sums[i]))
			return failure(ERR_LIMIT, "report: the sum of \"%s\" is past 2^63",
				       t->report->columns[t->sum_columns[i]].name);
	}
	return OK;
}

enum err report_totals_add(struct report_totals *t, const struct report_row *row,
			   const struct report_cell cells[REPORT_MAX_COLUMNS])
{
	if (t->all.rows == 0)
		t->first = row->index;
	t->last = row->index;
	t->erased += !t->report->of_entries && row->payload.size == 0;
	TRY(count(t, &t->all, cells));
	for (size_t i = 0; i < t->grouping_count; i++) {
		struct grouping *g = &t->groupings[i];
		const struct report_cell *cell = &cells[g->column];

		TRY(count(t, find_key(t, g, cell->kind == REPORT_TEXT ? cell->text : S("")),
			  cells));
	}
	return OK;
}

uint64_t report_totals_rows(const struct report_totals *t)
{
	return t->all.rows;
}

uint64_t report_totals_next(const struct report_totals *t)
{
	return t->all.rows ? t->last + 1 : 0;
}

static json_t *tell_sums(const struct report_totals *t, const struct counted *c)
{
	json_t *sums = json_object_new();

	for (size_t i = 0; i < t->sum_count; i++)
		json_put_int(sums, t->report->columns[t->sum_columns[i]].name, c->sums[i]);
	return sums;
}

static json_t *tell_key(const struct report_totals *t, const struct counted *c, struct slice key)
{
	json_t *one = json_object_new();

	json_put_text(one, "key", key);
	json_put_int(one, "rows", (int64_t)c->rows);
	if (t->sum_count)
		json_put(one, "sums", tell_sums(t, c));
	return one;
}

static json_t *tell_grouping(const struct report_totals *t, const struct grouping *g)
{
	json_t *one = json_object_new(), *of = json_array_new();

	for (size_t i = 0; i < g->count; i++)
		json_push(of, tell_key(t, &g->keys[i], g->keys[i].key));
	if (g->keys[TOTALS_OTHERS].rows)
		json_push(of, tell_key(t, &g->keys[TOTALS_OTHERS], S("(others)")));
	json_put_text(one, "by", slice_of_string(t->report->columns[g->column].name));
	json_put(one, "of", of);
	return one;
}

json_t *report_totals_tell(const struct report_totals *t)
{
	json_t *all = json_object_new(), *groups = json_array_new();

	json_put_int(all, "rows", (int64_t)t->all.rows);
	json_put_int(all, "erased", (int64_t)t->erased);
	json_put(all, "first", t->all.rows ? json_integer((json_int_t)t->first) : json_null());
	json_put(all, "last", t->all.rows ? json_integer((json_int_t)t->last) : json_null());
	if (t->report->of_entries && t->all.rows)
		json_put_int(all, "left_out", (int64_t)(t->last + 1 - t->first - t->all.rows));
	json_put(all, "sums", tell_sums(t, &t->all));
	for (size_t i = 0; i < t->grouping_count; i++)
		json_push(groups, tell_grouping(t, &t->groupings[i]));
	json_put(all, "groups", groups);
	return all;
}
