/* SPDX-License-Identifier: Apache-2.0 */
/* Offices: given, taken back, listed. */
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/person.h"

/* A day is meant to its end, a time as it is. */
static void put_until(json_t *body, struct cli *cli)
{
	const char *until = arguments_value(&cli->arguments, "until");

	if (until && strlen(until) == sizeof "2000-01-01" - 1)
		until = arena_printf(&cli->arena, "%sT23:59:59Z", until);
	if (until)
		json_put_text(body, "until", slice_of_string(until));
}

enum err command_office_grant(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *scope = arguments_value(&cli->arguments, "scope");
	const char *id;
	json_t *body, *offices;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(person_id(&id, cli, c, cli_word(cli, 0)));
	body = json_object_new();
	offices = json_array_new();
	for (size_t i = 1; cli_word(cli, i); i++)
		json_push_text(offices, slice_of_string(cli_word(cli, i)));
	json_put(body, "offices", offices);
	if (scope)
		json_put_text(body, "scope", slice_of_string(scope));
	put_until(body, cli);
	TRY(client_call(c, &answer, "POST",
			arena_printf(&cli->arena, "/api/v1/persons/%s/offices", id), body));
	return output_table(cli, answer, "held", "office scope until");
}

enum err command_office_revoke(struct cli *cli)
{
	const char *scope = arguments_value(&cli->arguments, "scope");
	const char *office = cli_word(cli, 1), *id, *path;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(person_id(&id, cli, c, cli_word(cli, 0)));
	path = arena_printf(&cli->arena, "/api/v1/persons/%s/offices?office=%s", id,
			    client_encode(&cli->arena, slice_of_string(office)));
	if (scope)
		path = arena_printf(&cli->arena, "%s&scope=%s", path,
				    client_encode(&cli->arena, slice_of_string(scope)));
	TRY(client_call(c, NULL, "DELETE", path, NULL));
	return output_done(cli, NULL, "%s is %s no more%s%s", cli_word(cli, 0), office,
			   scope ? " for " : "", scope ? scope : "");
}

enum err command_office_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/offices", NULL));
	return output_table(cli, answer, "offices", "person office scope until granted");
}
