/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/output.h"

#include <stdarg.h>
#include <stdlib.h>

enum { OUTPUT_MAX_COLUMNS = 12, OUTPUT_MAX_CELL = 4096 };

void output_text(FILE *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t b = text.data[i];
		bool plain = (b >= 0x20 && b != 0x7f) || b == '\n' || b == '\t';

		fputc(plain ? b : '?', out);
	}
}

enum err output_json(const json_t *value)
{
	if (json_dumpf(value, stdout, JSON_COMPACT | JSON_SORT_KEYS) != 0)
		return failure(ERR_IO, "the answer cannot be written");
	fputc('\n', stdout);
	return OK;
}

static void write_value(struct buf *out, const json_t *value)
{
	if (json_is_string(value))
		buf_write_string(out, json_string_value(value));
	else if (json_is_integer(value))
		buf_printf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		buf_write_string(out, json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			buf_write_string(out, i ? "," : "");
			write_value(out, json_array_get(value, i));
		}
	} else if (json_is_object(value)) {
		char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);

		buf_write_string(out, text ? text : "");
		free(text);
	}
}

/* The value as one line of plain characters. */
static const char *cell(struct arena *arena, const json_t *object, const char *name)
{
	AUTO(buf_free) struct buf text = buf_new(OUTPUT_MAX_CELL);
	char *line;

	write_value(&text, json_object_get(object, name));
	line = arena_string(arena, buf_slice(&text));
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return line[0] ? line : "-";
}

/* Characters, not bytes: the continuation bytes of UTF-8 take no column. */
static int width(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

struct table {
	const char *names[OUTPUT_MAX_COLUMNS];
	int widths[OUTPUT_MAX_COLUMNS];
	size_t columns;
};

static void read_columns(struct table *t, struct arena *arena, const char *columns)
{
	struct slice rest = slice_of_string(columns), one;
	bool more = true;

	t->columns = 0;
	while (more && t->columns < OUTPUT_MAX_COLUMNS) {
		more = slice_cut(rest, ' ', &one, &rest);
		t->names[t->columns] = arena_string(arena, one);
		t->widths[t->columns] = width(t->names[t->columns]);
		t->columns++;
	}
}

static void print_cell(const char *text, int column_width, bool is_last)
{
	int missing = column_width - width(text);

	printf("%s%*s", text, is_last || missing < 0 ? 0 : missing, "");
	fputs(is_last ? "\n" : "  ", stdout);
}

static void print_table(struct table *t, struct arena *arena, const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		for (size_t k = 0; k < t->columns; k++) {
			int w = width(cell(arena, json_array_get(rows, i), t->names[k]));

			t->widths[k] = w > t->widths[k] ? w : t->widths[k];
		}
	for (size_t k = 0; k < t->columns; k++)
		print_cell(t->names[k], t->widths[k], k + 1 == t->columns);
	for (size_t i = 0; i < json_array_size(rows); i++)
		for (size_t k = 0; k < t->columns; k++)
			print_cell(cell(arena, json_array_get(rows, i), t->names[k]), t->widths[k],
				   k + 1 == t->columns);
}

enum err output_table(const struct cli *cli, const json_t *answer, const char *list,
		      const char *columns)
{
	AUTO(arena_free) struct arena arena = {NULL};
	const json_t *rows = json_is_array(answer) ? answer : json_object_get(answer, list);
	struct table table;

	if (cli->json)
		return output_json(answer);
	if (!json_is_array(rows))
		return failure(ERR_FORMAT, "the answer has no list \"%s\"", list);
	read_columns(&table, &arena, columns);
	print_table(&table, &arena, rows);
	return OK;
}

enum err output_object(const struct cli *cli, const json_t *object, const char *names)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct table table;
	int widest = 0;

	if (cli->json)
		return output_json(object);
	read_columns(&table, &arena, names);
	for (size_t k = 0; k < table.columns; k++)
		widest = table.widths[k] > widest ? table.widths[k] : widest;
	for (size_t k = 0; k < table.columns; k++)
		printf("%-*s  %s\n", widest, table.names[k], cell(&arena, object, table.names[k]));
	return OK;
}

enum err output_done(const struct cli *cli, const json_t *answer, const char *format, ...)
{
	va_list arguments;

	if (cli->json) {
		AUTO(json_auto) json_t *empty = answer ? NULL : json_object_new();

		return output_json(answer ? answer : empty);
	}
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	fputc('\n', stdout);
	return OK;
}
