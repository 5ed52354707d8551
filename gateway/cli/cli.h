/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what a subcommand is, and what it is given. A command prints its answer to standard
 * output and returns; main says the failure, once, on standard error.
 */
#ifndef GATEWAY_CLI_CLI_H
#define GATEWAY_CLI_CLI_H

#include "crypto/base/arena.h"
#include "gateway/cli/arguments.h"
#include "gateway/cli/client.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
	struct arguments arguments;
	struct arena arena;    /* lives as long as the command */
	struct client *client; /* made by cli_client */
	bool json;             /* --json: machines read the answer */
	bool is_usage;         /* the failure is one of usage: exit 2 */
};

typedef enum err command_fn(struct cli *cli);

struct command {
	const char *name;  /* "person add" */
	const char *words; /* "NAME", for the usage */
	struct argument_rule rule;
	const char *summary;
	command_fn *run;
};

/* The connection that --url, --ca and --token or the saved login name. Borrowed from *cli. */
RESULT cli_client(struct client **out, struct cli *cli);

/* The value of an option that must be there; usage failure otherwise. */
RESULT cli_need(const char **out, struct cli *cli, const char *name);

/* A failure that is the caller's: main shows the usage and exits with 2. */
RESULT cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *cli_word(const struct cli *cli, size_t index); /* NULL: not given */

#endif
