/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that hear of events, and what one gets by mail. */
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

enum { WEBHOOK_MAX_KINDS = 64 };

static const char *webhook_path(struct cli *cli)
{
	return arena_printf(&cli->arena, "/api/v1/webhooks/%s",
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));
}

enum err command_webhook_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *kinds[WEBHOOK_MAX_KINDS];
	const char *model = arguments_value(&cli->arguments, "model");
	size_t count = arguments_list(&cli->arguments, "kind", kinds, WEBHOOK_MAX_KINDS);
	json_t *body, *list;
	struct client *c;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(kinds[i]));
	if (!count)
		json_push_text(list, S("*"));
	json_put_text(body, "url", slice_of_string(cli_word(cli, 0)));
	json_put(body, "kinds", list);
	if (model)
		json_put_text(body, "model", slice_of_string(model));
	TRY(client_call(c, &answer, "POST", "/api/v1/webhooks", body));
	return output_object(cli, answer, "id url kinds model secret");
}

enum err command_webhook_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/webhooks", NULL));
	return output_table(cli, answer, "webhooks", "id state url kinds model failing_since");
}

enum err command_webhook_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", webhook_path(cli), NULL));
	return output_table(cli, answer, "deliveries",
			    "changed type state attempts status problem next");
}

enum err command_webhook_remove(struct cli *cli)
{
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, NULL, "DELETE", webhook_path(cli), NULL));
	return output_done(cli, NULL, "removed");
}

/* --mail KIND and --no-mail KIND, all of them: what was said before is forgotten. */
static json_t *read_choices(struct cli *cli)
{
	static const struct {
		const char *option;
		bool mail;
	} rows[] = {{"mail", true}, {"no-mail", false}};
	json_t *list = json_array_new();

	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		const char *kinds[WEBHOOK_MAX_KINDS];
		size_t count = arguments_list(&cli->arguments, rows[r].option, kinds,
					      WEBHOOK_MAX_KINDS);

		for (size_t i = 0; i < count; i++) {
			json_t *one = json_object_new();

			json_put_text(one, "kind", slice_of_string(kinds[i]));
			json_put_bool(one, "mail", rows[r].mail);
			json_push(list, one);
		}
	}
	return list;
}

enum err command_notifications(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *choices = read_choices(cli);
	bool changes = json_array_size(choices) || arguments_flag(&cli->arguments, "all");
	struct client *c;
	json_t *body;

	TRY(cli_client(&c, cli));
	if (!changes) {
		TRY(client_call(c, &answer, "GET", "/api/v1/notifications", NULL));
		return output_table(cli, answer, "choices", "kind mail");
	}
	body = json_object_new();
	json_put(body, "choices", json_incref(choices));
	TRY(client_call(c, &answer, "PUT", "/api/v1/notifications", body));
	return output_table(cli, answer, "choices", "kind mail");
}
