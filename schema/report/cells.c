/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of a row, out of its entry. */
#include "crypto/json.h"
#include "schema/report/report.h"

enum { CELLS_MAX_ENTRY = 64 * 1024, CELLS_MAX_DEPTH = 6 };

bool report_next_name(struct slice *name, struct slice *rest)
{
	if (rest->size == 0)
		return false;
	slice_cut(*rest, ',', name, rest);
	return true;
}

size_t report_column_of(const struct report *report, struct slice name)
{
	size_t i = 0;

	while (i < report->column_count &&
	       !slice_equal(slice_of_string(report->columns[i].name), name))
		i++;
	return i;
}

/* What a text of a report may be: of a ceiling, cut between two characters. */
static struct slice shorten(struct arena *arena, struct slice text)
{
	size_t size = REPORT_MAX_CELL - 3;

	if (text.size <= REPORT_MAX_CELL)
		return arena_copy(arena, text);
	while (size > 0 && (text.data[size] & 0xc0) == 0x80)
		size--;
	return slice_of_string(arena_printf(arena, "%.*s…", (int)size, (const char *)text.data));
}

static void write_value(struct buf *out, const json_t *value)
{
	if (json_is_string(value))
		buf_write(out, slice_of(json_string_value(value), json_string_length(value)));
	else if (json_is_integer(value))
		buf_printf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		buf_write_string(out, json_is_true(value) ? "true" : "false");
	else if (json_is_object(value) || json_is_array(value))
		(void)(json_write_canonical(out, value) == OK);
}

/* "payload.files.*.path" below `value`, whose rest is `path`; texts of a list with "; " between. */
static void write_path(struct buf *out, const json_t *value, struct slice path, unsigned depth)
{
	struct slice name, rest;

	if (path.size == 0 || !value || depth == CELLS_MAX_DEPTH) {
		write_value(out, path.size ? NULL : value);
		return;
	}
	slice_cut(path, '.', &name, &rest);
	if (slice_equal(name, S("#"))) {
		if (json_is_array(value))
			buf_printf(out, "%zu", json_array_size(value));
	} else if (slice_equal(name, S("*"))) {
		for (size_t i = 0; i < json_array_size(value) && !out->overflow; i++) {
			if (i)
				buf_write_string(out, "; ");
			write_path(out, json_array_get(value, i), rest, depth + 1);
		}
	} else {
		write_path(out, json_object_getn(value, (const char *)name.data, name.size), rest,
			   depth + 1);
	}
}

struct facts {
	const struct report_row *row;
	json_t *entry, *payload;
};

static void facts_clear(struct facts *f)
{
	json_free(f->entry);
	json_free(f->payload);
}

static bool write_source(struct buf *out, const struct facts *f, struct slice source)
{
	struct slice root, path;

	slice_cut(source, '.', &root, &path);
	if (slice_equal(source, S("index")))
		buf_write_decimal(out, f->row->index);
	else if (slice_equal(source, S("row")) && f->row->batch_row)
		buf_write_decimal(out, f->row->batch_row - 1);
	else if (slice_equal(root, S("entry")))
		write_path(out, f->entry, path, 0);
	else if (slice_equal(root, S("payload")))
		write_path(out, f->payload, path, 0);
	return out->size > 0;
}

static struct report_cell cell_of(struct arena *arena, const struct report_column *column,
				  struct slice text)
{
	struct report_cell cell = {.kind = REPORT_NONE};
	uint64_t number;

	if (text.size == 0)
		return cell;
	if (strcmp(column->type, "integer") != 0) {
		cell.kind = REPORT_TEXT;
		cell.text = shorten(arena, text);
	} else if (slice_to_u64(text, INT64_MAX, &number)) {
		cell.kind = REPORT_NUMBER;
		cell.number = (int64_t)number;
	}
	return cell;
}

static struct report_cell make_cell(struct arena *arena, struct buf *text, const struct facts *f,
				    const struct report_column *column)
{
	struct slice rest = slice_of_string(column->source), source;

	buf_reset(text);
	text->overflow = false;
	while (rest.size) {
		slice_cut(rest, '|', &source, &rest);
		if (write_source(text, f, source))
			break;
	}
	return cell_of(arena, column, buf_slice(text));
}

enum err report_cells(struct report_cell cells[REPORT_MAX_COLUMNS], struct arena *arena,
		      const struct report *report, const struct report_row *row)
{
	AUTO(buf_free) struct buf text = buf_new(REPORT_MAX_PAYLOAD);
	AUTO(facts_clear) struct facts f = {.row = row};

	TRY(json_read(&f.entry, row->entry, CELLS_MAX_ENTRY));
	if (row->payload.size)
		TRY(json_read(&f.payload, row->payload, REPORT_MAX_PAYLOAD));
	for (size_t i = 0; i < report->column_count; i++)
		cells[i] = make_cell(arena, &text, &f, &report->columns[i]);
	return OK;
}

static bool is_path(struct slice path)
{
	if (path.size == 0 || path.data[0] == '.' || path.data[path.size - 1] == '.')
		return false;
	for (size_t i = 0; i < path.size; i++) {
		uint8_t c = path.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '.' &&
		    c != '#' && c != '*')
			return false;
	}
	return true;
}

bool report_source_is_sound(struct slice source)
{
	struct slice one, root, path;

	if (source.size == 0 || source.data[source.size - 1] == '|')
		return false;
	while (source.size) {
		slice_cut(source, '|', &one, &source);
		slice_cut(one, '.', &root, &path);
		if (slice_equal(one, S("index")) || slice_equal(one, S("row")))
			continue;
		if (!slice_equal(root, S("entry")) && !slice_equal(root, S("payload")))
			return false;
		if (!is_path(path))
			return false;
	}
	return true;
}
