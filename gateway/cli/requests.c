/* SPDX-License-Identifier: Apache-2.0 */
/* Access requests: ask, list, approve, deny; and why one may or may not. */
#include <stdio.h>

#include "gateway/cli/access.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/limits.h"
#include "gateway/cli/output.h"
#include "gateway/cli/sign_approval.h"
#include "gateway/cli/user_key.h"

enum { REQUESTS_MAX_DAYS = 36500, REQUESTS_MAX_LIST = 32 };

static enum err read_wish(struct statement *wish, struct cli *cli)
{
	*wish = (struct statement){.model = cli_word(cli, 0)};
	TRY(cli_need(&wish->use, cli, "use"));
	wish->field_count = arguments_list(&cli->arguments, "field", wish->fields,
					   STATEMENT_MAX_FIELDS);
	wish->right_count = arguments_list(&cli->arguments, "right", wish->rights,
					   STATEMENT_MAX_RIGHTS);
	if (wish->right_count == 0) {
		wish->rights[wish->right_count++] = "infer:generate";
		wish->rights[wish->right_count++] = "weights:read";
	}
	return OK;
}

enum err access_show_terms(struct cli *cli, const struct access_terms *terms)
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

static void put_list(json_t *body, const struct cli *cli, const char *option, const char *name)
{
	const char *values[REQUESTS_MAX_LIST];
	size_t count = arguments_list(&cli->arguments, option, values, REQUESTS_MAX_LIST);
	json_t *list;

	if (!count)
		return;
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(values[i]));
	json_put(body, name, list);
}

static void put_text(json_t *body, const struct cli *cli, const char *option, const char *name)
{
	const char *value = arguments_value(&cli->arguments, option);

	if (value)
		json_put_text(body, name, slice_of_string(value));
}

/* What a request says besides what is signed. */
static json_t *more_of(const struct cli *cli, json_t **out)
{
	json_t *more = *out = json_object_new();

	put_list(more, cli, "code", "uses");
	put_list(more, cli, "accessor", "accessors");
	put_text(more, cli, "lead", "lead");
	put_text(more, cli, "institution", "institution");
	return more;
}

enum err command_request(struct cli *cli)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *more = NULL;
	struct access_terms terms;
	struct statement wish;
	const char *key_id = NULL;
	struct client *c;

	TRY(read_wish(&wish, cli));
	TRY(cli_client(&c, cli));
	TRY(access_terms_get(&terms, &cli->arena, c, wish.model));
	TRY(access_show_terms(cli, &terms));
	wish.terms_sha256 = terms.sha256;
	if (terms.sha256[0]) {
		TRY(user_key_read(&key, &cli->arena, arguments_value(&cli->arguments, "key-file")));
		TRY(user_key_find(&key_id, &cli->arena, c, key));
	}
	TRY(access_submit(&answer, c, &wish, key, key_id, more_of(cli, &more)));
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

static const char *add_filter(struct cli *cli, const char *path, const char *option,
			      const char *name)
{
	const char *value = arguments_value(&cli->arguments, option);

	return value ? arena_printf(&cli->arena, "%s%s=%s&", path, name,
				    client_encode(&cli->arena, slice_of_string(value)))
		     : path;
}

static const char *add_flag(struct cli *cli, const char *path, const char *option,
			    const char *query)
{
	return arguments_flag(&cli->arguments, option)
		       ? arena_printf(&cli->arena, "%s%s", path, query)
		       : path;
}

enum err command_requests(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *state = arguments_value(&cli->arguments, "state");
	const char *path = "/api/v1/access-requests?";
	struct client *c;

	if (state)
		TRY(check_state(cli, state));
	TRY(cli_client(&c, cli));
	path = add_filter(cli, path, "state", "state");
	path = add_filter(cli, path, "model", "model");
	path = add_filter(cli, path, "search", "q");
	path = add_flag(cli, path, "mine", "mine=1&");
	path = add_flag(cli, path, "assigned", "assigned=1&");
	path = add_flag(cli, path, "waiting", "sort=waiting&");
	TRY(client_call(c, &answer, "GET", path, NULL));
	return output_table(cli, answer, "requests",
			    "id state person model rights intended_use created");
}

static const char *request_path(struct cli *cli, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/access-requests/%s%s",
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))), act);
}

/* What is to be granted, as the server is asked to grant it. */
static enum err read_grant(json_t *body, struct cli *cli)
{
	const char *reason = arguments_value(&cli->arguments, "reason");
	AUTO(json_auto) json_t *limits = NULL;
	uint64_t days = 0;

	TRY(arguments_number(&days, &cli->arguments, "days", REQUESTS_MAX_DAYS));
	TRY(limits_read_words(&limits, cli));
	if (reason)
		json_put_text(body, "reason", slice_of_string(reason));
	if (json_array_size(limits))
		json_put(body, "limits", json_incref(limits));
	if (days)
		json_put_int(body, "expires_days", (int64_t)days);
	put_text(body, cli, "plan", "plan");
	put_list(body, cli, "right", "rights");
	put_list(body, cli, "region", "regions");
	put_list(body, cli, "code", "uses");
	return OK;
}

static enum err expect(const json_t *subject, const char *name, struct slice wanted)
{
	struct slice said;

	TRY(json_get_text(&said, subject, name));
	if (!slice_equal(said, wanted))
		return failure(ERR_FORGED,
			       "the gateway's statement says %s \"%.*s\", not \"%.*s\": it is not "
			       "signed",
			       name, SLICE_PRINT(slice_part(said, 0, 100)),
			       SLICE_PRINT(slice_part(wanted, 0, 100)));
	return OK;
}

/* The request's own person, or one of those it names beside. */
static enum err name_of(struct slice *name, const json_t *request, struct slice id)
{
	const json_t *accessors;
	struct slice one;

	TRY(json_get_text(name, request, "person"));
	TRY(json_get_text(&one, request, "person_id"));
	if (slice_equal(one, id))
		return OK;
	TRY(json_get_array(&accessors, request, "accessors"));
	for (size_t i = 0; i < json_array_size(accessors); i++) {
		TRY(json_get_text(name, json_array_get(accessors, i), "person"));
		TRY(json_get_text(&one, json_array_get(accessors, i), "id"));
		if (slice_equal(one, id))
			return OK;
	}
	return failure(
		ERR_FORGED,
		"the gateway's statement is for \"%.*s\", whom the request does not name: it "
		"is not signed",
		SLICE_PRINT(slice_part(id, 0, 100)));
}

static enum err show_person(const json_t *request, struct slice id)
{
	struct slice name;

	TRY(name_of(&name, request, id));
	fprintf(stderr, "a license for  ");
	output_text(stderr, name);
	fprintf(stderr, " (%.*s)\n", SLICE_PRINT(id));
	return OK;
}

/* By name, since the statement has ids. */
static enum err show_persons(const json_t *request, const json_t *subject)
{
	const json_t *persons;
	struct slice id;

	if (!approval_names_several(subject)) {
		TRY(json_get_text(&id, subject, "person"));
		return show_person(request, id);
	}
	TRY(json_get_array(&persons, subject, "persons"));
	for (size_t i = 0; i < json_array_size(persons); i++) {
		TRY(json_text_at(&id, persons, i));
		TRY(show_person(request, id));
	}
	return OK;
}

static enum err check_rights(const json_t *request, const json_t *subject)
{
	const json_t *asked, *given;

	TRY(json_get_array(&asked, request, "rights"));
	TRY(json_get_array(&given, subject, "rights"));
	for (size_t i = 0; i < json_array_size(given); i++) {
		bool found = false;

		for (size_t k = 0; k < json_array_size(asked); k++)
			found = found ||
				json_equal(json_array_get(given, i), json_array_get(asked, k));
		if (!found)
			return failure(ERR_FORGED, "the gateway's statement gives a right that was "
						   "not asked for: it is not signed");
	}
	return OK;
}

/* The gateway wrote the statement; it must be about this request, this model, its persons, and no
 * other rights than those asked for. The rest is for whoever reads it before they say --yes. */
static enum err check_statement(struct cli *cli, const json_t *request, struct slice statement)
{
	AUTO(json_auto) json_t *whole = NULL;
	AUTO(json_auto) json_t *subject = NULL;
	struct approval approval;
	struct slice model;

	TRY(approval_parse(&approval, &whole, &subject, statement));
	if (!slice_equal(approval.kind, S(APPROVAL_LICENSE)))
		return failure(ERR_FORGED, "the gateway's statement is about something else than a "
					   "license: it is not signed");
	TRY(json_get_text(&model, request, "model"));
	TRY(expect(subject, "request", slice_of_string(cli_word(cli, 0))));
	TRY(expect(subject, "model", model));
	TRY(check_rights(request, subject));
	return show_persons(request, subject);
}

/* Where there are approvers: their statement, signed by this one. */
static enum err sign_grant(json_t *body, bool *is_kept, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *request = NULL;
	AUTO(json_auto) json_t *answer = NULL;
	struct approvers_mode mode;
	struct slice statement, model;

	*is_kept = false;
	TRY(client_call(c, &request, "GET", request_path(cli, ""), NULL));
	TRY(json_get_text(&model, request, "model"));
	TRY(approvers_mode_get(&mode, &cli->arena, c, arena_string(&cli->arena, model)));
	if (!mode.is_signed)
		return OK;
	TRY(client_call(c, &answer, "POST", request_path(cli, "/statement"), json_deep_copy(body)));
	TRY(json_get_text(&statement, answer, "statement"));
	TRY(check_statement(cli, request, statement));
	return sign_approval_put(body, is_kept, cli, c, statement);
}

enum err command_approve(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *body = json_object_new();
	struct client *c;
	bool is_kept;

	TRY(read_grant(body, cli));
	TRY(cli_client(&c, cli));
	TRY(sign_grant(body, &is_kept, cli, c));
	if (is_kept)
		return output_done(cli, NULL, "signed; nothing was sent");
	TRY(client_call(c, &answer, "POST", request_path(cli, "/approve"), json_incref(body)));
	if (cli->json)
		return output_json(answer);
	if (!json_has(answer, "license"))
		return output_object(cli, answer, "id state votes");
	return output_object(cli, json_object_get(answer, "license"),
			     "id model person state rights plan not_before expires");
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
	TRY(client_call(c, &answer, "POST", request_path(cli, "/deny"), body));
	if (strcmp(json_string_value(json_object_get(answer, "state")), "denied") != 0)
		return output_object(cli, answer, "id state votes");
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
	return output_object(cli, answer, "allow code rule text missing license plan decision");
}
