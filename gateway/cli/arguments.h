/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments.h - the words after `sallyport`, read against the rule of one command. Pure: it
 * looks at nothing but its input.
 *
 * A rule's options are one text, "dir= office=+ once": a name is a flag, name= takes a value,
 * name=+ takes one each time it is given. Every command also takes --url= --ca= --token= --json
 * --help. "--name value" and "--name=value" are the same; "--" ends the options.
 */
#ifndef GATEWAY_CLI_ARGUMENTS_H
#define GATEWAY_CLI_ARGUMENTS_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { ARGUMENTS_MAX_OPTIONS = 64, ARGUMENTS_MAX_WORDS = 101 };

struct argument_rule {
	const char *options;
	unsigned least_words;
	unsigned most_words;
};

struct argument_option {
	struct slice name;
	const char *value; /* NULL: a flag */
};

struct arguments {
	const char *words[ARGUMENTS_MAX_WORDS];
	size_t word_count;
	struct argument_option options[ARGUMENTS_MAX_OPTIONS];
	size_t option_count;
};

/* Borrows from argv. ERR_FORMAT says which word is not understood or missing. */
RESULT arguments_read(struct arguments *out, const struct argument_rule *rule, int argc,
		      char *const *argv);

/* How many words at the beginning are common options and their values: those may stand before the
 * command. */
int arguments_leading(int argc, char *const *argv);

const char *arguments_value(const struct arguments *a, const char *name); /* NULL: not given */
bool arguments_flag(const struct arguments *a, const char *name);

/* The values of an option that may be given more than once, at most `max`; returns how many. */
size_t arguments_list(const struct arguments *a, const char *name, const char **out, size_t max);

/* A decimal number up to `max`; *out is left alone if the option was not given. */
RESULT arguments_number(uint64_t *out, const struct arguments *a, const char *name, uint64_t max);

#endif
