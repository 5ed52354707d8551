/* SPDX-License-Identifier: Apache-2.0 */
/* What one has used and what is left; how much persons and institutions may use. */
#include "gateway/cli/limits.h"

#include <stdio.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

enum { LIMITS_MAX_WORDS = 16 };

/* MEASURE[/PER]=MAX; the gateway knows which measures and periods there are. */
static enum err read_word(json_t *list, struct cli *cli, const char *word)
{
	struct slice name, number, measure, per;
	uint64_t max;
	json_t *one;

	if (!slice_cut(slice_of_string(word), '=', &name, &number) ||
	    !slice_to_u64(number, INT64_MAX, &max))
		return cli_usage(
			cli, "--limit %s: MEASURE/PER=MAX is expected, as requests/day=1000", word);
	if (!slice_cut(name, '/', &measure, &per))
		per = S("license"); /* at a moment, or as long as it lasts */
	one = json_object_new();
	json_put_text(one, "measure", measure);
	json_put_text(one, "per", per);
	json_put_int(one, "max", (int64_t)max);
	json_push(list, one);
	return OK;
}

enum err limits_read_words(json_t **out, struct cli *cli)
{
	AUTO(json_auto) json_t *list = json_array_new();
	const char *words[LIMITS_MAX_WORDS];
	size_t count = arguments_list(&cli->arguments, "limit", words, LIMITS_MAX_WORDS);

	for (size_t i = 0; i < count; i++)
		TRY(read_word(list, cli, words[i]));
	*out = json_incref(list);
	return OK;
}

enum err command_usage(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/usage", NULL));
	TRY(output_table(cli, answer, "usage",
			 "model right calls prompt_tokens completion_tokens bytes"));
	if (cli->json || !json_array_size(json_object_get(answer, "limits")))
		return OK;
	printf("\n");
	return output_table(cli, answer, "limits", "of model measure per max used left ends");
}

static const char *limits_path(struct cli *cli)
{
	const char *kind = cli_word(cli, 0), *id = cli_word(cli, 1);

	return arena_printf(&cli->arena, "/api/v1/%s/%s/limits",
			    strcmp(kind, "person") == 0 ? "persons" : "institutions",
			    client_encode(&cli->arena, slice_of_string(id)));
}

static enum err check_kind(struct cli *cli)
{
	const char *kind = cli_word(cli, 0);

	if (strcmp(kind, "person") == 0 || strcmp(kind, "institution") == 0)
		return OK;
	return cli_usage(cli, "\"%s\": person or institution is expected", kind);
}

enum err command_limits_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(check_kind(cli));
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", limits_path(cli), NULL));
	return output_table(cli, answer, "limits", "measure per max");
}

enum err command_limits_set(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body, *list;
	struct client *c;

	TRY(check_kind(cli));
	TRY(limits_read_words(&list, cli));
	body = json_object_new();
	json_put(body, "limits", list);
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "PUT", limits_path(cli), body));
	return output_table(cli, answer, "limits", "measure per max");
}
