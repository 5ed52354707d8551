/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's life: a directory of its own, PostgreSQL and gateway up, the walk, demo.json, and
 * everything down again in order. A second run in the same directory starts from nothing.
 */
#include "gateway/cli/demo.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "crypto/age_key.h"
#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "gateway/cli/child.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/demo_folder.h"
#include "gateway/cli/gateway_run.h"
#include "gateway/cli/user_key.h"
#include "gateway/cli/wrap.h"

enum { DEMO_PORT = 8443, DEMO_WATCH_MS = 500 };

const char *const demo_person_names[DEMO_PERSONS] = {
	[DEMO_ADMIN] = "admin",
	[DEMO_AUDITOR] = "auditor",
	[DEMO_RESEARCHER] = "researcher",
	[DEMO_STRANGER] = "stranger",
};

static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
	(void)number;
	asked_to_stop = 1;
}

bool demo_is_interrupted(void)
{
	return asked_to_stop != 0;
}

void demo_say(struct demo *d, const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	buf_printf(&d->said, "%s\n", line);
}

void demo_say_below(struct demo *d, const char *label, struct slice text)
{
	size_t indent = strlen(label);

	do {
		struct slice line = wrap_next(&text, DEMO_COLUMNS - indent);

		demo_say(d, "%-*s%.*s", (int)indent, label, SLICE_PRINT(line));
		label = "";
	} while (text.size);
}

/* The escrow identity: in earnest it never touches this machine; the demo keeps it to show that
 * stock age opens what is sealed. */
static enum err make_escrow(struct demo *d, const char **recipient)
{
	AUTO(secret_auto) struct secret *identity = NULL;
	AUTO(secret_auto) struct secret *text = NULL;
	AUTO(buf_free) struct buf line = buf_new(256);
	uint8_t public_key[AGE_KEY];

	TRY(age_identity_new(&identity));
	TRY(age_identity_text(&text, identity));
	age_identity_recipient(identity, public_key);
	age_recipient_write(&line, public_key);
	TRY(buf_done(&line));
	*recipient = arena_string(&d->arena, buf_slice(&line));
	buf_reset(&line);
	buf_write(&line, secret_slice(text));
	buf_write_string(&line, "\n");
	d->escrow_path = arena_printf(&d->arena, "%s/escrow.age-identity", d->dir);
	return file_write_atomic(AT_FDCWD, d->escrow_path, buf_slice(&line), 0600);
}

static enum err start_cluster(struct demo *d)
{
	TRY(cluster_start(&d->cluster, d->dir));
	demo_say(d, "PostgreSQL in %s/pg, reached by a socket in %s/socket only", d->dir, d->dir);
	return OK;
}

/* Made before the gateway is: the first approver comes into the journal at init. */
static enum err make_first_approver(struct setup *setup, struct demo *d,
				    uint8_t public_key[SIGN_PUBLIC])
{
	const char *path = arena_printf(&d->arena, "%s/operator.key", d->dir);
	bool made;

	if (!d->is_signed)
		return OK;
	TRY(user_key_read_or_make(&d->first_approver, &made, &d->arena, path));
	sign_key_public(d->first_approver, public_key);
	setup->approver = public_key;
	return OK;
}

static enum err start_gateway(struct demo *d)
{
	uint8_t approver[SIGN_PUBLIC];
	const char *log = arena_printf(&d->arena, "%s/gateway.log", d->dir);
	struct setup setup = {
		.dir = d->dir,
		.listen = arena_printf(&d->arena, "127.0.0.1:%u", (unsigned)d->port),
		.external_url = d->url,
		.database = cluster_database(d->cluster, "sallyport"),
	};

	TRY(make_escrow(d, &setup.escrow));
	TRY(make_first_approver(&setup, d, approver));
	TRY(setup_run(&d->made, &d->arena, &setup));
	TRY(client_new(&d->operator, d->url, d->made.ca, d->made.token));
	client_stop_when(d->operator, demo_is_interrupted);
	TRY(gateway_run_start(&d->gateway, d->made.config, log));
	TRY(gateway_run_await(d->operator, & d->gateway, log));
	demo_say(d, "serving %s; its certificate is signed by %s", d->url, d->made.ca);
	demo_say(d, "log key %s", d->made.log_vkey);
	return OK;
}

static const struct {
	const char *title;
	demo_step_fn *run;
} steps[] = {
	{"a private PostgreSQL is up", start_cluster},
	{"the gateway is up", start_gateway},
	{"accounts are made", demo_make_accounts},
	{"who signs for licenses", demo_make_approver},
	{"a model is sealed", demo_seal_model},
	{"a credential is verified", demo_present_credential},
	{"access is requested, the terms signed", demo_request_access},
	{"the request is approved", demo_approve},
	{"the license", demo_show_license},
	{"weights are downloaded, opened on the fly", demo_download},
	{"the model writes", demo_generate},
	{"refused: a stranger", demo_refuse_stranger},
	{"refused: a tampered token", demo_refuse_token},
	{"refused: a changed sealed file", demo_refuse_changed_file},
	{"the log tells all of it", demo_query_log},
	{"the log verifies", demo_verify_log},
	{"a receipt of the download verifies", demo_verify_receipt},
};

enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

static void print_line(struct slice line)
{
	printf("        ");
	for (size_t i = 0; i < line.size; i++)
		fputc(line.data[i] >= 0x20 && line.data[i] != 0x7f ? line.data[i] : '?', stdout);
	fputc('\n', stdout);
}

static void print_said(const struct demo *d)
{
	struct slice rest = buf_slice(&d->said);

	while (rest.size)
		print_line(wrap_next(&rest, DEMO_COLUMNS));
}

static enum err run_step(struct demo *d, size_t i)
{
	bool colors = isatty(STDOUT_FILENO) == 1;
	int64_t began = clock_monotonic_ms();
	enum err result;

	buf_reset(&d->said);
	printf("[%2zu/%2d] %-46s ", i + 1, STEP_COUNT, steps[i].title);
	fflush(stdout);
	result = demo_is_interrupted() ? failure(ERR_CLOSED, "interrupted") : steps[i].run(d);
	if (result == OK)
		printf("%sok%s  %5.1f s\n", colors ? "\033[32m" : "", colors ? "\033[0m" : "",
		       (double)(clock_monotonic_ms() - began) / 1000);
	else
		printf("%sFAILED%s\n", colors ? "\033[31m" : "", colors ? "\033[0m" : "");
	print_said(d);
	fflush(stdout);
	return result;
}

static enum err walk(struct demo *d)
{
	for (size_t i = 0; i < STEP_COUNT; i++) {
		enum err result = run_step(d, i);
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		if (result != OK)
			return failure(result, "step %zu, %s: %s", i + 1, steps[i].title, why);
	}
	return OK;
}

static enum err put_issuer(json_t *object, const struct demo *d)
{
	AUTO(secret_auto) struct secret *jwk = NULL;
	json_t *issuer = json_object_new();
	json_t *key = NULL;

	json_put(object, "issuer", issuer);
	json_put_text(issuer, "iss", S(DEMO_ISSUER));
	TRY(jose_key_private(&jwk, d->issuer));
	TRY(json_read(&key, secret_slice(jwk), DEMO_MAX_SAID));
	json_put(issuer, "jwk", key);
	return OK;
}

/* What checks and tools need to go on from here. Secrets of a demo, yet only for its owner. */
static enum err write_summary(struct demo *d)
{
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(DEMO_MAX_SAID);
	json_t *tokens = json_object_new(), *codes = json_object_new();
	const char *psql;

	json_put_text(object, "url", slice_of_string(d->url));
	json_put_text(object, "ca", slice_of_string(d->made.ca));
	json_put_text(object, "model", S(DEMO_MODEL));
	json_put_text(object, "revision", slice_of_string(d->revision));
	json_put(object, "tokens", tokens);
	json_put(object, "codes", codes);
	for (size_t i = 0; i < DEMO_PERSONS; i++) {
		json_put_text(tokens, demo_person_names[i], slice_of_string(d->tokens[i]));
		json_put_text(codes, demo_person_names[i], slice_of_string(d->codes[i]));
	}
	TRY(put_issuer(object, d));
	json_put_text(object, "escrow", slice_of_string(d->escrow_path));
	json_put_text(object, "config", slice_of_string(d->made.config));
	TRY(cluster_connection_string(&psql, &d->arena, d->cluster, "sallyport"));
	json_put_text(object, "psql", slice_of_string(psql));
	if (d->approver_path)
		json_put_text(object, "approver", slice_of_string(d->approver_path));
	TRY(json_write_canonical(&text, object));
	buf_write(&text, S("\n"));
	TRY(buf_done(&text));
	return file_write_atomic(AT_FDCWD, arena_printf(&d->arena, "%s/demo.json", d->dir),
				 buf_slice(&text), 0600);
}

static void print_how_to_go_on(const struct demo *d)
{
	char folder[PATH_MAX];

	if (child_own_folder(folder, sizeof folder) != OK)
		folder[0] = '\0';
	printf("\nEvery step held. The gateway goes on until Ctrl-C; from another terminal:\n\n"
	       "  export SALLYPORT_URL=%s SALLYPORT_CA=%s\n"
	       "  export SALLYPORT_TOKEN=...     # one of tokens in %s/demo.json\n"
	       "  %s/sallyport chat %s \"Once upon a time\"\n"
	       "  %s/sallyport audit verify\n\n",
	       d->url, d->made.ca, d->dir, folder, DEMO_MODEL, folder);
	printf("Or open %s/ in a browser (its certificate is the demo's own) and sign in with a\n"
	       "code, which is good once and sets a password:\n\n",
	       d->url);
	for (size_t i = 0; i < DEMO_PERSONS; i++)
		printf("  %-11s %s\n", demo_person_names[i], d->codes[i]);
	printf("\n");
	fflush(stdout);
}

static enum err stay(struct demo *d)
{
	int code;

	print_how_to_go_on(d);
	while (!demo_is_interrupted()) {
		struct timespec pause = {0, DEMO_WATCH_MS * 1000000L};

		if (child_has_ended(&d->gateway, &code))
			return failure(ERR_INTERNAL,
				       "the gateway ended with %d; why is told in %s/gateway.log",
				       code, d->dir);
		nanosleep(&pause, NULL); /* a signal ends it */
	}
	printf("stopping\n");
	return OK;
}

/* The gateway first, so that it can finish with its database. */
static void demo_clear(struct demo *d)
{
	gateway_run_stop(&d->gateway);
	cluster_free(d->cluster);
	for (size_t i = 0; i < DEMO_PERSONS; i++)
		client_free(d->clients[i]);
	client_free(d->operator);
	jose_key_free(d->issuer);
	sign_key_free(d->key);
	sign_key_free(d->first_approver);
	sign_key_free(d->approver);
	buf_free(&d->said);
	file_close(&d->lock);
	arena_free(&d->arena);
}

static enum err find_model(struct demo *d, const struct cli *cli)
{
	d->model = arguments_value(&cli->arguments, "model");
	d->terms = arguments_value(&cli->arguments, "terms");
	if (!d->model)
		d->model = SALLYPORT_SOURCE_DIR "/tests/data/demo-model";
	if (!d->terms)
		d->terms = SALLYPORT_SOURCE_DIR "/tests/data/demo-model-terms.md";
	if (access(d->model, R_OK | X_OK) != 0)
		return failure_errno("the model \"%s\" cannot be read; name another with --model",
				     d->model);
	if (access(d->terms, R_OK) != 0)
		return failure_errno("the terms \"%s\" cannot be read; name others with --terms",
				     d->terms);
	return OK;
}

static enum err prepare(struct demo *d, struct cli *cli)
{
	const char *dir;

	TRY(cli_need(&dir, cli, "dir"));
	d->port = DEMO_PORT;
	TRY(arguments_number(&d->port, &cli->arguments, "port", 65535));
	if (d->port == 0)
		return cli_usage(cli, "--port 0: a number from 1 to 65535 is expected");
	d->is_signed = arguments_flag(&cli->arguments, "signed");
	d->url = arena_printf(&d->arena, "https://127.0.0.1:%u", (unsigned)d->port);
	TRY(find_model(d, cli));
	return demo_folder_take(&d->dir, &d->lock, &d->arena, dir);
}

enum err command_demo(struct cli *cli)
{
	AUTO(demo_clear) struct demo d = {.lock = -1, .said = buf_new(DEMO_MAX_SAID)};
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	TRY(prepare(&d, cli));
	TRY(walk(&d));
	TRY(write_summary(&d));
	if (arguments_flag(&cli->arguments, "once")) {
		printf("\nEvery step held.\n");
		return OK;
	}
	return stay(&d);
}
