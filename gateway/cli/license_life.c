/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a license: reports and renewals, its end by its holder, what a recall asks for.
 */
#include <fcntl.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/user_key.h"

enum { LIFE_MAX_TEXT = 10000, LIFE_MAX_URLS = 50, LIFE_MAX_DAYS = 36500 };

static const char *path_of(struct cli *cli, const char *folder, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/%s/%s%s", folder,
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))), act);
}

static struct slice trim(struct slice s)
{
	const struct slice space = S(" \t\r\n");

	while (s.size && slice_find(space, s.data[0]) < space.size)
		s = slice_part(s, 1, s.size);
	while (s.size && slice_find(space, s.data[s.size - 1]) < space.size)
		s.size--;
	return s;
}

/* What a person wrote, in a file ("-": standard input), without the space around it. */
static enum err read_text(struct slice *out, struct cli *cli, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(LIFE_MAX_TEXT);

	TRY(file_read(&text, AT_FDCWD, strcmp(path, "-") == 0 ? "/dev/stdin" : path));
	*out = arena_copy(&cli->arena, trim(buf_slice(&text)));
	if (out->size == 0)
		return failure(ERR_FORMAT, "\"%s\" is empty: write down what is to be said", path);
	if (!slice_is_utf8(*out))
		return failure(ERR_FORMAT, "\"%s\" is not UTF-8", path);
	return OK;
}

enum err command_license_report(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *urls[LIFE_MAX_URLS];
	size_t count = arguments_list(&cli->arguments, "publication", urls, LIFE_MAX_URLS);
	json_t *body, *list;
	struct slice report;
	struct client *c;

	TRY(read_text(&report, cli, cli_word(cli, 1)));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	list = json_array_new();
	json_put_text(body, "report", report);
	json_put(body, "publications", list);
	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(urls[i]));
	TRY(client_call(c, &answer, "POST", path_of(cli, "licenses", "/renewal-request"), body));
	return output_object(cli, answer, "id license model state license_expires");
}

static enum err get_renewals(json_t **out, struct cli *cli, struct client *c, const char *state)
{
	return client_call(c, out, "GET",
			   arena_printf(&cli->arena, "/api/v1/renewals?state=%s",
					client_encode(&cli->arena, slice_of_string(state))),
			   NULL);
}

enum err command_renewals(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *state = arguments_value(&cli->arguments, "state");
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(get_renewals(&answer, cli, c, state ? state : ""));
	return output_table(cli, answer, "renewals",
			    "id state person model license license_expires report");
}

/* The license that the renewal of the first word is of. */
static enum err find_license(const char **out, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *list;

	TRY(get_renewals(&answer, cli, c, "submitted"));
	TRY(json_get_array(&list, answer, "renewals"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		struct slice id, license;

		TRY(json_get_text(&id, one, "id"));
		TRY(json_get_text(&license, one, "license"));
		if (!slice_equal(id, slice_of_string(cli_word(cli, 0))))
			continue;
		*out = client_encode(&cli->arena, license);
		return OK;
	}
	return failure(ERR_NOT_FOUND, "no renewal %s waits for a decision", cli_word(cli, 0));
}

/* Where there are approvers: what lasts longer was not approved so far. */
static enum err sign_grant(json_t *body, bool *is_kept, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct approvers_mode mode;
	struct slice statement;
	const char *license = "";

	*is_kept = false;
	TRY(approvers_mode_get(&mode, &cli->arena, c, ""));
	if (!mode.is_signed)
		return OK;
	TRY(find_license(&license, cli, c));
	TRY(client_call(c, &answer, "POST",
			arena_printf(&cli->arena, "/api/v1/licenses/%s/statement", license),
			json_deep_copy(body)));
	TRY(json_get_text(&statement, answer, "statement"));
	return sign_approval_put(body, is_kept, cli, c, statement);
}

enum err command_renewal_grant(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *body = json_object_new();
	const char *reason = arguments_value(&cli->arguments, "reason");
	uint64_t days = 365;
	struct client *c;
	bool is_kept;

	TRY(arguments_number(&days, &cli->arguments, "days", LIFE_MAX_DAYS));
	TRY(cli_client(&c, cli));
	json_put_int(body, "expires_days", (int64_t)days);
	if (reason)
		json_put_text(body, "reason", slice_of_string(reason));
	TRY(sign_grant(body, &is_kept, cli, c));
	if (is_kept)
		return output_done(cli, NULL, "signed; nothing was sent");
	TRY(client_call(c, &answer, "POST", path_of(cli, "renewals", "/grant"), json_incref(body)));
	return output_object(cli, answer, "id person model state expires");
}

enum err command_renewal_deny(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason;
	struct client *c;
	json_t *body;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", path_of(cli, "renewals", "/deny"), body));
	return output_object(cli, answer, "id person model state reason");
}

/* Their own key, if they have one here that is enrolled; *out is NULL if not. One that they have
 * named must be. */
static enum err find_key(struct sign_key **out, const char **id, struct cli *cli, struct client *c)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	const char *path = arguments_value(&cli->arguments, "key-file");
	enum err found = user_key_read(&key, &cli->arena, path);

	if (found == OK)
		found = user_key_find(id, &cli->arena, c, key);
	*out = NULL;
	if (found == ERR_NOT_FOUND && !path)
		return OK; /* the gateway knows whether one is needed */
	TRY(found);
	*out = key;
	key = NULL; /* given away */
	return OK;
}

/* "attestation" and "signature" of a body. The statement names what it is about; it is taken over
 * and gains the text. */
static enum err put_attestation(json_t *body, struct cli *cli, struct client *c, const char *domain,
				json_t *taken)
{
	AUTO(json_auto) json_t *statement = taken;
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf bytes = buf_new(4 * LIFE_MAX_TEXT);
	AUTO(buf_free) struct buf base64 = buf_new(2 * SIGN_SIGNATURE);
	uint8_t signature[SIGN_SIGNATURE];
	const char *path, *key_id = "";
	struct slice text;
	json_t *object;

	TRY(cli_need(&path, cli, "attest"));
	TRY(read_text(&text, cli, path));
	json_put_text(body, "attestation", text);
	json_put_text(statement, "attestation", text);
	TRY(find_key(&key, &key_id, cli, c));
	if (!key)
		return OK;
	TRY(json_write_canonical(&bytes, statement));
	sign_make_in(slice_of_string(domain), key, buf_slice(&bytes), signature);
	text_write_base64(&base64, slice_of(signature, sizeof signature), TEXT_BASE64);
	object = json_object_new();
	json_put_text(object, "key_id", slice_of_string(key_id));
	json_put_text(object, "sig", buf_slice(&base64));
	json_put(body, "signature", object);
	return OK;
}

enum err command_license_close(struct cli *cli)
{
	AUTO(json_auto) json_t *license = NULL;
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *body = json_object_new();
	json_t *statement;
	const char *reason, *attest;
	struct slice id, model;
	struct client *c;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_need(&attest, cli, "attest"));
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &license, "GET", path_of(cli, "licenses", ""), NULL));
	TRY(json_get_text(&id, license, "id"));
	TRY(json_get_text(&model, license, "model"));
	json_put_text(body, "reason", slice_of_string(reason));
	statement = json_object_new();
	json_put_text(statement, "license", id);
	json_put_text(statement, "model", model);
	json_put_text(statement, "reason", slice_of_string(reason));
	TRY(put_attestation(body, cli, c, "sallyport/close/v1\n", statement));
	TRY(client_call(c, &answer, "POST", path_of(cli, "licenses", "/close"), json_incref(body)));
	return output_object(cli, answer, "id state reason signed");
}

enum err command_recalls(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/recalls", NULL));
	return output_table(cli, answer, "recalls", "id model revision due outstanding reason");
}

enum err command_recall_attest(struct cli *cli)
{
	AUTO(json_auto) json_t *recall = NULL;
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *body = json_object_new();
	struct slice id, model, revision;
	json_t *statement;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &recall, "GET", path_of(cli, "recalls", ""), NULL));
	TRY(json_get_text(&id, recall, "id"));
	TRY(json_get_text(&model, recall, "model"));
	TRY(json_get_text(&revision, recall, "revision"));
	statement = json_object_new();
	json_put_text(statement, "recall", id);
	json_put_text(statement, "model", model);
	json_put_text(statement, "revision", revision);
	TRY(put_attestation(body, cli, c, "sallyport/recall/v1\n", statement));
	TRY(client_call(c, &answer, "POST", path_of(cli, "recalls", "/attest"), json_incref(body)));
	return output_object(cli, answer, "recall attested signed");
}
