/* SPDX-License-Identifier: Apache-2.0 */
/* The log as the auditor sees it: what happened, that nothing was changed, and one proof. */
#include <poll.h>
#include <stdio.h>

#include "gateway/cli/audit.h"
#include "gateway/cli/demo.h"
#include "gateway/cli/log_fetch.h"

enum { LOG_TRIES = 40, LOG_WAIT_MS = 250 };

/* What the walk must have left; calls and refusals are published a moment after they are made. */
static const char *const kinds[] = {
	"gateway.init",  "person.add",  "token.create", "model.create",   "model.commit",
	"issuer.add",    "visa.add",    "key.enroll",   "request.submit", "request.approve",
	"license.issue", "key.release", "model.serve",  "infer.generate", "decision.deny",
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static enum err count_kind(size_t *out, struct demo *d, const char *kind)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *events;

	TRY(client_call(d->clients[DEMO_AUDITOR], &answer, "GET",
			arena_printf(&d->arena, "/api/v1/audit/events?limit=200&kind=%s", kind),
			NULL));
	TRY(json_get_array(&events, answer, "events"));
	*out = json_array_size(events);
	return OK;
}

static enum err await_kind(size_t *out, struct demo *d, const char *kind)
{
	for (int i = 0; i < LOG_TRIES; i++) {
		TRY(count_kind(out, d, kind));
		if (*out > 0)
			return OK;
		poll(NULL, 0, LOG_WAIT_MS);
	}
	return failure(ERR_NOT_FOUND, "the log has no entry of kind %s", kind);
}

enum err demo_query_log(struct demo *d)
{
	const char *line = "";

	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t count;

		TRY(await_kind(&count, d, kinds[i]));
		line = arena_printf(&d->arena, "%s%-16s %3zu   ", line, kinds[i], count);
		if (i % 3 != 2 && i + 1 < KIND_COUNT)
			continue;
		demo_say(d, "%s", line);
		line = "";
	}
	return OK;
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
