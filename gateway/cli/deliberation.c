/* SPDX-License-Identifier: Apache-2.0 */
/* Access requests after they were sent: what their people, handlers and deciders do with them. */
#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/file.h"
#include "gateway/cli/access.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/user_key.h"

enum { DELIBERATION_MAX_LIST = 100, DELIBERATION_MAX_FILE = 64 * 1024 };

static const char *path_of(struct cli *cli, const char *id, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/access-requests/%s%s%s",
			    client_encode(&cli->arena, slice_of_string(id)), act[0] ? "/" : "",
			    act);
}

static void put_option(json_t *body, const struct cli *cli, const char *option)
{
	const char *value = arguments_value(&cli->arguments, option);

	if (value)
		json_put_text(body, option, slice_of_string(value));
}

/* POST to /access-requests/ID/act; takes the body over. */
static enum err send_act(struct cli *cli, const char *act, json_t *body)
{
	AUTO(json_auto) json_t *owned = body;
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "POST", path_of(cli, cli_word(cli, 0), act),
			json_incref(owned)));
	return output_object(cli, answer, "id state reason");
}

static enum err send_reason(struct cli *cli, const char *act, bool is_needed)
{
	const char *reason = NULL;
	json_t *body;

	if (is_needed)
		TRY(cli_need(&reason, cli, "reason"));
	body = json_object_new();
	put_option(body, cli, "reason");
	return send_act(cli, act, body);
}

enum err command_submit(struct cli *cli)
{
	return send_reason(cli, "submit", false);
}

enum err command_withdraw(struct cli *cli)
{
	return send_reason(cli, "withdraw", false);
}

enum err command_appeal(struct cli *cli)
{
	return send_reason(cli, "appeal", true);
}

enum err command_close(struct cli *cli)
{
	return send_reason(cli, "close", false);
}

enum err command_recuse(struct cli *cli)
{
	return send_reason(cli, "recuse", true);
}

enum err command_countersign(struct cli *cli)
{
	return send_reason(cli, "countersign", false);
}

enum err command_return(struct cli *cli)
{
	const char *changes[DELIBERATION_MAX_LIST], *reason;
	size_t count = arguments_list(&cli->arguments, "change", changes, DELIBERATION_MAX_LIST);
	json_t *body, *list;

	TRY(cli_need(&reason, cli, "reason"));
	body = json_object_new();
	list = json_array_new();
	put_option(body, cli, "reason");
	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(changes[i]));
	json_put(body, "changes", list);
	return send_act(cli, "return", body);
}

enum err command_comment(struct cli *cli)
{
	json_t *body = json_object_new();

	json_put_text(body, "text", slice_of_string(cli_word(cli, 1)));
	if (arguments_flag(&cli->arguments, "committee"))
		json_put_text(body, "audience", S("committee"));
	if (arguments_flag(&cli->arguments, "requester"))
		json_put_text(body, "audience", S("requester"));
	return send_act(cli, "comments", body);
}

enum err command_review(struct cli *cli)
{
	json_t *body = json_object_new();

	json_put_text(body, "person", slice_of_string(cli_word(cli, 1)));
	put_option(body, cli, "reason");
	return send_act(cli, "reviewers", body);
}

enum err command_delegate(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *request = arguments_value(&cli->arguments, "request"), *until;
	struct client *c;
	json_t *body;

	TRY(cli_need(&until, cli, "until"));
	if (request && arguments_value(&cli->arguments, "model"))
		return cli_usage(cli, "--request or --model, not both");
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "to", slice_of_string(cli_word(cli, 0)));
	put_option(body, cli, "until");
	put_option(body, cli, "model");
	put_option(body, cli, "reason");
	TRY(client_call(c, &answer, "POST",
			request ? path_of(cli, request, "delegate") : "/api/v1/delegations", body));
	return output_object(cli, answer, "id from to model request until");
}

static enum err output_part(struct cli *cli, const json_t *answer, const char *list,
			    const char *columns)
{
	if (json_array_size(json_object_get(answer, list)) == 0)
		return OK;
	printf("\n%s\n", list);
	return output_table(cli, answer, list, columns);
}

enum err command_requests_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", path_of(cli, cli_word(cli, 0), ""), NULL));
	if (cli->json)
		return output_json(answer);
	TRY(output_object(cli, answer,
			  "id state person model rights intended_use uses round lead institution "
			  "countersigned_by decided_by reason clock advice created"));
	TRY(output_part(cli, answer, "events", "at actor act to reason"));
	TRY(output_part(cli, answer, "comments", "at person audience text"));
	TRY(output_part(cli, answer, "accessors", "person accepted accepted_at"));
	return output_part(cli, answer, "votes", "round at person seat vote reason");
}

enum err command_requests_decide(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *vote = cli_word(cli, 0);
	json_t *body, *ids;
	struct client *c;

	if (strcmp(vote, "approve") != 0 && strcmp(vote, "deny") != 0)
		return cli_usage(cli, "approve or deny is expected, not %s", vote);
	TRY(cli_client(&c, cli));
	body = json_object_new();
	ids = json_array_new();
	json_put_text(body, "vote", slice_of_string(vote));
	put_option(body, cli, "reason");
	for (size_t i = 1; cli_word(cli, i); i++)
		json_push_text(ids, slice_of_string(cli_word(cli, i)));
	json_put(body, "ids", ids);
	TRY(client_call(c, &answer, "POST", "/api/v1/access-requests/decide", body));
	return output_table(cli, answer, "results", "id state code detail");
}

static enum err read_wish(struct statement *wish, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *request = NULL;
	struct slice model, use, right;
	const json_t *rights;

	TRY(client_call(c, &request, "GET", path_of(cli, cli_word(cli, 0), ""), NULL));
	TRY(json_get_text(&model, request, "model"));
	TRY(json_get_text(&use, request, "intended_use"));
	TRY(json_get_array(&rights, request, "rights"));
	*wish = (struct statement){.model = arena_string(&cli->arena, model),
				   .use = arena_string(&cli->arena, use)};
	for (size_t i = 0; i < json_array_size(rights) && i < STATEMENT_MAX_RIGHTS; i++) {
		TRY(json_text_at(&right, rights, i));
		wish->rights[wish->right_count++] = arena_string(&cli->arena, right);
	}
	return OK;
}

enum err command_accept(struct cli *cli)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(json_auto) json_t *answer = NULL;
	struct access_terms terms;
	struct statement wish;
	const char *key_id = NULL;
	struct client *c;
	json_t *body;

	TRY(cli_client(&c, cli));
	TRY(read_wish(&wish, cli, c));
	TRY(access_terms_get(&terms, &cli->arena, c, wish.model));
	TRY(access_show_terms(cli, &terms));
	wish.terms_sha256 = terms.sha256;
	if (terms.sha256[0]) {
		TRY(user_key_read(&key, &cli->arena, arguments_value(&cli->arguments, "key-file")));
		TRY(user_key_find(&key_id, &cli->arena, c, key));
	}
	TRY(access_sign(&body, &wish, key, key_id));
	TRY(client_call(c, &answer, "POST", path_of(cli, cli_word(cli, 0), "accept"), body));
	return output_object(cli, answer, "id state");
}

static const char *committee_path(struct cli *cli)
{
	return arena_printf(&cli->arena, "/api/v1/models/%s/committee",
			    client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))));
}

#define COMMITTEE_ROWS \
	"needed members any_denial_denies not_same_institution handlers_differ needs_card " \
	"remind_days escalate_days escalate_to permitted_uses required_uses"

enum err command_committee_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", committee_path(cli), NULL));
	return output_object(cli, answer, COMMITTEE_ROWS);
}

enum err command_committee_set(struct cli *cli)
{
	AUTO(buf_free) struct buf text = buf_new(DELIBERATION_MAX_FILE);
	AUTO(json_auto) json_t *answer = NULL;
	const char *file;
	struct client *c;
	json_t *body;

	TRY(cli_need(&file, cli, "file"));
	TRY(file_read(&text, AT_FDCWD, strcmp(file, "-") == 0 ? "/dev/stdin" : file));
	TRY(json_read(&body, buf_slice(&text), DELIBERATION_MAX_FILE));
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "PUT", committee_path(cli), body));
	return output_object(cli, answer, COMMITTEE_ROWS);
}

static const char *cards_path(struct cli *cli, const char *card)
{
	return arena_printf(&cli->arena, "/api/v1/institutions/%s/library-cards%s%s",
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))),
			    card ? "/" : "",
			    card ? client_encode(&cli->arena, slice_of_string(card)) : "");
}

enum err command_card_issue(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	uint64_t days = 0;
	struct client *c;
	json_t *body;

	TRY(arguments_number(&days, &cli->arguments, "days", 3650));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "person", slice_of_string(cli_word(cli, 1)));
	put_option(body, cli, "reason");
	if (days)
		json_put_int(body, "expires_days", (int64_t)days);
	TRY(client_call(c, &answer, "POST", cards_path(cli, NULL), body));
	return output_object(cli, answer, "id institution person issued_by expires");
}

enum err command_card_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", cards_path(cli, NULL), NULL));
	return output_table(cli, answer, "library_cards", "id person issued_by expires holds");
}

enum err command_card_revoke(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "DELETE", cards_path(cli, cli_word(cli, 1)), NULL));
	return output_done(cli, answer, "revoked: %s", cli_word(cli, 1));
}
