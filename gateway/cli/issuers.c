/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of visas: listed with their keys or the address of these, refreshed, a key revoked. */
#include <fcntl.h>

#include "crypto/base/file.h"
#include "crypto/jwk.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

static void put_option(json_t *body, const struct cli *cli, const char *option, const char *name)
{
	const char *value = arguments_value(&cli->arguments, option);

	if (value)
		json_put_text(body, name, slice_of_string(value));
}

static enum err put_keys(json_t *body, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(JWKS_MAX);
	json_t *keys;

	TRY(file_read(&text, AT_FDCWD, path));
	if (json_read(&keys, buf_slice(&text), JWKS_MAX) != OK)
		return failure(ERR_FORMAT,
			       "\"%s\" is not JSON; a JWK set {\"keys\":[...]} is expected", path);
	json_put(body, "jwks", keys);
	return OK;
}

/* Keys that could not be fetched yet are no failure of the listing, but must be seen. */
enum err command_issuer_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *body = json_object_new();
	const char *jwks = arguments_value(&cli->arguments, "jwks");
	struct slice error;
	struct client *c;

	if (!jwks && !arguments_value(&cli->arguments, "jku"))
		return failure(ERR_FORMAT, "give the keys (--jwks FILE), or the address they are "
					   "published at (--jku URL)");
	TRY(cli_client(&c, cli));
	if (jwks)
		TRY(put_keys(body, jwks));
	json_put_text(body, "iss", slice_of_string(cli_word(cli, 0)));
	put_option(body, cli, "jku", "jku");
	put_option(body, cli, "token-endpoint", "token_endpoint");
	put_option(body, cli, "client-credential", "client_credential");
	TRY(client_call(c, &answer, "POST", "/api/v1/issuers", json_incref(body)));
	TRY(json_get_text_or(&error, answer, "error", S("")));
	if (error.size)
		return output_done(cli, answer, "%s is listed, but its keys cannot be had: %.*s",
				   cli_word(cli, 0), SLICE_PRINT(error));
	return output_done(cli, answer, "visas of %s count from now on", cli_word(cli, 0));
}

enum err command_issuer_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/issuers", NULL));
	return output_table(cli, answer, "issuers", "iss keys jku fetched_at next error added");
}

enum err command_issuer_remove(struct cli *cli)
{
	struct slice iss = slice_of_string(cli_word(cli, 0));
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, NULL, "DELETE",
			arena_printf(&cli->arena, "/api/v1/issuers?iss=%s",
				     client_encode(&cli->arena, iss)),
			NULL));
	return output_done(cli, NULL, "visas of %s count no more", cli_word(cli, 0));
}

enum err command_issuer_refresh(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "iss", slice_of_string(cli_word(cli, 0)));
	TRY(client_call(c, &answer, "POST", "/api/v1/issuers/refresh", body));
	return output_object(cli, answer, "iss jku fetched_at next");
}

enum err command_issuer_revoke_key(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "iss", slice_of_string(cli_word(cli, 0)));
	json_put_text(body, "kid", slice_of_string(cli_word(cli, 1)));
	put_option(body, cli, "reason", "reason");
	TRY(client_call(c, &answer, "POST", "/api/v1/issuers/revoke-key", body));
	return output_done(cli, answer, "what key %s of %s signed counts no more", cli_word(cli, 1),
			   cli_word(cli, 0));
}
