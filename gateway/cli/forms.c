/* SPDX-License-Identifier: Apache-2.0 */
/* What a model asks of those who ask for access: shown, set from a file, or left to its card. */
#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

enum { FORMS_MAX_FILE = 256 * 1024 };

static enum err read_form(json_t **out, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(FORMS_MAX_FILE);

	TRY(file_read(&text, AT_FDCWD, path));
	TRY(json_read(out, buf_slice(&text), FORMS_MAX_FILE));
	return json_is_object(*out) ? OK
				    : failure(ERR_FORMAT,
					      "%s is no form: {\"extra_gated_fields\": {LABEL: "
					      "TYPE}} is expected",
					      path);
}

/* PUT a file, DELETE for --card, else GET. */
static enum err ask(json_t **answer, struct cli *cli, struct client *c, const char *path)
{
	const char *file = cli_word(cli, 1);
	bool is_card = arguments_flag(&cli->arguments, "card");
	json_t *form = NULL;

	if (file && is_card)
		return cli_usage(cli, "a file and --card exclude each other");
	if (is_card)
		return client_call(c, answer, "DELETE", path, NULL);
	if (!file)
		return client_call(c, answer, "GET", path, NULL);
	TRY(read_form(&form, file));
	return client_call(c, answer, "PUT", path, form);
}

static void print_text(const json_t *form, const char *name)
{
	const char *text = json_string_value(json_object_get(form, name));

	if (!text)
		return;
	output_text(stdout, slice_of_string(text));
	printf("\n\n");
}

enum err command_model_form(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *form;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(ask(&answer, cli, c,
		arena_printf(&cli->arena, "/api/v1/models/%s/form",
			     client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))))));
	if (cli->json)
		return output_json(answer);
	form = json_object_get(answer, "form");
	if (!json_is_object(form))
		return output_done(cli, answer, "it asks nothing");
	print_text(form, "extra_gated_heading");
	print_text(form, "extra_gated_prompt");
	print_text(form, "extra_gated_description");
	TRY(output_object(cli, answer, "model version source revision sha256"));
	return output_table(cli, form, "extra_gated_fields", "label type required options");
}
