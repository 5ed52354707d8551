/* SPDX-License-Identifier: Apache-2.0 */
/* Institutions and their members; persons who leave and come back; keys that were lost. */
#include "crypto/base/text.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/person.h"
#include "gateway/cli/tls_files.h"

enum { INSTITUTION_MAX_DOMAINS = 32 };

/* POST with a reason, if there is one. */
static enum err post_reason(json_t **answer, struct cli *cli, const char *path)
{
	const char *reason = arguments_value(&cli->arguments, "reason");
	json_t *body = json_object_new();
	struct client *c;

	if (reason)
		json_put_text(body, "reason", slice_of_string(reason));
	TRY(cli_client(&c, cli));
	return client_call(c, answer, "POST", path, body);
}

static enum err change_person(struct cli *cli, const char *step)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;
	const char *id;

	TRY(cli_client(&c, cli));
	TRY(person_id(&id, cli, c, cli_word(cli, 0)));
	TRY(post_reason(&answer, cli,
			arena_printf(&cli->arena, "/api/v1/persons/%s/%s", id, step)));
	return output_object(cli, answer, "name state");
}

enum err command_person_suspend(struct cli *cli)
{
	return change_person(cli, "suspend");
}

enum err command_person_reinstate(struct cli *cli)
{
	return change_person(cli, "reinstate");
}

enum err command_key_revoke(struct cli *cli)
{
	TRY(post_reason(
		NULL, cli,
		arena_printf(&cli->arena, "/api/v1/keys/%s/revoke",
			     client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))))));
	return output_done(cli, NULL, "the key signs nothing more; enroll another");
}

/* --- institutions --------------------------------------------------------------------------- */

enum err command_institution_add(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *domains[INSTITUTION_MAX_DOMAINS];
	size_t count = arguments_list(&cli->arguments, "domain", domains, INSTITUTION_MAX_DOMAINS);
	const char *kind = arguments_value(&cli->arguments, "kind");
	const char *country = arguments_value(&cli->arguments, "country");
	json_t *body = json_object_new(), *list = json_array_new();
	struct client *c;

	json_put_text(body, "name", slice_of_string(cli_word(cli, 0)));
	if (kind)
		json_put_text(body, "kind", slice_of_string(kind));
	if (country)
		json_put_text(body, "country", slice_of_string(country));
	for (size_t i = 0; i < count; i++)
		json_push_text(list, slice_of_string(domains[i]));
	json_put(body, "domains", list);
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "POST", "/api/v1/institutions", body));
	return output_object(cli, answer, "id name kind country domains");
}

enum err command_institution_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/institutions", NULL));
	return output_table(cli, answer, "institutions", "name kind country domains state id");
}

/* By name, or an id already. */
static enum err institution_id(const char **out, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice wanted = slice_of_string(cli_word(cli, 0)), one;
	const json_t *list;
	uint8_t id[16];

	*out = cli_word(cli, 0);
	if (text_read_uuid(id, wanted) == OK)
		return OK;
	TRY(client_call(c, &answer, "GET", "/api/v1/institutions", NULL));
	TRY(json_get_array(&list, answer, "institutions"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(json_get_text(&one, json_array_get(list, i), "name"));
		if (!slice_equal(one, wanted))
			continue;
		TRY(json_get_text(&one, json_array_get(list, i), "id"));
		*out = arena_string(&cli->arena, one);
		return OK;
	}
	return failure(ERR_NOT_FOUND, "there is no institution named \"%s\"", cli_word(cli, 0));
}

enum err command_institution_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;
	const char *id;

	TRY(cli_client(&c, cli));
	TRY(institution_id(&id, cli, c));
	TRY(client_call(c, &answer, "GET", arena_printf(&cli->arena, "/api/v1/institutions/%s", id),
			NULL));
	TRY(output_object(cli, answer, "id name kind country domains state"));
	if (cli->json || !json_object_get(answer, "members"))
		return OK;
	return output_table(cli, answer, "members", "person role since until");
}

static enum err change_institution(struct cli *cli, const char *step)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;
	const char *id;

	TRY(cli_client(&c, cli));
	TRY(institution_id(&id, cli, c));
	TRY(client_call(c, &answer, "POST",
			arena_printf(&cli->arena, "/api/v1/institutions/%s/%s", id, step), NULL));
	return output_object(cli, answer, "name state");
}

enum err command_institution_suspend(struct cli *cli)
{
	return change_institution(cli, "suspend");
}

enum err command_institution_reinstate(struct cli *cli)
{
	return change_institution(cli, "reinstate");
}

/* --- its client certificate ----------------------------------------------------------------- */

static enum err certificate_body(json_t **out, struct cli *cli, const char *issuer)
{
	const char *organization = arguments_value(&cli->arguments, "organization");
	AUTO(buf_free) struct buf hex = buf_new(64);
	uint8_t sha256[32];

	TRY(tls_files_fingerprint(sha256, issuer));
	text_write_hex(&hex, slice_of(sha256, sizeof sha256));
	*out = json_object_new();
	json_put_text(*out, "issuer_sha256", buf_slice(&hex));
	json_put_bool(*out, "required", arguments_flag(&cli->arguments, "required"));
	if (organization)
		json_put_text(*out, "organization", slice_of_string(organization));
	return OK;
}

/* With --issuer it is set, with --remove taken back, with neither shown. */
enum err command_institution_certificate(struct cli *cli)
{
	const char *issuer = arguments_value(&cli->arguments, "issuer");
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = NULL;
	const char *id, *path;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(institution_id(&id, cli, c));
	path = arena_printf(&cli->arena, "/api/v1/institutions/%s/certificate", id);
	if (arguments_flag(&cli->arguments, "remove")) {
		TRY(client_call(c, NULL, "DELETE", path, NULL));
		return output_done(cli, NULL, "its members come without a certificate again");
	}
	if (issuer)
		TRY(certificate_body(&body, cli, issuer));
	TRY(client_call(c, &answer, issuer ? "PUT" : "GET", path, body));
	return output_object(cli, answer, "issuer_sha256 organization required");
}

/* --- members -------------------------------------------------------------------------------- */

static const char *role_of(const struct cli *cli)
{
	return arguments_flag(&cli->arguments, "official") ? "official" : "member";
}

enum err command_member_add(struct cli *cli)
{
	const char *institution, *person;
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(institution_id(&institution, cli, c));
	TRY(person_id(&person, cli, c, cli_word(cli, 1)));
	body = json_object_new();
	json_put_text(body, "person", slice_of_string(person));
	json_put_text(body, "role", slice_of_string(role_of(cli)));
	TRY(client_call(c, NULL, "POST",
			arena_printf(&cli->arena, "/api/v1/institutions/%s/members", institution),
			body));
	return output_done(cli, NULL, "%s belongs to it as %s", cli_word(cli, 1), role_of(cli));
}

enum err command_member_end(struct cli *cli)
{
	const char *institution, *person;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(institution_id(&institution, cli, c));
	TRY(person_id(&person, cli, c, cli_word(cli, 1)));
	TRY(client_call(c, NULL, "DELETE",
			arena_printf(&cli->arena, "/api/v1/institutions/%s/members/%s?role=%s",
				     institution, person, role_of(cli)),
			NULL));
	return output_done(cli, NULL, "%s is %s there no more", cli_word(cli, 1), role_of(cli));
}
