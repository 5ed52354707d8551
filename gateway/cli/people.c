/* SPDX-License-Identifier: Apache-2.0 */
/* Who one is and who others are: login, persons, keys, tokens. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/device_login.h"
#include "gateway/cli/login.h"
#include "gateway/cli/output.h"
#include "gateway/cli/person.h"
#include "gateway/cli/user_key.h"

enum { PEOPLE_MAX_LIST = 16, PEOPLE_MAX_TOKEN = 1024 };

static void put_option(json_t *body, const struct cli *cli, const char *option, const char *name)
{
	const char *value = arguments_value(&cli->arguments, option);

	if (value)
		json_put_text(body, name, slice_of_string(value));
}

static json_t *list_option(const struct cli *cli, const char *option)
{
	const char *values[PEOPLE_MAX_LIST];
	size_t count = arguments_list(&cli->arguments, option, values, PEOPLE_MAX_LIST);
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(values[i]));
	return list;
}

/* "-" is standard input. Without any, one is asked for, to be approved with a browser. */
static enum err read_token(const char **out, struct cli *cli, const char *url, const char *ca)
{
	const char *path = arguments_value(&cli->arguments, "token-file");
	AUTO(buf_free) struct buf text = buf_new(PEOPLE_MAX_TOKEN);

	*out = arguments_value(&cli->arguments, "token");
	if (!*out && !path)
		*out = getenv("SALLYPORT_TOKEN");
	if (*out)
		return OK;
	if (!path)
		return device_login(out, cli, url, ca);
	TRY(file_read(&text, AT_FDCWD, strcmp(path, "-") == 0 ? "/dev/stdin" : path));
	while (text.size && text.data[text.size - 1] <= ' ')
		text.size--;
	*out = arena_string(&cli->arena, buf_slice(&text));
	explicit_bzero(text.data, text.capacity);
	return OK;
}

enum err command_login(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct login login = {.ca = arguments_value(&cli->arguments, "ca")};
	char real[4096];
	const char *folder;

	login.url = arguments_value(&cli->arguments, "url");
	if (!login.url)
		login.url = getenv("SALLYPORT_URL");
	if (!login.url)
		return cli_usage(cli, "--url is needed");
	if (!login.ca)
		login.ca = getenv("SALLYPORT_CA");
	if (login.ca && !realpath(login.ca, real))
		return failure_errno("--ca \"%s\"", login.ca);
	if (login.ca)
		login.ca = arena_string(&cli->arena, slice_of_string(real));
	TRY(read_token(&login.token, cli, login.url, login.ca));
	TRY(client_new(&cli->client, login.url, login.ca, login.token));
	TRY(client_call(cli->client, &answer, "GET", "/api/whoami-v2", NULL));
	TRY(login_config_folder(&folder, &cli->arena));
	TRY(login_write(&login, arena_printf(&cli->arena, "%s/login.json", folder)));
	return output_done(cli, answer, "logged in to %s as %s; kept in %s/login.json", login.url,
			   json_string_value(json_object_get(answer, "name")), folder);
}

enum err command_whoami(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/whoami-v2", NULL));
	return output_object(cli, answer, "name id email type");
}

enum err command_person_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "name", slice_of_string(cli_word(cli, 0)));
	put_option(body, cli, "email", "email");
	json_put(body, "offices", list_option(cli, "office"));
	TRY(client_call(c, &answer, "POST", "/api/v1/persons", body));
	return output_object(cli, answer, "id name token token_id expires");
}

enum err command_person_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/persons", NULL));
	return output_table(cli, answer, "persons", "name state offices email id");
}

enum err command_key_enroll(struct cli *cli)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(json_auto) json_t *answer = json_object_new();
	const char *name = arguments_value(&cli->arguments, "name");
	const char *id;
	struct client *c;
	bool made;

	TRY(cli_client(&c, cli));
	TRY(user_key_read_or_make(&key, &made, &cli->arena,
				  arguments_value(&cli->arguments, "key-file")));
	TRY(user_key_enroll(&id, &cli->arena, c, key, name ? name : "cli"));
	json_put_text(answer, "id", slice_of_string(id));
	json_put_text(answer, "public", slice_of_string(user_key_public(&cli->arena, key)));
	json_put_bool(answer, "made", made);
	return output_done(cli, answer, "%s key is enrolled as %s; its public part is %s",
			   made ? "a new" : "your", id, user_key_public(&cli->arena, key));
}

static enum err get_text(const char **out, struct cli *cli, struct client *c, const char *path)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct client_request request = {.method = "GET", .path = path};
	struct slice text;

	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	text = buf_slice(&answer.body);
	while (text.size && text.data[text.size - 1] == '\n')
		text.size--;
	*out = arena_string(&cli->arena, text);
	return OK;
}

/* 503 of /readyz still says what is missing. */
enum err command_key_status(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *keys = NULL;
	AUTO(client_answer_clear) struct client_answer ready = client_answer_new();
	struct client_request request = {.method = "GET", .path = "/readyz"};
	const char *vkey;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_send(c, &ready, &request));
	TRY(json_read(&answer, buf_slice(&ready.body), CLIENT_MAX_BODY));
	if (client_check(c, &ready) == OK) {
		TRY(get_text(&vkey, cli, c, "/log/vkey"));
		json_put_text(answer, "log_vkey", slice_of_string(vkey));
	}
	if (client_call(c, &keys, "GET", "/api/v1/keys", NULL) == OK)
		json_put(answer, "your_keys", json_incref(json_object_get(keys, "keys")));
	return output_object(cli, answer, "ready keeper database scribe log_vkey your_keys");
}

static void put_list(json_t *scope, struct cli *cli, const char *option, const char *name)
{
	json_t *list = list_option(cli, option);

	if (json_array_size(list))
		json_put(scope, name, list);
	else
		json_free(list);
}

/* For oneself, or (--person) for somebody else. */
static enum err token_path(const char **out, struct cli *cli, struct client *c)
{
	const char *person = arguments_value(&cli->arguments, "person");

	*out = "/api/v1/tokens";
	if (!person)
		return OK;
	TRY(person_id(&person, cli, c, person));
	*out = arena_printf(&cli->arena, "/api/v1/persons/%s/tokens", person);
	return OK;
}

enum err command_token_create(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *name = arguments_value(&cli->arguments, "name"), *path;
	uint64_t days = 0;
	json_t *body, *scope;
	struct client *c;

	TRY(arguments_number(&days, &cli->arguments, "days", 36500));
	TRY(cli_client(&c, cli));
	TRY(token_path(&path, cli, c));
	body = json_object_new();
	json_put_text(body, "name", slice_of_string(name ? name : "cli"));
	if (days)
		json_put_int(body, "expires_days", (int64_t)days);
	scope = json_object_new();
	put_list(scope, cli, "right", "rights");
	put_list(scope, cli, "model", "models");
	put_list(scope, cli, "address", "addresses");
	if (json_object_size(scope))
		json_put(body, "scope", scope);
	else
		json_free(scope);
	TRY(client_call(c, &answer, "POST", path, body));
	return output_object(cli, answer, "id token expires");
}

enum err command_person_invite(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *id;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(person_id(&id, cli, c, cli_word(cli, 0)));
	TRY(client_call(c, &answer, "POST",
			arena_printf(&cli->arena, "/api/v1/persons/%s/invitation", id), NULL));
	return output_object(cli, answer, "code expires");
}

enum err command_device_approve(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new(), *scope = json_object_new();
	uint64_t days = 0;
	struct client *c;

	json_put_text(body, "user_code", slice_of_string(cli_word(cli, 0)));
	put_list(scope, cli, "right", "rights");
	put_list(scope, cli, "model", "models");
	put_list(scope, cli, "address", "addresses");
	if (json_object_size(scope))
		json_put(body, "scope", scope);
	else
		json_free(scope);
	if (arguments_flag(&cli->arguments, "deny"))
		json_put_bool(body, "deny", true);
	if (arguments_number(&days, &cli->arguments, "days", 36500) == OK && days)
		json_put_int(body, "expires_days", (int64_t)days);
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "POST", "/api/v1/device/approve", body));
	return output_object(cli, answer, "state client address");
}

enum err command_token_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/tokens", NULL));
	return output_table(cli, answer, "tokens",
			    "id name rights models addresses created expires revoked");
}

/* DELETE /api/v1/<list>/ID, where ID is the command's word. */
static enum err delete_one(struct cli *cli, const char *list)
{
	struct slice id = slice_of_string(cli_word(cli, 0));
	struct client *c;

	TRY(cli_client(&c, cli));
	return client_call(
		c, NULL, "DELETE",
		arena_printf(&cli->arena, "/api/v1/%s/%s", list, client_encode(&cli->arena, id)),
		NULL);
}

enum err command_token_revoke(struct cli *cli)
{
	TRY(delete_one(cli, "tokens"));
	return output_done(cli, NULL, "the token is revoked");
}

enum err command_capability_create(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	uint64_t minutes = 60;
	json_t *body;
	struct client *c;

	TRY(arguments_number(&minutes, &cli->arguments, "minutes", 24 * 60));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "model", slice_of_string(cli_word(cli, 0)));
	put_option(body, cli, "revision", "revision");
	json_put_int(body, "expires_seconds", (int64_t)minutes * 60);
	TRY(client_call(c, &answer, "POST", "/api/v1/capabilities", body));
	return output_object(cli, answer, "id model revision url expires");
}

enum err command_capability_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/capabilities", NULL));
	return output_table(cli, answer, "capabilities",
			    "id model revision created expires revoked");
}

enum err command_capability_revoke(struct cli *cli)
{
	TRY(delete_one(cli, "capabilities"));
	return output_done(cli, NULL, "the capability is revoked");
}
