/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of models: their versions, and accepting new ones for a license. */
#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "gateway/cli/access.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/user_key.h"

enum { TERMS_MAX_FILE = 256 * 1024, TERMS_MAX_STATEMENT = 16 * 1024 };

static const char *model_path(struct cli *cli)
{
	return arena_printf(&cli->arena, "/api/v1/models/%s/terms",
			    client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))));
}

enum err command_model_terms(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", model_path(cli), NULL));
	return output_table(cli, answer, "terms",
			    "version from is_taken grace_days accept_until sha256 set_by");
}

enum err command_model_new_terms(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(buf_free) struct buf text = buf_new(TERMS_MAX_FILE);
	const char *from = arguments_value(&cli->arguments, "from");
	uint64_t grace = 30;
	json_t *body;
	struct client *c;

	TRY(arguments_number(&grace, &cli->arguments, "grace-days", 365));
	TRY(file_read(&text, AT_FDCWD, cli_word(cli, 1)));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "text", buf_slice(&text));
	json_put_int(body, "grace_days", (int64_t)grace);
	if (from)
		json_put_text(body, "from", slice_of_string(from));
	TRY(client_call(c, &answer, "POST", model_path(cli), body));
	return output_object(cli, answer, "version from is_taken grace_days accept_until sha256");
}

/* A license to accept terms for: what is signed besides the text. */
struct accepted {
	json_t *license; /* its document */
	const char *model;
	const char *use;
};

static void accepted_clear(struct accepted *a)
{
	json_free(a->license);
}

static enum err read_license(struct accepted *out, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *request = NULL;
	struct slice document, text;

	TRY(client_call(c, &answer, "GET",
			arena_printf(&cli->arena, "/api/v1/licenses/%s",
				     client_encode(&cli->arena, slice_of_string(cli_word(cli, 0)))),
			NULL));
	TRY(json_get_text(&document, answer, "document"));
	TRY(json_read(&out->license, document, TERMS_MAX_STATEMENT));
	TRY(json_get_text(&text, out->license, "model"));
	out->model = arena_string(&cli->arena, text);
	TRY(json_get_text(&text, out->license, "request"));
	TRY(client_call(
		c, &request, "GET",
		arena_printf(&cli->arena, "/api/v1/access-requests/%.*s", SLICE_PRINT(text)),
		NULL));
	TRY(json_get_text(&text, request, "intended_use"));
	out->use = arena_string(&cli->arena, text);
	return OK;
}

static const char *hex_of(struct arena *arena, struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(2 * DIGEST_SIZE);

	text_write_hex(&text, bytes);
	return arena_string(arena, buf_slice(&text));
}

static enum err write_statement(struct buf *out, struct cli *cli, const struct accepted *a,
				const char *sha256, const char *time)
{
	AUTO(json_auto) json_t *object = json_object_new();
	struct digest use = digest_of(slice_of_string(a->use));

	json_put_int(object, "v", 1);
	json_put_text(object, "model", slice_of_string(a->model));
	json_put(object, "rights", json_incref(json_object_get(a->license, "rights")));
	json_put_text(object, "terms_sha256", slice_of_string(sha256));
	json_put_text(object, "use_sha256",
		      slice_of_string(hex_of(&cli->arena, digest_slice(&use))));
	json_put_text(object, "time", slice_of_string(time));
	return json_write_canonical(out, object);
}

static enum err sign(json_t **body, struct cli *cli, struct client *c, const struct accepted *a,
		     const char *sha256)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf statement = buf_new(TERMS_MAX_STATEMENT);
	AUTO(buf_free) struct buf text = buf_new(2 * SIGN_SIGNATURE);
	uint8_t signature[SIGN_SIGNATURE];
	char time[CLOCK_TEXT];
	const char *key_id;
	json_t *object;

	TRY(user_key_read(&key, &cli->arena, arguments_value(&cli->arguments, "key-file")));
	TRY(user_key_find(&key_id, &cli->arena, c, key));
	clock_text(time, clock_now_ms());
	TRY(write_statement(&statement, cli, a, sha256, time));
	sign_make_in(S("sallyport/terms/v2\n"), key, buf_slice(&statement), signature);
	text_write_base64(&text, slice_of(signature, sizeof signature), TEXT_BASE64);
	object = json_object_new();
	json_put_text(object, "key_id", slice_of_string(key_id));
	json_put_text(object, "sig", buf_slice(&text));
	json_put_text(object, "time", slice_of_string(time));
	*body = json_object_new();
	json_put_text(*body, "terms_sha256", slice_of_string(sha256));
	json_put(*body, "terms_signature", object);
	return OK;
}

/* Nobody signs what was not shown. */
static enum err show(const struct cli *cli, const struct access_terms *terms)
{
	fprintf(stderr, "--- terms %s\n", terms->sha256);
	output_text(stderr, terms->text);
	fprintf(stderr, "\n---\n");
	if (!arguments_flag(&cli->arguments, "accept-terms"))
		return failure(ERR_DENIED, "nothing was sent: read the terms above, and say "
					   "--accept-terms to sign them");
	return OK;
}

enum err command_license_accept_terms(struct cli *cli)
{
	AUTO(accepted_clear) struct accepted license = {.license = NULL};
	AUTO(json_auto) json_t *answer = NULL;
	struct access_terms terms;
	json_t *body = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(read_license(&license, cli, c));
	TRY(access_terms_get(&terms, &cli->arena, c, license.model));
	TRY(show(cli, &terms));
	TRY(sign(&body, cli, c, &license, terms.sha256));
	TRY(client_call(c, &answer, "POST",
			arena_printf(&cli->arena, "/api/v1/licenses/%s/accept-terms",
				     client_encode(&cli->arena, slice_of_string(cli_word(cli, 0)))),
			body));
	return output_object(cli, answer, "id model state rights not_before expires");
}
