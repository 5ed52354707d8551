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

static enum err count_kind(size_t *out, struct demo *d, const char *kind)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *events;

	TRY(client_call(
		d->clients[DEMO_AUDITOR], &answer, "GET",
		arena_printf(&d->arena, "/api/v1/audit/events?limit=%d&kind=%s", LOG_PAGE, kind),
		NULL));
	TRY(json_get_array(&events, answer, "events"));
	*out = json_array_size(events);
	return OK;
}

static enum err await_kind(struct demo *d, const char *kind)
{
	size_t count;

	for (int i = 0; i < LOG_TRIES; i++) {
		TRY(count_kind(&count, d, kind));
		if (count > 0)
			return OK;
		poll(NULL, 0, LOG_WAIT_MS);
	}
	return failure(ERR_NOT_FOUND, "the log has no entry of kind %s", kind);
}

/* Every kind there is an entry of, three to a line. */
static enum err say_counts(struct demo *d)
{
	const char *line = "";
	unsigned shown = 0;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t count;

		TRY(count_kind(&count, d, kinds[i]));
		if (count == 0)
			continue;
		line = arena_printf(&d->arena, "%s%s%-16s %3zu%s", line, line[0] ? "   " : "",
				    kinds[i], count, count < LOG_PAGE ? "" : "+");
		if (++shown % 3 == 0) {
			demo_say(d, "%s", line);
			line = "";
		}
	}
	if (line[0])
		demo_say(d, "%s", line);
	return OK;
}

enum err demo_query_log(struct demo *d)
{
	for (size_t i = 0; i < EXPECTED_COUNT; i++)
		TRY(await_kind(d, expected[i]));
	return say_counts(d);
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
