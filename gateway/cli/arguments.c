/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/arguments.h"

enum option_kind { OPTION_UNKNOWN, OPTION_FLAG, OPTION_ONCE, OPTION_MANY };

static const char common_options[] = "url= ca= token= json help";

static enum option_kind find_in(struct slice options, struct slice name)
{
	bool more = true;

	while (more) {
		struct slice rest, one, behind;

		more = slice_cut(options, ' ', &one, &rest);
		options = rest;
		if (!slice_cut(one, '=', &one, &behind)) {
			if (slice_equal(one, name))
				return OPTION_FLAG;
		} else if (slice_equal(one, name))
			return behind.size ? OPTION_MANY : OPTION_ONCE;
	}
	return OPTION_UNKNOWN;
}

static enum option_kind find_option(const struct argument_rule *rule, struct slice name)
{
	enum option_kind kind = find_in(slice_of_string(common_options), name);

	if (kind != OPTION_UNKNOWN || name.size == 0)
		return kind;
	return find_in(slice_of_string(rule->options), name);
}

static const struct argument_option *find_given(const struct arguments *a, struct slice name)
{
	for (size_t i = 0; i < a->option_count; i++)
		if (slice_equal(a->options[i].name, name))
			return &a->options[i];
	return NULL;
}

static enum err add_option(struct arguments *a, struct slice name, const char *value,
			   enum option_kind kind)
{
	if (kind == OPTION_ONCE && find_given(a, name))
		return failure(ERR_FORMAT, "--%.*s is given twice", SLICE_PRINT(name));
	if (a->option_count == ARGUMENTS_MAX_OPTIONS)
		return failure(ERR_LIMIT, "more than %d options", ARGUMENTS_MAX_OPTIONS);
	a->options[a->option_count++] = (struct argument_option){name, value};
	return OK;
}

/* One option at argv[*at]; *at stays on the last word that belongs to it. */
static enum err read_option(struct arguments *a, const struct argument_rule *rule, int argc,
			    char *const *argv, int *at)
{
	struct slice word = slice_of_string(argv[*at] + 2);
	struct slice name = word, value = S("");
	bool joined = slice_cut(word, '=', &name, &value);
	enum option_kind kind;

	if (!joined)
		name = word;
	kind = find_option(rule, name);
	if (kind == OPTION_UNKNOWN)
		return failure(ERR_FORMAT, "there is no option --%.*s here", SLICE_PRINT(name));
	if (kind == OPTION_FLAG && joined)
		return failure(ERR_FORMAT, "--%.*s takes no value", SLICE_PRINT(name));
	if (kind == OPTION_FLAG)
		return add_option(a, name, NULL, kind);
	if (joined)
		return add_option(a, name, (const char *)value.data, kind);
	if (*at + 1 >= argc)
		return failure(ERR_FORMAT, "--%.*s needs a value", SLICE_PRINT(name));
	return add_option(a, name, argv[++*at], kind);
}

static enum err add_word(struct arguments *a, const struct argument_rule *rule, const char *word)
{
	if (a->word_count >= rule->most_words || a->word_count == ARGUMENTS_MAX_WORDS)
		return failure(ERR_FORMAT, "\"%s\" is one word too many", word);
	a->words[a->word_count++] = word;
	return OK;
}

enum err arguments_read(struct arguments *out, const struct argument_rule *rule, int argc,
			char *const *argv)
{
	bool only_words = false;

	*out = (struct arguments){.word_count = 0};
	for (int i = 0; i < argc; i++) {
		if (only_words || argv[i][0] != '-' || argv[i][1] == '\0')
			TRY(add_word(out, rule, argv[i]));
		else if (strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (strcmp(argv[i], "-h") == 0)
			TRY(add_option(out, S("help"), NULL, OPTION_FLAG));
		else if (argv[i][1] != '-')
			return failure(ERR_FORMAT, "\"%s\": options begin with two dashes",
				       argv[i]);
		else
			TRY(read_option(out, rule, argc, argv, &i));
	}
	if (out->word_count < rule->least_words && !arguments_flag(out, "help"))
		return failure(ERR_FORMAT, "%u more word%s needed",
			       rule->least_words - (unsigned)out->word_count,
			       rule->least_words - out->word_count == 1 ? " is" : "s are");
	return OK;
}

int arguments_leading(int argc, char *const *argv)
{
	int at = 0;

	while (at < argc && strncmp(argv[at], "--", 2) == 0) {
		struct slice word = slice_of_string(argv[at] + 2), name, value;
		bool joined = slice_cut(word, '=', &name, &value);
		enum option_kind kind = find_in(slice_of_string(common_options), name);

		if (kind == OPTION_UNKNOWN || slice_equal(name, S("help")))
			break;
		at += kind == OPTION_FLAG || joined ? 1 : 2;
	}
	return at < argc ? at : argc;
}

const char *arguments_value(const struct arguments *a, const char *name)
{
	const struct argument_option *option = find_given(a, slice_of_string(name));

	return option ? option->value : NULL;
}

bool arguments_flag(const struct arguments *a, const char *name)
{
	return find_given(a, slice_of_string(name)) != NULL;
}

size_t arguments_list(const struct arguments *a, const char *name, const char **out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < a->option_count && count < max; i++)
		if (slice_equal(a->options[i].name, slice_of_string(name)))
			out[count++] = a->options[i].value;
	return count;
}

enum err arguments_number(uint64_t *out, const struct arguments *a, const char *name, uint64_t max)
{
	const char *value = arguments_value(a, name);

	if (!value)
		return OK;
	if (!slice_to_u64(slice_of_string(value), max, out))
		return failure(ERR_FORMAT, "--%s %s: a number up to %llu is expected", name, value,
			       (unsigned long long)max);
	return OK;
}
