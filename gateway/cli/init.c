/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's commands: make a gateway, bring its database up to date, run it. */
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/json.h"
#include "gateway/cli/child.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/setup.h"

/* Settings hold absolute paths; `path` need not exist yet, its parent is made if need be. */
static enum err absolute(const char **out, struct arena *arena, const char *path)
{
	char real[PATH_MAX];

	TRY(file_make_directory(AT_FDCWD, path, 0755));
	if (!realpath(path, real))
		return failure_errno("\"%s\"", path);
	*out = arena_string(arena, slice_of_string(real));
	return OK;
}

static enum err absolute_file(const char **out, struct cli *cli, const char *option)
{
	const char *path = arguments_value(&cli->arguments, option);
	char real[PATH_MAX];

	*out = NULL;
	if (!path)
		return OK;
	if (!realpath(path, real))
		return failure_errno("--%s \"%s\"", option, path);
	*out = arena_string(&cli->arena, slice_of_string(real));
	return OK;
}

/* The same as what `serve` accepts: a numeric address, in brackets if it is IPv6, and a port. */
static enum err check_listen(struct cli *cli, const char *listen)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	const char *colon = strrchr(listen, ':');
	struct slice host = slice_of(listen, colon ? (size_t)(colon - listen) : 0);
	int result;

	if (slice_starts_with(host, S("[")) && slice_ends_with(host, S("]")))
		host = slice_part(host, 1, host.size - 2);
	if (host.size == 0 || !colon[1])
		return cli_usage(cli, "--listen %s: address:port is expected", listen);
	result = getaddrinfo(arena_string(&cli->arena, host), colon + 1, &hints, &found);
	if (result != 0)
		return cli_usage(cli, "--listen %s: a numeric address and port are expected",
				 listen);
	freeaddrinfo(found);
	return OK;
}

/* Without --url-for-clients: localhost and the port that is listened on. */
static enum err default_url(const char **out, struct cli *cli, const char *listen)
{
	const char *port = strrchr(listen, ':');

	*out = arguments_value(&cli->arguments, "url-for-clients");
	if (*out)
		return OK;
	*out = arena_printf(&cli->arena, "https://localhost%s", port);
	return OK;
}

static enum err read_setup(struct setup *s, struct cli *cli)
{
	const char *dir, *database;

	*s = (struct setup){.listen = arguments_value(&cli->arguments, "listen")};
	if (!s->listen)
		s->listen = "127.0.0.1:8443";
	TRY(check_listen(cli, s->listen));
	TRY(cli_need(&dir, cli, "dir"));
	TRY(cli_need(&database, cli, "database"));
	TRY(database_parse(&s->database, &cli->arena, database));
	TRY(default_url(&s->external_url, cli, s->listen));
	TRY(absolute_file(&s->certificate, cli, "certificate"));
	TRY(absolute_file(&s->key, cli, "key"));
	s->escrow = arguments_value(&cli->arguments, "escrow");
	s->host_count = arguments_list(&cli->arguments, "host", s->hosts, SETUP_MAX_HOSTS);
	return absolute(&s->dir, &cli->arena, dir);
}

static enum err print_setup(const struct cli *cli, const struct setup *s,
			    const struct setup_done *done)
{
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(CHILD_MAX_OUTPUT);

	if (!cli->json) {
		printf("The gateway is made in %s.\n\n"
		       "  start it         sallyport serve --config %s\n"
		       "  clients trust    %s\n"
		       "  log key          %s\n"
		       "  license key      %s\n\n"
		       "The first token of person \"%s\", who holds every office. It is shown this "
		       "once:\n%s\n",
		       s->dir, done->config, done->ca ? done->ca : "the CA of your certificate",
		       done->log_vkey, done->license_key, SETUP_OPERATOR, done->token);
		return OK;
	}
	json_put_text(object, "config", slice_of_string(done->config));
	json_put_text(object, "url", slice_of_string(s->external_url));
	if (done->ca)
		json_put_text(object, "ca", slice_of_string(done->ca));
	json_put_text(object, "log_vkey", slice_of_string(done->log_vkey));
	json_put_text(object, "license_key", slice_of_string(done->license_key));
	json_put_text(object, "person", S(SETUP_OPERATOR));
	json_put_text(object, "token", slice_of_string(done->token));
	TRY(json_write_canonical(&text, object));
	printf("%s\n", buf_string(&text));
	return OK;
}

enum err command_init(struct cli *cli)
{
	struct setup setup;
	struct setup_done done;

	TRY(read_setup(&setup, cli));
	TRY(setup_run(&done, &cli->arena, &setup));
	return print_setup(cli, &setup, &done);
}

enum err command_migrate(struct cli *cli)
{
	struct database database;
	struct migrate_target target;
	const char *text;
	unsigned applied;

	TRY(cli_need(&text, cli, "database"));
	TRY(database_parse(&database, &cli->arena, text));
	target = database_target(&database, database.name);
	TRY(migrate_run(&target, &applied));
	if (cli->json)
		printf("{\"applied\":%u}\n", applied);
	else
		printf("%u migration%s applied; the database is up to date\n", applied,
		       applied == 1 ? "" : "s");
	return OK;
}

enum err command_serve(struct cli *cli)
{
	char folder[PATH_MAX];
	const char *config, *program;

	TRY(cli_need(&config, cli, "config"));
	TRY(child_own_folder(folder, sizeof folder));
	program = arena_printf(&cli->arena, "%s/sallyportd", folder);
	execl(program, program, "--config", config, (char *)NULL);
	return failure_errno("\"%s\" cannot be run", program);
}
