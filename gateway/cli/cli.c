/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/cli/login.h"

static const char *given(const struct cli *cli, const char *option, const char *variable,
			 const char *saved)
{
	const char *value = arguments_value(&cli->arguments, option);

	if (!value)
		value = getenv(variable);
	return value && value[0] ? value : saved;
}

enum err cli_client(struct client **out, struct cli *cli)
{
	struct login saved = {NULL, NULL, NULL};
	const char *folder, *url;

	if (cli->client) {
		*out = cli->client;
		return OK;
	}
	if (login_config_folder(&folder, &cli->arena) == OK) {
		enum err result = login_read(&saved, &cli->arena,
					     arena_printf(&cli->arena, "%s/login.json", folder));

		if (result != OK && result != ERR_NOT_FOUND)
			return result;
	}
	url = given(cli, "url", "SALLYPORT_URL", saved.url);
	if (!url)
		return cli_usage(cli, "which gateway? Give --url, or run `sallyport login` once");
	/* A saved token is for the saved gateway, and for no other. */
	if (saved.url && strcmp(url, saved.url) != 0)
		saved = (struct login){NULL, NULL, NULL};
	TRY(client_new(&cli->client, url, given(cli, "ca", "SALLYPORT_CA", saved.ca),
		       given(cli, "token", "SALLYPORT_TOKEN", saved.token)));
	*out = cli->client;
	return OK;
}

enum err cli_need(const char **out, struct cli *cli, const char *name)
{
	*out = arguments_value(&cli->arguments, name);
	if (*out && (*out)[0])
		return OK;
	return cli_usage(cli, "--%s is needed", name);
}

enum err cli_usage(struct cli *cli, const char *format, ...)
{
	char text[FAILURE_MAX_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	cli->is_usage = true;
	return failure(ERR_FORMAT, "%s", text);
}

const char *cli_word(const struct cli *cli, size_t index)
{
	return index < cli->arguments.word_count ? cli->arguments.words[index] : NULL;
}
