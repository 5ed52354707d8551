/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing what is known of a person, holds that forbid it, and how long what is kept. */
#include <stdio.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

#define ERASURES "/api/v1/audit/erasures"
#define HOLDS "/api/v1/audit/holds"
#define RETENTION "/api/v1/audit/retention"

enum { PERIOD_MOST = 1200 };

static void put_option(struct cli *cli, json_t *body, const char *name)
{
	const char *value = arguments_value(&cli->arguments, name);

	if (value)
		json_put_text(body, name, slice_of_string(value));
}

static const char *encoded(struct cli *cli, const char *text)
{
	return client_encode(&cli->arena, slice_of_string(text));
}

static enum err list_erasures(struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *state = arguments_value(&cli->arguments, "state");
	const char *path = state ? arena_printf(&cli->arena, ERASURES "?state=%s",
						encoded(cli, state))
				 : ERASURES;

	TRY(client_call(c, &answer, "GET", path, NULL));
	return output_table(cli, answer, "erasures",
			    "id state scope erased kept kept_until reason");
}

static enum err preview(struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path = arena_printf(
		&cli->arena, "/api/v1/audit/erasure-preview?subject=%s%s",
		encoded(cli, cli_word(cli, 0)),
		arguments_value(&cli->arguments, "override") ? "&override=yes" : "");

	TRY(client_call(c, &answer, "GET", path, NULL));
	return output_table(cli, answer, "entries", "rule now later until held for_good why");
}

static enum err decide(struct cli *cli, struct client *c, const char *id, const char *how)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();
	const char *path = arena_printf(&cli->arena, ERASURES "/%s/%s", encoded(cli, id), how);

	put_option(cli, body, "reason");
	TRY(client_call(c, &answer, "POST", path, body));
	if (strcmp(how, "confirm") != 0)
		return output_done(cli, answer, "it is not erased");
	return output_done(cli, answer,
			   "it is being erased; sallyport audit erase --list shows how far it is");
}

static enum err ask(struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();
	struct slice id;

	json_put_text(body, "subject", slice_of_string(cli_word(cli, 0)));
	put_option(cli, body, "reason");
	put_option(cli, body, "scope");
	put_option(cli, body, "override");
	TRY(client_call(c, &answer, "POST", ERASURES, body));
	TRY(json_get_text(&id, answer, "id"));
	return output_done(cli, answer,
			   "asked; another administrator confirms it:\n"
			   "sallyport audit erase --confirm %.*s",
			   SLICE_PRINT(id));
}

enum err command_audit_erase(struct cli *cli)
{
	const char *confirmed = arguments_value(&cli->arguments, "confirm");
	const char *rejected = arguments_value(&cli->arguments, "reject");
	struct client *c;

	TRY(cli_client(&c, cli));
	if (confirmed)
		return decide(cli, c, confirmed, "confirm");
	if (rejected)
		return decide(cli, c, rejected, "reject");
	if (arguments_flag(&cli->arguments, "list"))
		return list_erasures(cli, c);
	if (!cli_word(cli, 0))
		return failure(ERR_FORMAT, "say whom, or --confirm ID, --reject ID or --list");
	if (arguments_flag(&cli->arguments, "preview"))
		return preview(cli, c);
	return ask(cli, c);
}

static enum err list_holds(struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;

	TRY(client_call(c, &answer, "GET", HOLDS, NULL));
	return output_table(cli, answer, "holds", "id on name target placed by lifted reason");
}

enum err command_audit_hold(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *lifted = arguments_value(&cli->arguments, "lift"), *path = HOLDS;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	if (!lifted && !cli_word(cli, 0))
		return list_holds(cli, c);
	if (!lifted && !cli_word(cli, 1))
		return failure(ERR_FORMAT, "say what the hold is on: person NAME, license ID or "
					   "model NAME");
	body = json_object_new();
	put_option(cli, body, "reason");
	if (lifted) {
		path = arena_printf(&cli->arena, HOLDS "/%s/lift", encoded(cli, lifted));
	} else {
		json_put_text(body, "on", slice_of_string(cli_word(cli, 0)));
		json_put_text(body, "target", slice_of_string(cli_word(cli, 1)));
	}
	TRY(client_call(c, &answer, "POST", path, body));
	return output_done(cli, answer,
			   lifted ? "the hold is lifted"
				  : "nothing of it is erased while this stands");
}

static enum err list_retention(struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;

	TRY(client_call(c, &answer, "GET", RETENTION, NULL));
	if (arguments_flag(&cli->arguments, "changes"))
		return output_table(cli, answer, "changes",
				    "id state usage_months record_years reason decision_reason");
	return output_table(cli, answer, "rules",
			    arguments_flag(&cli->arguments, "dry-run")
				    ? "rule period unit due held keeps"
				    : "rule period unit erased last_run keeps");
}

static enum err ask_retention(struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	uint64_t months = 0, years = 0;
	json_t *body;
	struct slice id;

	TRY(arguments_number(&months, &cli->arguments, "usage-months", PERIOD_MOST));
	TRY(arguments_number(&years, &cli->arguments, "record-years", PERIOD_MOST));
	body = json_object_new();
	put_option(cli, body, "reason");
	if (arguments_value(&cli->arguments, "usage-months"))
		json_put_int(body, "usage_months", (int64_t)months);
	if (arguments_value(&cli->arguments, "record-years"))
		json_put_int(body, "record_years", (int64_t)years);
	TRY(client_call(c, &answer, "POST", RETENTION, body));
	TRY(json_get_text(&id, answer, "id"));
	return output_done(cli, answer,
			   "asked; another administrator confirms it:\n"
			   "sallyport audit retention --confirm %.*s",
			   SLICE_PRINT(id));
}

static enum err decide_retention(struct cli *cli, struct client *c, const char *id, const char *how)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();
	const char *path = arena_printf(&cli->arena, RETENTION "/%s/%s", encoded(cli, id), how);

	put_option(cli, body, "reason");
	TRY(client_call(c, &answer, "POST", path, body));
	return output_done(cli, answer,
			   strcmp(how, "confirm") == 0 ? "it holds from now on"
						       : "it stays as it was");
}

enum err command_audit_retention(struct cli *cli)
{
	const char *confirmed = arguments_value(&cli->arguments, "confirm");
	const char *rejected = arguments_value(&cli->arguments, "reject");
	struct client *c;

	TRY(cli_client(&c, cli));
	if (confirmed)
		return decide_retention(cli, c, confirmed, "confirm");
	if (rejected)
		return decide_retention(cli, c, rejected, "reject");
	if (arguments_value(&cli->arguments, "usage-months") ||
	    arguments_value(&cli->arguments, "record-years"))
		return ask_retention(cli, c);
	return list_retention(cli, c);
}
