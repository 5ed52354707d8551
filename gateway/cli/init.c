/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's commands: make a gateway, bring its database up to date, run it. */
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/signin/one_time.h"
#include "gateway/cli/child.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/setup.h"
#include "gateway/cli/user_key.h"

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

/* The operator is the first approver, unless --no-approver: by the public key that is named, or by
 * a key file, which is made if it is not there. *file is NULL if no file is involved. */
static enum err read_approver(struct setup *s, const char **file, struct cli *cli)
{
	static uint8_t public_key[SIGN_PUBLIC];
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf bytes = buf_new(2 * SIGN_PUBLIC);
	const char *wanted = arguments_value(&cli->arguments, "approver-key");
	bool made;

	*file = NULL;
	if (arguments_flag(&cli->arguments, "no-approver"))
		return OK;
	s->approver = public_key;
	if (wanted && text_read_base64(&bytes, slice_of_string(wanted), TEXT_BASE64) == OK &&
	    bytes.size == SIGN_PUBLIC) {
		memcpy(public_key, bytes.data, SIGN_PUBLIC);
		return OK;
	}
	*file = wanted ? wanted : arena_printf(&cli->arena, "%s/approver.key", s->dir);
	TRY(user_key_read_or_make(&key, &made, &cli->arena, *file));
	sign_key_public(key, public_key);
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

static void print_approver(const struct setup *s, const char *file)
{
	if (!s->approver)
		printf("There is no approver: a token with the office is enough to have licenses "
		       "signed.\nLater: sallyport approver first.\n\n");
	else if (file)
		printf("The operator's approver key is in %s: no license is signed without it.\n"
		       "Move it to the machine you approve from (~/.config/sallyport/key).\n\n",
		       file);
}

static enum err print_setup(const struct cli *cli, const struct setup *s,
			    const struct setup_done *done, const char *file)
{
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(CHILD_MAX_OUTPUT);

	if (!cli->json) {
		print_approver(s, file);
		printf("The gateway is made in %s.\n\n"
		       "  start it         sallyport serve --config %s\n"
		       "  clients trust    %s\n"
		       "  log key          %s\n"
		       "  license key      %s\n\n"
		       "The first token of person \"%s\", who holds every office. It is shown this "
		       "once:\n%s\n\n"
		       "And a code with which they set a password and sign in with a browser, "
		       "once, within %d days:\n%s\n",
		       s->dir, done->config, done->ca ? done->ca : "the CA of your certificate",
		       done->log_vkey, done->license_key, SETUP_OPERATOR, done->token,
		       ONE_TIME_DAYS, done->code);
		return OK;
	}
	json_put_text(object, "config", slice_of_string(done->config));
	json_put_text(object, "url", slice_of_string(s->external_url));
	if (done->ca)
		json_put_text(object, "ca", slice_of_string(done->ca));
	json_put_text(object, "log_vkey", slice_of_string(done->log_vkey));
	json_put_text(object, "license_key", slice_of_string(done->license_key));
	json_put_text(object, "person", S(SETUP_OPERATOR));
	if (file)
		json_put_text(object, "approver_key", slice_of_string(file));
	json_put_bool(object, "signed", s->approver != NULL);
	json_put_text(object, "token", slice_of_string(done->token));
	json_put_text(object, "code", slice_of_string(done->code));
	TRY(json_write_canonical(&text, object));
	printf("%s\n", buf_string(&text));
	return OK;
}

enum err command_init(struct cli *cli)
{
	struct setup setup;
	struct setup_done done;
	const char *file;

	TRY(read_setup(&setup, cli));
	TRY(read_approver(&setup, &file, cli));
	TRY(setup_run(&done, &cli->arena, &setup));
	return print_setup(cli, &setup, &done, file);
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
