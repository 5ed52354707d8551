/* SPDX-License-Identifier: Apache-2.0 */
/* Visas and passports presented, a license as a visa; identities; referees. */
#include <fcntl.h>

#include "crypto/base/file.h"
#include "crypto/passport.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/person.h"

static enum err add_passport(struct cli *cli, struct client *c, struct slice jwt)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();

	json_put_text(body, "passport", jwt);
	TRY(client_call(c, &answer, "POST", "/api/v1/passports", body));
	return output_table(cli, answer, "visas", "taken counts type value iss why_not");
}

enum err command_visa_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(buf_free) struct buf text = buf_new(PASSPORT_MAX);
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(file_read(&text, AT_FDCWD, cli_word(cli, 0)));
	while (text.size && text.data[text.size - 1] <= ' ')
		text.size--;
	if (!slice_is_utf8(buf_slice(&text)))
		return failure(ERR_FORMAT, "\"%s\" is not a JWT", cli_word(cli, 0));
	if (passport_is_one(buf_slice(&text)))
		return add_passport(cli, c, buf_slice(&text));
	body = json_object_new();
	json_put_text(body, "visa", buf_slice(&text));
	TRY(client_call(c, &answer, "POST", "/api/v1/visas", body));
	return output_object(cli, answer,
			     "id iss sub type value source asserted expires counts why_not");
}

enum err command_visa_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/visas", NULL));
	return output_table(cli, answer, "visas", "type value iss sub expires counts why_not id");
}

/* The visa alone, for a pipe. */
enum err command_license_visa(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path = arena_printf(
		&cli->arena, "/api/v1/licenses/%s/visa",
		client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));
	uint64_t seconds = 3600;
	struct slice visa;
	struct client *c;
	json_t *body;

	if (arguments_value(&cli->arguments, "seconds"))
		TRY(arguments_number(&seconds, &cli->arguments, "seconds", 86400));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_int(body, "seconds", (int64_t)seconds);
	TRY(client_call(c, &answer, "POST", path, body));
	TRY(json_get_text(&visa, answer, "visa"));
	return output_done(cli, answer, "%.*s", SLICE_PRINT(visa));
}

static enum err path_of(const char **out, struct cli *cli, struct client *c, const char *what)
{
	const char *id;

	TRY(person_id(&id, cli, c, cli_word(cli, 0)));
	*out = arena_printf(&cli->arena, "/api/v1/persons/%s/%s", id, what);
	return OK;
}

static enum err list(struct cli *cli, const char *what, const char *columns)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(path_of(&path, cli, c, what));
	TRY(client_call(c, &answer, "GET", path, NULL));
	return output_table(cli, answer, what, columns);
}

enum err command_identity_list(struct cli *cli)
{
	return list(cli, "identities", "iss sub how by visa reason since");
}

enum err command_identity_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path, *reason;
	json_t *body;
	struct client *c;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	TRY(path_of(&path, cli, c, "identities"));
	body = json_object_new();
	json_put_text(body, "iss", slice_of_string(cli_word(cli, 1)));
	json_put_text(body, "sub", slice_of_string(cli_word(cli, 2)));
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", path, body));
	return output_done(cli, answer, "%s of %s is %s", cli_word(cli, 2), cli_word(cli, 1),
			   cli_word(cli, 0));
}

enum err command_identity_remove(struct cli *cli)
{
	const char *path, *reason = arguments_value(&cli->arguments, "reason");
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(path_of(&path, cli, c, "identities"));
	path = arena_printf(&cli->arena, "%s?iss=%s&sub=%s&reason=%s", path,
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 1))),
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 2))),
			    client_encode(&cli->arena, slice_of_string(reason ? reason : "")));
	TRY(client_call(c, NULL, "DELETE", path, NULL));
	return output_done(cli, NULL, "%s of %s is %s no more, and its visas are gone",
			   cli_word(cli, 2), cli_word(cli, 1), cli_word(cli, 0));
}

enum err command_referee_list(struct cli *cli)
{
	return list(cli, "referees", "name email state asked expires answered note id");
}

enum err command_referee_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(path_of(&path, cli, c, "referees"));
	body = json_object_new();
	json_put_text(body, "name", slice_of_string(cli_word(cli, 1)));
	json_put_text(body, "email", slice_of_string(cli_word(cli, 2)));
	TRY(client_call(c, &answer, "POST", path, body));
	return output_object(cli, answer, "id name email state expires link");
}

enum err command_referee_link(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path = arena_printf(
		&cli->arena, "/api/v1/referees/%s/link",
		client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "POST", path, NULL));
	return output_object(cli, answer, "name email expires link");
}
