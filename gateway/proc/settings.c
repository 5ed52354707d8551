/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/proc/settings.h"

#include <fcntl.h>
#include <ini.h>

#include "crypto/base/file.h"

enum setting_kind { TEXT, NUMBER, SWITCH };

struct setting {
	const char *section;
	const char *name;
	enum setting_kind kind;
	size_t offset; /* of its member */
	const char *value;
	uint64_t least;
	uint64_t most;
	const char *sentence;
};

#define SETTING_ROW(section, name, member, kind, value, least, most, sentence) \
	{#section, #name, kind, offsetof(struct settings, member), value, least, most, sentence},
static const struct setting table[] = {SETTINGS(SETTING_ROW)};
#undef SETTING_ROW

enum { SETTING_COUNT = sizeof table / sizeof table[0] };

/* What the parser's callback fills. inih goes on after an error; only the first one counts. */
struct parse {
	struct settings *out;
	bool seen[SETTING_COUNT];
	bool failed;
};

static enum err set_text(char *out, const struct setting *row, struct slice value)
{
	if (value.size < row->least || value.size > row->most)
		return failure(ERR_FORMAT, "%s has %zu characters, %llu to %llu are allowed",
			       row->name, value.size, (unsigned long long)row->least,
			       (unsigned long long)row->most);
	memcpy(out, value.data, value.size);
	out[value.size] = '\0';
	return OK;
}

static enum err set_number(int64_t *out, const struct setting *row, struct slice value)
{
	uint64_t number;

	if (!slice_to_u64(value, row->most, &number) || number < row->least)
		return failure(ERR_FORMAT, "%s = \"%.*s\": a number from %llu to %llu is expected",
			       row->name, SLICE_PRINT(slice_part(value, 0, 64)),
			       (unsigned long long)row->least, (unsigned long long)row->most);
	*out = (int64_t)number;
	return OK;
}

static enum err set_switch(bool *out, const struct setting *row, struct slice value)
{
	*out = slice_equal(value, S("yes"));
	if (*out || slice_equal(value, S("no")))
		return OK;
	return failure(ERR_FORMAT, "%s = \"%.*s\": yes or no is expected", row->name,
		       SLICE_PRINT(slice_part(value, 0, 64)));
}

static enum err set(struct settings *out, const struct setting *row, struct slice value)
{
	void *member = (uint8_t *)out + row->offset;

	switch (row->kind) {
	case TEXT:
		return set_text(member, row, value);
	case NUMBER:
		return set_number(member, row, value);
	case SWITCH:
		return set_switch(member, row, value);
	}
	return failure(ERR_INTERNAL, "setting %s: no such kind", row->name);
}

static enum err take(struct parse *parse, const char *section, const char *name, const char *value)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (strcmp(table[i].section, section) != 0 || strcmp(table[i].name, name) != 0)
			continue;
		if (parse->seen[i])
			return failure(ERR_FORMAT, "%s is given twice", name);
		parse->seen[i] = true;
		return set(parse->out, &table[i], slice_of_string(value));
	}
	return failure(ERR_FORMAT, "there is no setting \"%s\" in section [%s]", name, section);
}

static int on_setting(void *context, const char *section, const char *name, const char *value)
{
	struct parse *parse = context;

	if (parse->failed)
		return 1;
	if (take(parse, section, name, value ? value : "") == OK)
		return 1;
	parse->failed = true;
	return 0;
}

/* inih cuts long lines in two without a word, and stops at a NUL. */
static enum err check_lines(struct slice text)
{
	unsigned line = 1;
	size_t start = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\0')
			return failure(ERR_FORMAT, "line %u: a NUL byte", line);
		if (i - start >= INI_MAX_LINE - 2 && text.data[i] != '\n')
			return failure(ERR_FORMAT, "line %u: longer than %d characters", line,
				       INI_MAX_LINE - 2);
		if (text.data[i] != '\n')
			continue;
		line++;
		start = i + 1;
	}
	return OK;
}

static enum err set_defaults(struct parse *parse)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *row = &table[i];

		if (parse->seen[i])
			continue;
		if (row->kind == TEXT && row->least > 0 && row->value[0] == '\0')
			return failure(ERR_FORMAT, "%s is missing in section [%s]: %s", row->name,
				       row->section, row->sentence);
		TRY(set(parse->out, row, slice_of_string(row->value)));
	}
	return OK;
}

static enum err check_engine_cache(const struct settings *s)
{
	static const char *const names[] = {"f32", "f16", "q8"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(s->engine_cache, names[i]) == 0)
			return OK;
	return failure(ERR_FORMAT, "engine_cache = \"%s\": f32, f16 or q8 is expected",
		       s->engine_cache);
}

static enum err check_meaning(const struct settings *s)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};

	TRY(check_engine_cache(s));
	if (s->data_dir[0] != '/')
		return failure(ERR_FORMAT, "data_dir = \"%s\": an absolute path is expected",
			       s->data_dir);
	if (s->edges > s->engines)
		return failure(ERR_FORMAT,
			       "edges = %lld, engines = %lld: each edge needs an engine of its own",
			       (long long)s->edges, (long long)s->engines);
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (strcmp(s->log_level, levels[i]) == 0)
			return OK;
	return failure(ERR_FORMAT, "log_level = \"%s\": error, warn, info or debug is expected",
		       s->log_level);
}

/* The failure recorded so far, with the file (and line, if there is one) before it. */
static enum err in_file(const char *name, int line)
{
	char why[FAILURE_MAX_TEXT];

	memcpy(why, failure_text(), sizeof why);
	why[sizeof why - 1] = '\0';
	if (line > 0)
		return failure(ERR_FORMAT, "%s: line %d: %s", name, line, why);
	return failure(ERR_FORMAT, "%s: %s", name, why);
}

static enum err parse_lines(struct parse *parse, struct slice text, const char *name)
{
	AUTO(buf_free) struct buf copy = buf_new(SETTINGS_MAX_FILE);
	int line;

	if (check_lines(text) != OK)
		return in_file(name, 0);
	buf_write(&copy, text);
	TRY(buf_done(&copy));
	line = ini_parse_string(buf_string(&copy), on_setting, parse);
	if (line < 0)
		return failure(ERR_INTERNAL, "%s: the parser has no memory", name);
	if (line > 0 && !parse->failed)
		return failure(ERR_FORMAT, "%s: line %d: neither [section] nor name = value", name,
			       line);
	return line > 0 ? in_file(name, line) : OK;
}

enum err settings_parse(struct settings *out, struct slice text, const char *name)
{
	struct parse parse = {.out = out};

	*out = (struct settings){0};
	TRY(parse_lines(&parse, text, name));
	if (set_defaults(&parse) != OK || check_meaning(out) != OK)
		return in_file(name, 0);
	return OK;
}

enum err settings_read(struct settings *out, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);

	TRY(file_read(&text, AT_FDCWD, path));
	return settings_parse(out, buf_slice(&text), path);
}

void settings_manual(struct buf *out)
{
	const char *section = "";

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *row = &table[i];
		bool required = row->kind == TEXT && row->least > 0 && row->value[0] == '\0';

		if (strcmp(section, row->section) != 0)
			buf_printf(out, "%s[%s]\n", i ? "\n" : "", row->section);
		section = row->section;
		buf_printf(out, "; %s", row->sentence);
		if (row->kind == NUMBER)
			buf_printf(out, " (%llu to %llu)", (unsigned long long)row->least,
				   (unsigned long long)row->most);
		buf_printf(out, "\n;%s = %s\n", row->name, required ? "(required)" : row->value);
	}
}

enum log_level settings_log_level(const struct settings *s)
{
	switch (s->log_level[0]) {
	case 'e':
		return LOG_LEVEL_ERROR;
	case 'w':
		return LOG_LEVEL_WARN;
	case 'd':
		return LOG_LEVEL_DEBUG;
	}
	return LOG_LEVEL_INFO;
}

bool settings_database_is_remote(const struct settings *s)
{
	return s->database_host[0] != '/';
}
