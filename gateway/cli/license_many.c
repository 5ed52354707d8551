/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses of many: withdrawn at once after a look, on the seats of an institution; recalls. */
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

enum { MANY_MAX_DAYS = 365 };

/* {"act","select":{KIND: NAME}} of the words; the caller owns it. */
static json_t *selection_of(struct cli *cli)
{
	json_t *body = json_object_new(), *select = json_object_new();

	json_put_text(body, "act", slice_of_string(cli_word(cli, 0)));
	json_put(body, "select", select);
	json_put_text(select, cli_word(cli, 1), slice_of_string(cli_word(cli, 2)));
	return body;
}

enum err command_license_preview(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "POST", "/api/v1/licenses/preview", selection_of(cli)));
	TRY(output_table(cli, answer, "licenses",
			 "id state person model downloads_running generations_running"));
	return cli->json ? OK : output_object(cli, answer, "preview count more");
}

enum err command_license_withdraw(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason, *preview = arguments_value(&cli->arguments, "preview");
	struct client *c;
	json_t *body;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	body = selection_of(cli);
	json_put_text(body, "reason", slice_of_string(reason));
	if (preview)
		json_put_text(body, "preview", slice_of_string(preview));
	TRY(client_call(c, &answer, "POST", "/api/v1/licenses/withdraw", body));
	return output_object(cli, answer, "act selected count more");
}

enum err command_license_members(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *add = arguments_value(&cli->arguments, "add");
	const char *remove = arguments_value(&cli->arguments, "remove");
	const char *path = arena_printf(
		&cli->arena, "/api/v1/institution-licenses/%s",
		client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));
	struct client *c;
	json_t *body;

	TRY(cli_client(&c, cli));
	if (add) {
		body = json_object_new();
		json_put_text(body, "person", slice_of_string(add));
		TRY(client_call(c, &answer, "POST", arena_printf(&cli->arena, "%s/members", path),
				body));
		return output_object(cli, answer, "id person model state");
	}
	if (remove) {
		TRY(client_call(c, &answer, "DELETE",
				arena_printf(&cli->arena, "%s/members/%s", path,
					     client_encode(&cli->arena, slice_of_string(remove))),
				NULL));
		return output_object(cli, answer, "person license state");
	}
	TRY(client_call(c, &answer, "GET", path, NULL));
	return output_table(cli, answer, "members", "person license state since");
}

enum err command_recall(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason;
	uint64_t days = 14;
	struct client *c;
	json_t *body;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(arguments_number(&days, &cli->arguments, "due-days", MANY_MAX_DAYS));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "reason", slice_of_string(reason));
	json_put_int(body, "due_days", (int64_t)days);
	TRY(client_call(
		c, &answer, "POST",
		arena_printf(&cli->arena, "/api/v1/models/%s/revisions/%s/recall",
			     client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))),
			     client_encode(&cli->arena, slice_of_string(cli_word(cli, 1)))),
		body));
	return output_object(cli, answer, "id model revision persons outstanding due");
}
