/* SPDX-License-Identifier: Apache-2.0 */
/* Every filter of the log, beside an oracle that looks at each of 400 made events in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/store/audit_saved.h"
#include "schema/store/audit_search.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

enum { EVENTS = 400, UNPUBLISHED = 3 };

#define BEGIN INT64_C(1767225600000) /* 2026-01-01 */
#define HOUR INT64_C(3600000)

/* Made by one rule twice: here for the oracle, below in SQL. Every 17th has no actor, every 13th
 * no model. */
struct made {
	char actor[16], model[16], kind[24], right[24], code[24], address[24], text[16];
	bool allow;
	int64_t at_ms, tokens, bytes;
	unsigned license; /* 0: none */
};

static struct postgres postgres;
static struct store *auditor, *edge;
static struct arena arena;
static struct made all[EVENTS];

static const char *const kinds[] = {"infer.end", "download.end", "decision.deny", "license.issue",
				    "license.revoke"};

static const char rows[] =
	"CREATE TABLE made AS SELECT i, i % 17 AS a, i % 13 AS m, i * 7 % 5 AS k, i * 5 % 3 AS l "
	"FROM generate_series(0, 399) i;"
	"INSERT INTO person (id, name, created_at) SELECT md5('p' || a)::uuid, 'p' || a, now() "
	"FROM generate_series(1, 16) a;"
	"INSERT INTO institution (id, name, kind, country, created_at) VALUES "
	"(md5('even')::uuid, 'even', 'university', 'DE', now()), "
	"(md5('early')::uuid, 'early', 'hospital', 'DE', now());"
	"INSERT INTO member (institution, person, role, since) SELECT md5('even')::uuid, "
	"md5('p' || a)::uuid, 'member', '2025-01-01Z' FROM generate_series(2, 16, 2) a;"
	/* Until the 100th hour only. */
	"INSERT INTO member (institution, person, role, since, until) SELECT md5('early')::uuid, "
	"md5('p' || a)::uuid, 'official', '2025-01-01Z', "
	"timestamptz '2026-01-01Z' + interval '100 hours' FROM generate_series(1, 4) a;"
	"INSERT INTO audit_event (id, at, kind, actor, actor_name, model, license, right_name, "
	"allow, code, payload, nonce, leaf) SELECT md5('e' || i)::uuid, "
	"timestamptz '2026-01-01Z' + (i + i % 3) * interval '1 hour', "
	"(ARRAY['infer.end','download.end','decision.deny','license.issue','license.revoke'])"
	"[k + 1], "
	"CASE WHEN a > 0 THEN md5('p' || a)::uuid END, CASE WHEN a > 0 THEN 'p' || a END, "
	"CASE WHEN m > 0 THEN 'ns' || m % 3 || '/m' || m END, "
	"CASE WHEN l > 0 THEN md5('l' || l)::uuid END, "
	"CASE WHEN k = 0 THEN 'infer:generate' WHEN k < 3 THEN 'weights:read' END, k <> 2, "
	"CASE WHEN k <> 2 THEN 'OK' WHEN i % 2 = 0 THEN 'NOT_GRANTED' ELSE 'RECALLED' END, "
	"convert_to(format('{\"address\":\"10.%s.%s.1\",\"bytes\":%s,\"completion_tokens\":%s,"
	"\"note\":\"word%s 100%%\",\"prompt_tokens\":1}', i % 4, i % 8, i, i, i % 50), 'UTF8'), "
	"sha256('n'), '{}' FROM made;"
	"INSERT INTO audit_leaf (seq, event, leaf, leaf_hash) SELECT i, md5('e' || i)::uuid, '{}', "
	"sha256('\\x00'::bytea || '{}'::bytea) FROM made ORDER BY i;"
	"INSERT INTO audit_checkpoint (size, root, note) VALUES (397, sha256('r'), 'note');";

static void make(struct made *e, int i)
{
	int a = i % 17, m = i % 13, k = i * 7 % 5;

	*e = (struct made){.allow = k != 2,
			   .license = (unsigned)(i * 5 % 3),
			   .at_ms = BEGIN + (i + i % 3) * HOUR,
			   .tokens = i + 1,
			   .bytes = k == 1 ? i : 0};
	if (a > 0)
		snprintf(e->actor, sizeof e->actor, "p%d", a);
	if (m > 0)
		snprintf(e->model, sizeof e->model, "ns%d/m%d", m % 3, m);
	snprintf(e->kind, sizeof e->kind, "%s", kinds[k]);
	snprintf(e->right, sizeof e->right, "%s",
		 k == 0  ? "infer:generate"
		 : k < 3 ? "weights:read"
			 : "");
	snprintf(e->code, sizeof e->code, "%s",
		 k != 2       ? "OK"
		 : i % 2 == 0 ? "NOT_GRANTED"
			      : "RECALLED");
	snprintf(e->address, sizeof e->address, "10.%d.%d.1", i % 4, i % 8);
	snprintf(e->text, sizeof e->text, "word%d 100%%", i % 50);
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_audit_search");
	assert_true(postgres_run(&postgres, rows, NULL));
	auditor = postgres_connect(&postgres, "sallyport_auditor");
	edge = postgres_connect(&postgres, "sallyport_edge");
	for (int i = 0; i < EVENTS; i++)
		make(&all[i], i);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(auditor);
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static bool same(struct slice wanted, const char *is)
{
	return wanted.size == 0 || slice_equal(wanted, slice_of_string(is));
}

static bool fits_model(struct slice wanted, const char *model)
{
	if (slice_ends_with(wanted, S("/*")))
		return slice_starts_with(slice_of_string(model),
					 slice_part(wanted, 0, wanted.size - 1));
	return same(wanted, model);
}

static bool is_in_list(struct slice list, const char *item)
{
	struct slice one;

	while (list.size) {
		slice_cut(list, ',', &one, &list);
		if (fits_model(one, item))
			return true;
	}
	return false;
}

/* Of the ranges that are asked for below: a prefix of the text is a prefix of the address. */
static bool fits_address(struct slice range, const char *address)
{
	size_t bytes = slice_ends_with(range, S("/8"))    ? 3
		       : slice_ends_with(range, S("/16")) ? 5
							  : slice_find(range, '/');

	return range.size == 0 ||
	       slice_starts_with(slice_of_string(address), slice_part(range, 0, bytes));
}

static bool was_member(struct slice institution, const struct made *e)
{
	int a = e->actor[0] ? (int)strtol(e->actor + 1, NULL, 10) : 0;

	if (institution.size == 0)
		return true;
	if (slice_equal(institution, S("even")))
		return a > 0 && a % 2 == 0;
	return slice_equal(institution, S("early")) && a >= 1 && a <= 4 &&
	       e->at_ms < BEGIN + 100 * HOUR;
}

/* Both institutions are of one region. */
static bool fits_region(struct slice region, const struct made *e)
{
	return region.size == 0 || (slice_equal(region, S("DE")) &&
				    (was_member(S("even"), e) || was_member(S("early"), e)));
}

/* By name; the one id that is asked for is p5's. */
static bool fits_actor(struct slice wanted, const struct made *e)
{
	return same(wanted.size == 36 ? S("p5") : wanted, e->actor);
}

static bool fits(const struct store_audit_filter *f, const struct made *e)
{
	uint8_t none[STORE_ID] = {0};
	bool has_text = f->text.size == 0 || strstr(e->text, (const char *)f->text.data);

	return fits_actor(f->actor, e) && was_member(f->institution, e) &&
	       fits_region(f->region, e) && fits_model(f->model, e->model) &&
	       (memcmp(f->license, none, STORE_ID) == 0 || e->license == 1) &&
	       same(f->right, e->right) && same(f->decision, e->allow ? "allow" : "deny") &&
	       same(f->code, e->code) && (f->kinds.size == 0 || is_in_list(f->kinds, e->kind)) &&
	       fits_address(f->address, e->address) && has_text &&
	       (f->from_ms == 0 || e->at_ms >= f->from_ms) &&
	       (f->to_ms == 0 || e->at_ms < f->to_ms) &&
	       (!f->is_narrow || (e->model[0] && is_in_list(f->models, e->model)));
}

struct asked {
	const char *why;
	struct store_audit_filter filter;
};

/* Page by page; the numbers of what comes must be those that the oracle finds, in order. */
static void expect_pages(const struct asked *asked, bool is_forward, unsigned limit)
{
	struct store_audit_query query = {
		.filter = asked->filter, .is_forward = is_forward, .limit = limit};
	int next = is_forward ? 0 : EVENTS - UNPUBLISHED - 1, step = is_forward ? 1 : -1;
	struct store_audit_page page;

	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	do {
		assert_ok(store_audit_find(auditor, &arena, &page, &query));
		for (size_t i = 0; i < page.count; i++, next += step) {
			while (next >= 0 && next < EVENTS - UNPUBLISHED &&
			       !fits(&asked->filter, &all[next]))
				next += step;
			if (page.events[i].event.index != (uint64_t)next)
				fail_msg("%s: %d expected", asked->why, next);
		}
		query.has_cursor = true;
		query.cursor = page.cursor;
	} while (page.has_more);
	for (; next >= 0 && next < EVENTS - UNPUBLISHED; next += step)
		if (fits(&asked->filter, &all[next]))
			fail_msg("%s: %d is missing", asked->why, next);
}

/* The license of the oracle's number 1. */
static void read_license(uint8_t out[STORE_ID])
{
	char hex[256];

	assert_true(postgres_run(&postgres, "SELECT md5('l1')", hex));
	for (int i = 0; i < STORE_ID; i++) {
		const char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};

		out[i] = (uint8_t)strtol(digits, NULL, 16);
	}
}

static void expect_list(const struct asked *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		expect_pages(&list[i], false, 7);
		expect_pages(&list[i], true, 7);
		expect_pages(&list[i], false, STORE_AUDIT_MAX_EXPORT);
	}
}

static void each_filter_finds_what_the_oracle_finds(void **state)
{
	struct asked list[] = {
		{"all", {.from_ms = 0}},
		{"actor", {.actor = S("p3")}},
		{"nobody", {.actor = S("p99")}},
		{"quotes", {.actor = S("'; DROP TABLE x; --")}},
		{"members", {.institution = S("even")}},
		{"members at the time", {.institution = S("early")}},
		{"no institution", {.institution = S("none")}},
		{"region", {.region = S("DE")}},
		{"region of a kind", {.region = S("DE"), .kinds = S("infer.end")}},
		{"no such region", {.region = S("FR")}},
		{"model", {.model = S("ns1/m4")}},
		{"namespace", {.model = S("ns2/*")}},
		{"no namespace", {.model = S("ns/*")}},
		{"license", {.license = {0}}},
		{"right", {.right = S("weights:read")}},
		{"deny", {.decision = S("deny")}},
		{"allow", {.decision = S("allow")}},
		{"code", {.code = S("RECALLED")}},
		{"kind", {.kinds = S("download.end")}},
		{"kinds", {.kinds = S("license.issue,license.revoke")}},
		{"kinds in a time",
		 {.kinds = S("license.issue,license.revoke"),
		  .from_ms = BEGIN + 100 * HOUR,
		  .to_ms = BEGIN + 200 * HOUR}},
		{"kinds of an actor",
		 {.kinds = S("license.issue,license.revoke"), .actor = S("p2")}},
		{"an address", {.address = S("10.1.5.1/32")}},
		{"/16", {.address = S("10.2.0.0/16")}},
		{"/8", {.address = S("10.0.0.0/8")}},
		{"/8 of others", {.address = S("11.0.0.0/8")}},
		{"v6", {.address = S("2001:db8::/32")}},
	};

	(void)state;
	read_license(list[13].filter.license);
	expect_list(list, sizeof list / sizeof list[0]);
}

static void times_texts_and_scopes_find_what_the_oracle_finds(void **state)
{
	const struct asked list[] = {
		{"from", {.from_ms = BEGIN + 390 * HOUR}},
		{"to", {.to_ms = BEGIN + 10 * HOUR}},
		{"before all", {.to_ms = BEGIN - HOUR}},
		{"behind all", {.from_ms = BEGIN + 4000 * HOUR}},
		{"text", {.text = S("word17")}},
		{"a text's own signs", {.text = S("100%")}},
		{"no pattern", {.text = S("w%d")}},
		{"text of an actor", {.text = S("word3"), .actor = S("p3")}},
		{"text of kinds", {.text = S("word3"), .kinds = S("license.issue,license.revoke")}},
		{"narrow", {.is_narrow = true, .models = S("ns1/m4,ns2/*")}},
		{"narrow to none", {.is_narrow = true, .models = S("")}},
		{"narrow, and a model beyond",
		 {.is_narrow = true, .models = S("ns1/m4"), .model = S("ns1/m7")}},
		{"all at once",
		 {.institution = S("even"),
		  .model = S("ns1/*"),
		  .right = S("weights:read"),
		  .decision = S("allow"),
		  .code = S("OK"),
		  .kinds = S("download.end,infer.end"),
		  .address = S("10.0.0.0/8"),
		  .from_ms = BEGIN + HOUR,
		  .to_ms = BEGIN + 399 * HOUR,
		  .text = S("word")}},
	};

	(void)state;
	expect_list(list, sizeof list / sizeof list[0]);
}

/* What came behind the page changes neither the next page nor the one before. */
static void a_cursor_stands_while_events_come(void **state)
{
	struct store_audit_query query = {.limit = 5};
	struct store_audit_page first, second;

	(void)state;
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_find(auditor, &arena, &first, &query));
	assert_true(postgres_run(&postgres,
				 "INSERT INTO audit_checkpoint (size, root, note) "
				 "VALUES (400, sha256('s'), 'note')",
				 NULL));
	query.has_cursor = true;
	query.cursor = first.cursor;
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_int_equal(query.bounds.published, EVENTS);
	assert_ok(store_audit_find(auditor, &arena, &second, &query));
	assert_int_equal(first.events[4].event.index, second.events[0].event.index + 1);
	query.is_forward = true;
	assert_ok(store_audit_find(auditor, &arena, &second, &query));
	assert_int_equal(second.events[0].event.index, first.events[4].event.index + 1);
	assert_int_equal(second.events[4].event.index, EVENTS - UNPUBLISHED);
}

static void expect_sums(enum store_audit_by by, const struct store_audit_filter *f)
{
	struct store_audit_query query = {.filter = *f, .limit = 1000};
	int64_t count = 0, tokens = 0, bytes = 0;
	struct store_audit_group *groups;
	size_t n;

	assert_ok(store_audit_bounds(auditor, &query.bounds, f));
	assert_ok(store_audit_summary(auditor, &arena, &groups, &n, &query, by));
	for (size_t i = 0; i < n; i++) {
		count += groups[i].count;
		tokens += groups[i].tokens;
		bytes += groups[i].bytes;
	}
	for (int i = 0; i < EVENTS; i++)
		if (fits(f, &all[i])) {
			count--;
			tokens -= all[i].tokens;
			bytes -= all[i].bytes;
		}
	assert_int_equal(count, 0);
	assert_int_equal(tokens, 0);
	assert_int_equal(bytes, 0);
}

static void counts_of_days_and_of_events_agree_with_the_oracle(void **state)
{
	static const enum store_audit_by every[] = {
		STORE_AUDIT_BY_DAY,    STORE_AUDIT_BY_HOUR,  STORE_AUDIT_BY_MODEL,
		STORE_AUDIT_BY_PERSON, STORE_AUDIT_BY_RIGHT, STORE_AUDIT_BY_LICENSE,
		STORE_AUDIT_BY_KIND,   STORE_AUDIT_BY_CODE,  STORE_AUDIT_BY_DECISION};
	char person[256];
	const struct store_audit_filter list[] = {
		{.from_ms = 0},
		{.from_ms = BEGIN + 24 * HOUR, .to_ms = BEGIN + 96 * HOUR},
		{.from_ms = BEGIN + 25 * HOUR, .to_ms = BEGIN + 97 * HOUR},
		{.model = S("ns1/*"), .decision = S("allow")},
		{.kinds = S("infer.end,download.end"), .right = S("weights:read")},
		{.actor = S("p5")},
		{.actor = {(const uint8_t *)person, 36},
		 .kinds = S("infer.end"),
		 .decision = S("allow")},
		{.institution = S("early")},
		{.region = S("DE"), .decision = S("allow")},
		{.institution = S("even"), .kinds = S("infer.end"), .decision = S("allow")},
		{.is_narrow = true, .models = S("ns0/*,ns1/m4")},
		{.code = S("RECALLED"), .address = S("10.1.0.0/16")},
	};

	(void)state;
	assert_true(postgres_run(&postgres, "SELECT md5('p5')::uuid", person));
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		for (size_t k = 0; k < sizeof every / sizeof every[0]; k++)
			expect_sums(every[k], &list[i]);
}

/* Asked of whole days, and of the same time less a second that nothing happened in: counts of days
 * answer the one, the events themselves the other. */
static void expect_same_groups(enum store_audit_by by, const struct store_audit_filter *f)
{
	struct store_audit_query query = {.filter = *f, .limit = 100};
	struct store_audit_group *days, *events;
	size_t n, m;

	query.filter.from_ms = BEGIN + 48 * HOUR;
	query.filter.to_ms = BEGIN + 240 * HOUR;
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_summary(auditor, &arena, &days, &n, &query, by));
	query.filter.from_ms -= 1000;
	assert_ok(store_audit_summary(auditor, &arena, &events, &m, &query, by));
	assert_true(n > 0);
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		assert_true(slice_equal(days[i].key, events[i].key));
		assert_true(slice_equal(days[i].id, events[i].id));
		assert_int_equal(days[i].count, events[i].count);
		assert_int_equal(days[i].tokens, events[i].tokens);
		assert_int_equal(days[i].bytes, events[i].bytes);
	}
}

static void counts_of_days_have_the_groups_of_events(void **state)
{
	const struct store_audit_filter list[] = {
		{.from_ms = 0},          {.kinds = S("infer.end,download.end")},
		{.decision = S("deny")}, {.institution = S("even")},
		{.model = S("ns1/*")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		expect_same_groups(STORE_AUDIT_BY_PERSON, &list[i]);
		expect_same_groups(STORE_AUDIT_BY_INSTITUTION, &list[i]);
		expect_same_groups(STORE_AUDIT_BY_REGION, &list[i]);
		expect_same_groups(STORE_AUDIT_BY_MODEL, &list[i]);
		expect_same_groups(STORE_AUDIT_BY_DAY, &list[i]);
		expect_same_groups(STORE_AUDIT_BY_CODE, &list[i]);
	}
}

static void groups_of_persons_and_institutions_have_names(void **state)
{
	struct store_audit_query query = {.limit = 100};
	struct store_audit_group *groups;
	size_t n;

	(void)state;
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_summary(auditor, &arena, &groups, &n, &query, STORE_AUDIT_BY_PERSON));
	assert_int_equal(n, 17);
	for (size_t i = 0; i < n; i++) {
		assert_true((groups[i].id.size == 0) == (groups[i].key.size == 0));
		assert_true(groups[i].key.size == 0 || groups[i].key.data[0] == 'p');
	}
}

static void institutions_count_their_members_of_the_time(void **state)
{
	struct store_audit_query query = {.limit = 10};
	struct store_audit_group *groups;
	int64_t even = 0, early = 0;
	size_t n;

	(void)state;
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_summary(auditor, &arena, &groups, &n, &query,
				      STORE_AUDIT_BY_INSTITUTION));
	for (int i = 0; i < EVENTS; i++) {
		even += was_member(S("even"), &all[i]);
		early += was_member(S("early"), &all[i]);
	}
	assert_int_equal(n, 2);
	assert_slice(groups[0].key, "even");
	assert_int_equal(groups[0].count, even);
	assert_int_equal(groups[1].count, early);
	assert_ok(store_audit_summary(auditor, &arena, &groups, &n, &query, STORE_AUDIT_BY_REGION));
	assert_int_equal(n, 1);
	assert_slice(groups[0].key, "DE");
	assert_int_equal(groups[0].count, even + early);
}

static void filters_are_saved_by_a_name_once(void **state)
{
	struct store_audit_saved saved = {.name = S("monthly"),
					  .filters = S("{\"kind\":\"license\"}"),
					  .created_at_ms = BEGIN};
	struct store_audit_saved found, *list;
	size_t count;

	(void)state;
	assert_true(postgres_run(&postgres,
				 "INSERT INTO person (id, name, created_at) VALUES "
				 "('00000000-0000-7000-8000-000000000001', 'auditor', now())",
				 NULL));
	memcpy(saved.owner, (const uint8_t[STORE_ID]){[6] = 0x70, [8] = 0x80, [15] = 1}, STORE_ID);
	assert_ok(store_audit_saved_add(edge, &saved));
	assert_err(store_audit_saved_add(edge, &saved), ERR_CONFLICT);
	assert_ok(store_audit_saved_get(edge, &arena, &found, S("monthly")));
	assert_slice(found.owner_name, "auditor");
	assert_ok(store_audit_saved_list(edge, &arena, &list, &count));
	assert_int_equal(count, 1);
	assert_ok(store_audit_saved_remove(edge, S("monthly")));
	assert_err(store_audit_saved_remove(edge, S("monthly")), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_filter_finds_what_the_oracle_finds),
		cmocka_unit_test(times_texts_and_scopes_find_what_the_oracle_finds),
		cmocka_unit_test(a_cursor_stands_while_events_come),
		cmocka_unit_test(counts_of_days_and_of_events_agree_with_the_oracle),
		cmocka_unit_test(counts_of_days_have_the_groups_of_events),
		cmocka_unit_test(groups_of_persons_and_institutions_have_names),
		cmocka_unit_test(institutions_count_their_members_of_the_time),
		cmocka_unit_test(filters_are_saved_by_a_name_once),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
