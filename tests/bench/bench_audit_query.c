/* SPDX-License-Identifier: Apache-2.0 */
/* bench_audit_query HOST PASSWORD-FILE DATABASE: for bench_audit_query.py, which see. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schema/store/audit_search.h"

enum { RUNS = 5 };

/* S() where a constant is wanted. */
#define T(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

#define FROM INT64_C(1777593600000) /* 2026-05-01 */
#define TO INT64_C(1780272000000)   /* 2026-06-01 */

static const struct asked {
	const char *name;
	struct store_audit_filter filter;
	bool is_forward;
	const char *by; /* NULL: a page */
	int64_t cursor; /* number in the tree; 0: the first page */
} list[] = {
	{"newest", {.from_ms = 0}, false, NULL, 0},
	{"oldest", {.from_ms = 0}, true, NULL, 0},
	{"actor, busy", {.actor = T("person-0")}, false, NULL, 0},
	{"actor, quiet", {.actor = T("person-1999")}, false, NULL, 0},
	{"actor, unknown", {.actor = T("nobody")}, false, NULL, 0},
	{"institution", {.institution = T("institution-3")}, false, NULL, 0},
	{"model, busy", {.model = T("ns0/model-0")}, false, NULL, 0},
	{"model, quiet", {.model = T("ns19/model-199")}, false, NULL, 0},
	{"namespace", {.model = T("ns7/*")}, false, NULL, 0},
	{"namespace, unknown", {.model = T("nothing/*")}, false, NULL, 0},
	{"right, frequent", {.right = T("infer:generate")}, false, NULL, 0},
	{"right, unknown", {.right = T("weights:export")}, false, NULL, 0},
	{"deny", {.decision = T("deny")}, false, NULL, 0},
	{"code, frequent", {.code = T("OK")}, false, NULL, 0},
	{"code, rare", {.code = T("TRAINING_EXPIRED")}, false, NULL, 0},
	{"kind, frequent", {.kinds = T("infer.end")}, false, NULL, 0},
	{"kind, rare", {.kinds = T("license.revoke")}, false, NULL, 0},
	{"kinds, rare",
	 {.kinds = T("license.issue,license.renew,license.revoke,license.seat")},
	 false,
	 NULL,
	 0},
	{"address /32", {.address = T("10.7.1.9/32")}, false, NULL, 0},
	{"address /24", {.address = T("10.7.1.0/24")}, false, NULL, 0},
	{"address /16", {.address = T("10.7.0.0/16")}, false, NULL, 0},
	{"address /8", {.address = T("10.0.0.0/8")}, false, NULL, 0},
	{"month", {.from_ms = FROM, .to_ms = TO}, false, NULL, 0},
	{"hour", {.from_ms = FROM + 36000000, .to_ms = FROM + 39600000}, true, NULL, 0},
	{"actor in month", {.actor = T("person-50"), .from_ms = FROM, .to_ms = TO}, false, NULL, 0},
	{"actor and kind", {.actor = T("person-0"), .kinds = T("license.revoke")}, false, NULL, 0},
	{"actor and model", {.actor = T("person-700"), .model = T("ns3/model-63")}, false, NULL, 0},
	{"model and deny", {.model = T("ns0/model-0"), .decision = T("deny")}, false, NULL, 0},
	{"namespace, kinds, month",
	 {.model = T("ns7/*"),
	  .kinds = T("license.issue,license.renew"),
	  .from_ms = FROM,
	  .to_ms = TO},
	 false,
	 NULL,
	 0},
	{"auditor of two models",
	 {.is_narrow = true, .models = T("ns19/model-199,ns18/model-198")},
	 false,
	 NULL,
	 0},
	{"auditor of a namespace", {.is_narrow = true, .models = T("ns4/*")}, false, NULL, 0},
	/* Two that never, or hardly ever, meet. */
	{"right and deny, never together",
	 {.right = T("infer:generate"), .decision = T("deny")},
	 false,
	 NULL,
	 0},
	{"kind and deny, never together",
	 {.kinds = T("infer.end"), .decision = T("deny")},
	 false,
	 NULL,
	 0},
	{"model, right and deny, never together",
	 {.model = T("ns0/model-0"), .right = T("infer:generate"), .decision = T("deny")},
	 false,
	 NULL,
	 0},
	{"actor and a strange address",
	 {.actor = T("person-0"), .address = T("10.1.0.0/16")},
	 false,
	 NULL,
	 0},
	{"model, kind and address",
	 {.model = T("ns0/model-0"), .kinds = T("audit.query"), .address = T("10.9.0.0/16")},
	 false,
	 NULL,
	 0},
	{"actor and another institution",
	 {.actor = T("person-0"), .institution = T("institution-3")},
	 false,
	 NULL,
	 0},
	{"institution, model and kind",
	 {.institution = T("institution-3"),
	  .model = T("ns3/model-63"),
	  .kinds = T("license.issue")},
	 false,
	 NULL,
	 0},
	{"actor, all but text, month",
	 {.actor = T("person-0"),
	  .model = T("ns0/model-0"),
	  .right = T("weights:read"),
	  .decision = T("deny"),
	  .from_ms = FROM,
	  .to_ms = TO},
	 false,
	 NULL,
	 0},
	{"auditor of a model, actor",
	 {.is_narrow = true, .models = T("ns19/model-199"), .actor = T("person-0")},
	 false,
	 NULL,
	 0},
	{"text, frequent", {.text = T("sparrow")}, false, NULL, 0},
	{"text, 1 of 1000", {.text = T("heron")}, false, NULL, 0},
	{"text, once (a page of the walk)", {.text = T("albatross")}, false, NULL, 0},
	{"text, actor", {.text = T("heron"), .actor = T("person-1999")}, false, NULL, 0},
	{"deep: all", {.from_ms = 0}, false, NULL, 5000000},
	{"deep: actor", {.actor = T("person-0")}, false, NULL, 1000000},
	{"deep: deny", {.decision = T("deny")}, false, NULL, 1000000},
	{"deep: model and deny, oldest first",
	 {.model = T("ns0/model-0"), .decision = T("deny")},
	 true,
	 NULL,
	 5000000},
	{"deep: text", {.text = T("heron")}, false, NULL, 2000000},
	{"by model, month", {.from_ms = FROM, .to_ms = TO}, false, "model", 0},
	{"by model, all", {.from_ms = 0}, false, "model", 0},
	{"by day, all", {.from_ms = 0}, false, "day", 0},
	{"by hour, a day", {.from_ms = FROM, .to_ms = FROM + 86400000}, false, "hour", 0},
	{"by kind, month, namespace",
	 {.from_ms = FROM, .to_ms = TO, .model = T("ns7/*")},
	 false,
	 "kind",
	 0},
	{"by model, month, busy actor",
	 {.from_ms = FROM, .to_ms = TO, .actor = T("person-0")},
	 false,
	 "model",
	 0},
	{"by model, half past month",
	 {.from_ms = FROM + 1800000, .to_ms = TO + 1800000},
	 false,
	 "model",
	 0},
	{"by person, month", {.from_ms = FROM, .to_ms = TO}, false, "person", 0},
	{"by institution, month", {.from_ms = FROM, .to_ms = TO}, false, "institution", 0},
	{"by day, month", {.from_ms = FROM, .to_ms = TO}, false, "day", 0},
	{"by institution, month, a kind",
	 {.from_ms = FROM, .to_ms = TO, .kinds = T("infer.end")},
	 false,
	 "institution",
	 0},
	{"by institution, month, a model",
	 {.from_ms = FROM, .to_ms = TO, .model = T("ns0/model-0")},
	 false,
	 "institution",
	 0},
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum err ask(struct store *s, const struct asked *a, size_t *found)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_audit_query q = {
		.filter = a->filter, .is_forward = a->is_forward, .limit = 50};
	struct store_audit_group *groups;
	struct store_audit_page page;
	enum store_audit_by by;

	q.has_cursor = a->cursor != 0;
	q.cursor = a->cursor * STORE_AUDIT_PLACES;
	TRY(store_audit_bounds(s, &q.bounds, &q.filter));
	if (!a->by) {
		TRY(store_audit_find(s, &arena, &page, &q));
		*found = page.count;
		return OK;
	}
	if (!store_audit_by_of(&by, slice_of_string(a->by)))
		return failure(ERR_FORMAT, "no grouping %s", a->by);
	q.limit = 1000;
	return store_audit_summary(s, &arena, &groups, found, &q, by);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static enum err measure(struct store *s, const struct asked *a)
{
	int64_t us[RUNS], first;
	size_t found = 0;

	for (int i = 0; i < RUNS; i++) {
		int64_t begun = now_us();

		TRY(ask(s, a, &found));
		us[i] = now_us() - begun;
	}
	first = us[0];
	qsort(us, RUNS, sizeof us[0], compare);
	printf("{\"bench\": \"%s\", \"ask\": \"%s\", \"found\": %zu, \"first_ms\": %.1f, "
	       "\"ms\": %.1f}\n",
	       a->by ? "summary" : "page", a->name, found, (double)first / 1000,
	       (double)us[RUNS / 2] / 1000);
	fflush(stdout);
	return OK;
}

int main(int argc, char **argv)
{
	AUTO(store_auto) struct store *s = NULL;
	struct store_settings settings = {.port = "5432", .role = "sallyport_auditor"};
	enum err result;

	if (argc != 4) {
		fprintf(stderr, "usage: bench_audit_query HOST PASSWORD-FILE DATABASE\n");
		return 2;
	}
	settings.host = argv[1];
	settings.password_file = argv[2];
	settings.database = argv[3];
	result = store_new(&s, &settings);
	for (size_t i = 0; result == OK && i < sizeof list / sizeof list[0]; i++)
		result = measure(s, &list[i]);
	if (result != OK)
		fprintf(stderr, "%s\n", failure_text());
	return result == OK ? 0 : 1;
}
