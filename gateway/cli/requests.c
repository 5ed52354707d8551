/* SPDX-License-Identifier: Apache-2.0 */
/* Access requests: ask, list, approve, deny; and why one may or may not. */
#include <stdio.h>

#include "gateway/cli/access.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/limits.h"
#include "gateway/cli/output.h"
#include "gateway/cli/user_key.h"

enum { REQUESTS_MAX_DAYS = 36500 };

static enum err read_wish(struct statement *wish, struct cli *cli)
{
	*wish = (struct statement){.model = cli_word(cli, 0)};
	TRY(cli_need(&wish->use, cli, "use"));
	wish->right_count = arguments_list(&cli->arguments, "right", wish->rights,
					   STATEMENT_MAX_RIGHTS);
	if (wish->right_count == 0) {
		wish->rights[wish->right_count++] = "infer:generate";
		wish->rights[wish->right_count++] = "weights:read";
	}
	return OK;
}

/* Nobody signs what was not shown. */
static enum err show_terms(struct cli *cli, const struct access_terms *terms)
{
	if (terms->text.size) {
		fprintf(stderr, "--- terms %s\n", terms->sha256);
		output_text(stderr, terms->text);
		fprintf(stderr, "\n---\n");
	}
	if (terms->text.size && !arguments_flag(&cli->arguments, "accept-terms"))
		return failure(ERR_DENIED, "nothing was sent: read the terms above, and say "
					   "--accept-terms to sign them");
	return OK;
}

enum err command_request(struct cli *cli)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(json_auto) json_t *answer = NULL;
	struct access_terms terms;
	struct statement wish;
	const char *key_id = NULL;
	struct client *c;

	TRY(read_wish(&wish, cli));
	TRY(cli_client(&c, cli));
	TRY(access_terms_get(&terms, &cli->arena, c, wish.model));
	TRY(show_terms(cli, &terms));
	wish.terms_sha256 = terms.sha256;
	if (terms.sha256[0]) {
		TRY(user_key_read(&key, &cli->arena, arguments_value(&cli->arguments, "key-file")));
		TRY(user_key_find(&key_id, &cli->arena, c, key));
	}
	TRY(access_submit(&answer, c, &wish, key, key_id));
	return output_object(cli, answer, "id state model rights intended_use created");
}

static enum err check_state(struct cli *cli, const char *state)
{
	static const char *const states[] = {"draft",  "submitted", "returned", "approved",
					     "denied", "withdrawn", "appealed", "closed"};

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strcmp(state, states[i]) == 0)
			return OK;
	return cli_usage(cli,
			 "--state %s: draft, submitted, returned, approved, denied, "
			 "withdrawn, appealed or closed is expected",
			 state);
}

enum err command_requests(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *state = arguments_value(&cli->arguments, "state");
	const char *path = "/api/v1/access-requests";
	struct client *c;

	if (state)
		TRY(check_state(cli, state));
	TRY(cli_client(&c, cli));
	if (state)
		path = arena_printf(&cli->arena, "%s?state=%s", path,
				    client_encode(&cli->arena, slice_of_string(state)));
	TRY(client_call(c, &answer, "GET", path, NULL));
	return output_table(cli, answer, "requests",
			    "id state person model rights intended_use created");
}

static const char *request_path(struct cli *cli, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/access-requests/%s/%s",
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))), act);
}

enum err command_approve(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *limits = NULL;
	const char *reason = arguments_value(&cli->arguments, "reason");
	const char *rights[STATEMENT_MAX_RIGHTS];
	size_t count = arguments_list(&cli->arguments, "right", rights, STATEMENT_MAX_RIGHTS);
	uint64_t days = 0;
	json_t *body, *list;
	struct client *c;

	TRY(arguments_number(&days, &cli->arguments, "days", REQUESTS_MAX_DAYS));
	TRY(limits_read_words(&limits, cli));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	if (reason)
		json_put_text(body, "reason", slice_of_string(reason));
	if (json_array_size(limits))
		json_put(body, "limits", json_incref(limits));
	if (days)
		json_put_int(body, "expires_days", (int64_t)days);
	if (count) {
		list = json_array_new();
		for (size_t i = 0; i < count; i++)
			json_push_text(list, slice_of_string(rights[i]));
		json_put(body, "rights", list);
	}
	TRY(client_call(c, &answer, "POST", request_path(cli, "approve"), body));
	if (cli->json)
		return output_json(answer);
	return output_object(cli, json_object_get(answer, "license"),
			     "id model person state rights not_before expires");
}

enum err command_deny(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason;
	json_t *body;
	struct client *c;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", request_path(cli, "deny"), body));
	return output_done(cli, answer, "denied: %s", reason);
}

enum err command_explain(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET",
			arena_printf(&cli->arena, "/api/v1/explain?model=%s&right=%s",
				     client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))),
				     client_encode(&cli->arena, slice_of_string(cli_word(cli, 1)))),
			NULL));
	return output_object(cli, answer, "allow code rule text missing license decision");
}
