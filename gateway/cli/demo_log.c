/* SPDX-License-Identifier: Apache-2.0 */
/* The log as the auditor sees it: what happened, that nothing was changed, and one proof. */
#include <poll.h>
#include <stdio.h>

#include "gateway/cli/audit.h"
#include "gateway/cli/demo.h"
#include "gateway/cli/log_fetch.h"
#include "schema/audit/kinds.h"

enum { LOG_TRIES = 40, LOG_WAIT_MS = 250, LOG_PAGE = 200 };

/* What the walk must have left; calls and refusals are published a moment after they are made. */
static const char *const expected[] = {
	"gateway.init",  "person.add",  "token.create", "model.create",   "model.commit",
	"issuer.add",    "visa.add",    "key.enroll",   "request.submit", "request.approve",
	"license.issue", "key.release", "model.serve",  "infer.generate", "decision.deny",
	"key.create",    "terms.add",
};

enum { EXPECTED_COUNT = sizeof expected / sizeof expected[0] };

#define KIND_NAME(kind, name, class) name,
static const char *const kinds[] = {AUDIT_KINDS(KIND_NAME)};
#undef KIND_NAME

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* How many entries there are of each kind. */
struct tally {
	size_t of[KIND_COUNT];
};

static void count_event(struct tally *tally, struct slice kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (slice_equal(kind, slice_of_string(kinds[i])))
			tally->of[i]++;
}

/* One page; *cursor becomes the next one's, "" behind the last. */
static enum err count_page(struct tally *tally, struct demo *d, struct slice *cursor)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *events;
	struct slice text;

	TRY(client_call(d->clients[DEMO_AUDITOR], &answer, "GET",
			arena_printf(&d->arena, "/api/v1/audit/events?limit=%d&cursor=%.*s",
				     LOG_PAGE, SLICE_PRINT(*cursor)),
			NULL));
	TRY(json_get_array(&events, answer, "events"));
	for (size_t i = 0; i < json_array_size(events); i++) {
		TRY(json_get_text(&text, json_array_get(events, i), "kind"));
		count_event(tally, text);
	}
	TRY(json_get_text_or(&text, answer, "next", S("")));
	*cursor = arena_copy(&d->arena, text);
	return OK;
}

static enum err count_all(struct tally *tally, struct demo *d)
{
	struct slice cursor = S("");

	*tally = (struct tally){{0}};
	do
		TRY(count_page(tally, d, &cursor));
	while (cursor.size > 0);
	return OK;
}

/* The first kind that should be there and is not; NULL if none is missing. */
static const char *missing_kind(const struct tally *tally)
{
	for (size_t i = 0; i < EXPECTED_COUNT; i++)
		for (size_t k = 0; k < KIND_COUNT; k++)
			if (strcmp(kinds[k], expected[i]) == 0 && tally->of[k] == 0)
				return expected[i];
	return NULL;
}

/* Every kind there is an entry of, three to a line. */
static void say_counts(struct demo *d, const struct tally *tally)
{
	const char *line = "";
	unsigned shown = 0;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (tally->of[i] == 0)
			continue;
		line = arena_printf(&d->arena, "%s%s%-16s %3zu", line, line[0] ? "   " : "",
				    kinds[i], tally->of[i]);
		if (++shown % 3 == 0) {
			demo_say(d, "%s", line);
			line = "";
		}
	}
	if (line[0])
		demo_say(d, "%s", line);
}

enum err demo_query_log(struct demo *d)
{
	struct tally tally;

	for (int i = 0; i < LOG_TRIES; i++) {
		TRY(count_all(&tally, d));
		if (!missing_kind(&tally)) {
			say_counts(d, &tally);
			return OK;
		}
		poll(NULL, 0, LOG_WAIT_MS);
	}
	return failure(ERR_NOT_FOUND, "the log has no entry of kind %s", missing_kind(&tally));
}

enum err demo_verify_log(struct demo *d)
{
	struct log_from from = {.client = d->clients[DEMO_AUDITOR], .save_to = -1};
	struct audit_source source = {
		.fetch = log_fetch, .context = &from, .vkey = slice_of_string(d->made.log_vkey)};
	struct audit_remembered nothing = {.size = 0};
	struct audit_verified verified;

	TRY(audit_verify(&verified, &source, &nothing));
	demo_say(d,
		 "%llu entries, %llu tiles and %llu bundles recomputed; the checkpoint is signed",
		 (unsigned long long)verified.size, (unsigned long long)verified.tiles,
		 (unsigned long long)verified.bundles);
	return OK;
}

enum err demo_verify_receipt(struct demo *d)
{
	AUTO(json_auto) json_t *receipt = NULL;
	struct receipt verified;

	TRY(audit_fetch_receipt(&receipt, &d->arena, d->clients[DEMO_RESEARCHER],
				d->download_event));
	TRY(receipt_verify(&verified, &d->arena, receipt, slice_of_string(d->download_event),
			   slice_of_string(d->made.log_vkey)));
	demo_say(d, "entry %llu of %llu: %.*s at %.*s", (unsigned long long)verified.index,
		 (unsigned long long)verified.size, SLICE_PRINT(verified.kind),
		 SLICE_PRINT(verified.time));
	return OK;
}
