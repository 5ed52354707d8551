/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - sallyport: finds the command, reads its words, runs it, and says how it went. */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/log.h"
#include "gateway/cli/commands.h"

#define COMMAND_ROW(name, words, options, least, most, summary, run) \
	{name, words, {options, least, most}, summary, run},
static const struct command commands[] = {COMMANDS(COMMAND_ROW)};
#undef COMMAND_ROW

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_all(FILE *out)
{
	fprintf(out, "usage: sallyport COMMAND [WORDS] [OPTIONS]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-18s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\nsallyport COMMAND --help shows its words and options.\n"
		     "Every command takes --url URL --ca FILE --token TOKEN, or what "
		     "`sallyport login` has kept,\nand --json for machines. The environment may "
		     "give SALLYPORT_URL, SALLYPORT_CA and SALLYPORT_TOKEN.\n"
		     "Exit: 0 done, 1 refused or failed, 2 not understood.\n");
}

/* "dir= office=+ once" as "[--dir DIR] [--office OFFICE]... [--once]". */
static void print_options(FILE *out, struct slice options)
{
	bool more = options.size > 0;

	while (more) {
		struct slice rest, one, behind;

		more = slice_cut(options, ' ', &one, &rest);
		if (!more)
			one = options;
		options = rest;
		if (!slice_cut(one, '=', &one, &behind))
			fprintf(out, " [--%.*s]", SLICE_PRINT(one));
		else
			fprintf(out, " [--%.*s ...]%s", SLICE_PRINT(one), behind.size ? "..." : "");
	}
}

static void print_usage(FILE *out, const struct command *command)
{
	fprintf(out, "usage: sallyport %s%s%s", command->name, command->words[0] ? " " : "",
		command->words);
	print_options(out, slice_of_string(command->rule.options));
	fprintf(out, "\n%s\n", command->summary);
}

/* How many of argv's words the command's name takes up: 0 if it is another one. */
static int match(const struct command *command, int argc, char *const *argv)
{
	struct slice name = slice_of_string(command->name);
	struct slice first, second;

	if (argc > 0 && slice_equal(name, slice_of_string(argv[0])))
		return 1;
	if (argc > 1 && slice_cut(name, ' ', &first, &second) &&
	    slice_equal(first, slice_of_string(argv[0])) &&
	    slice_equal(second, slice_of_string(argv[1])))
		return 2;
	return 0;
}

/* The longest name: "requests show" is not "requests" with a word. */
static const struct command *find_command(int argc, char *const *argv, int *taken)
{
	const struct command *found = NULL;

	*taken = 0;
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		int words = match(&commands[i], argc, argv);

		if (words <= *taken)
			continue;
		*taken = words;
		found = &commands[i];
	}
	return found;
}

static int not_found(int argc, char *const *argv)
{
	bool is_help = argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
				    strcmp(argv[0], "help") == 0);

	if (is_help) {
		print_all(stdout);
		return CLI_OK;
	}
	if (argc == 0)
		print_all(stderr);
	else
		fprintf(stderr,
			"sallyport: there is no command \"%s%s%s\"; sallyport --help lists them\n",
			argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
			argc > 1 && argv[1][0] != '-' ? argv[1] : "");
	return CLI_USAGE;
}

static int finish(struct cli *cli, const struct command *command, enum err result)
{
	struct slice text;

	if (result == OK && (fflush(stdout) != 0 || ferror(stdout))) {
		fprintf(stderr, "sallyport: standard output cannot be written\n");
		return CLI_FAILED;
	}
	if (result == OK)
		return CLI_OK;
	if (cli->json && cli->client && client_problem(cli->client).size)
		printf("%.*s\n", SLICE_PRINT(client_problem(cli->client)));
	text = slice_of_string(failure_text());
	while (text.size && text.data[text.size - 1] <= ' ') /* as libpq ends its texts */
		text.size--;
	fprintf(stderr, "sallyport: %.*s\n", SLICE_PRINT(text));
	if (cli->is_usage)
		print_usage(stderr, command);
	return cli->is_usage ? CLI_USAGE : CLI_FAILED;
}

static int run(struct cli *cli, const struct command *command, int argc, char *const *argv)
{
	if (arguments_read(&cli->arguments, &command->rule, argc, argv) != OK) {
		cli->is_usage = true;
		return finish(cli, command, ERR_FORMAT);
	}
	if (arguments_flag(&cli->arguments, "help")) {
		print_usage(stdout, command);
		return CLI_OK;
	}
	cli->json = arguments_flag(&cli->arguments, "json");
	return finish(cli, command, command->run(cli));
}

/* `sallyport --json whoami` is `sallyport whoami --json`: the name of the command is taken out of
 * argv, what stands on both sides of it is read by its rule. Returns how many words remain. */
static int join_words(int argc, char **argv, int leading, int taken)
{
	memmove(argv + leading, argv + leading + taken,
		(size_t)(argc - leading - taken) * sizeof *argv);
	return argc - taken;
}

int main(int argc, char **argv)
{
	struct cli cli = {.client = NULL};
	const struct command *command;
	int leading, taken, status;

	log_start("sallyport", LOG_LEVEL_WARN);
	signal(SIGPIPE, SIG_IGN);
	argc--, argv++;
	leading = arguments_leading(argc, argv);
	command = find_command(argc - leading, argv + leading, &taken);
	if (!command)
		return not_found(argc - leading, argv + leading);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fprintf(stderr, "sallyport: libcurl cannot be started\n");
		return CLI_FAILED;
	}
	status = run(&cli, command, join_words(argc, argv, leading, taken), argv);
	client_free(cli.client);
	arena_free(&cli.arena);
	curl_global_cleanup();
	return status;
}
