/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as a machine: made of a small log of our own, read back, and tampered with. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/json.h"
#include "crypto/tile.h"
#include "schema/audit/batch.h"
#include "schema/report/note.h"
#include "schema/report/reader.h"

enum { ENTRIES = 300, ROW_EVERY = 7, MAX_FORM = 1 << 20, BATCH = 100, BATCH_ROWS = 6 };

/* A log of downloads and of other things, by two persons, the last of which tries to be a formula
 * and a script. */
static struct log {
	char entries[ENTRIES][256];
	char payloads[ENTRIES][512];
	uint8_t nonces[ENTRIES][REPORT_NONCE];
	struct digest leaves[ENTRIES];
	struct digest root;
} logbook;

static enum err fetch(void *context, struct digest *out, struct tile tile)
{
	(void)context;
	for (unsigned i = 0; i < tile.width; i++) {
		uint64_t span = tile.level ? TILE_WIDTH : 1;
		uint64_t from = (tile.index * TILE_WIDTH + i) * span;
		struct merkle_frontier f = {.size = 0};

		assert_true(tile.level < 2 && from + span <= ENTRIES);
		for (uint64_t k = from; k < from + span; k++)
			merkle_append(&f, &logbook.leaves[k]);
		out[i] = merkle_root(&f);
	}
	return OK;
}

static const struct tile_source source = {fetch, NULL};

/* Rows of the batch that is entry BATCH: downloads, too. */
static struct {
	char entries[BATCH_ROWS][256];
	char payloads[BATCH_ROWS][512];
	struct digest leaves[BATCH_ROWS];
} batched;

static void write_leaf(char entry[256], const char *payload, uint8_t nonce, const char *kind,
		       unsigned i)
{
	AUTO(buf_free) struct buf c = buf_new(100);
	uint8_t bytes[REPORT_NONCE];
	struct digest commitment;

	memset(bytes, nonce, sizeof bytes);
	commitment = audit_commitment(bytes, slice_of_string(payload));
	text_write_base64(&c, digest_slice(&commitment), TEXT_BASE64_URL_RAW);
	snprintf(entry, 256,
		 "{\"c\":\"%s\",\"ev\":\"%s\",\"id\":\"00000000-0000-7000-8000-%012u\",\"t\":"
		 "\"2026-01-02T03:04:05.%03uZ\",\"v\":1}",
		 buf_string(&c), kind, i, i % 1000);
}

static void write_payload(char out[512], unsigned i)
{
	snprintf(out, 512,
		 "{\"actor\":{\"id\":\"\",\"name\":\"%s\"},\"bytes\":%u,\"model\":\"a/b\",\"path\":"
		 "\"%s\",\"ranges\":[[0,1],[4,5]],\"size\":100,\"transfers\":1}",
		 i % 2 ? "ada" : "=1+1", 10 * i, i % 2 ? "x.bin" : "<script>\\\"</script>");
}

static void write_entry(unsigned i)
{
	write_payload(logbook.payloads[i], i);
	memset(logbook.nonces[i], (int)i, REPORT_NONCE);
	write_leaf(logbook.entries[i], logbook.payloads[i], (uint8_t)i,
		   i % ROW_EVERY ? "audit.query" : "download.end", i);
	logbook.leaves[i] = merkle_leaf(slice_of_string(logbook.entries[i]));
}

static void write_batch(void)
{
	AUTO(buf_free) struct buf payload = buf_new(AUDIT_BATCH_TEXT);
	struct audit_batch batch = {.count = BATCH_ROWS, .first_ms = 1, .last_ms = 2};

	for (unsigned i = 0; i < BATCH_ROWS; i++) {
		write_payload(batched.payloads[i], i);
		write_leaf(batched.entries[i], batched.payloads[i], (uint8_t)i, "download.end",
			   500 + i);
		batched.leaves[i] = merkle_leaf(slice_of_string(batched.entries[i]));
	}
	batch.root = audit_batch_root(batched.leaves, BATCH_ROWS);
	audit_batch_write(&payload, &batch);
	snprintf(logbook.payloads[BATCH], sizeof logbook.payloads[BATCH], "%s",
		 buf_string(&payload));
	write_leaf(logbook.entries[BATCH], logbook.payloads[BATCH], BATCH, "usage.batch", BATCH);
	logbook.leaves[BATCH] = merkle_leaf(slice_of_string(logbook.entries[BATCH]));
}

static int fill(void **state)
{
	struct merkle_frontier f = {.size = 0};

	(void)state;
	for (unsigned i = 0; i < ENTRIES; i++) {
		write_entry(i);
		if (i == BATCH)
			write_batch();
		merkle_append(&f, &logbook.leaves[i]);
	}
	logbook.root = merkle_root(&f);
	return 0;
}

static struct report_head head_of(const char *name)
{
	return (struct report_head){.report = report_of(slice_of_string(name)),
				    .filters = S("{}"),
				    .origin = S("example.com/log"),
				    .size = ENTRIES,
				    .root = logbook.root};
}

static struct report_row row_of(unsigned i, const struct report_head *head)
{
	struct report_row row = {.index = i, .entry = slice_of_string(logbook.entries[i])};

	if (!head->report->of_entries)
		row.payload = slice_of_string(logbook.payloads[i]);
	memcpy(row.nonce, logbook.nonces[i], REPORT_NONCE);
	return row;
}

struct making {
	struct buf *out;
	const struct report_form *form;
	const struct report_head *head;
	struct report_totals *totals;
};

static void add_row(struct making *m, const struct report_row *row)
{
	AUTO(arena_free) struct arena arena = {0};
	struct report_cell cells[REPORT_MAX_COLUMNS];
	uint64_t number = report_totals_rows(m->totals);

	assert_ok(report_cells(cells, &arena, m->head->report, row));
	assert_ok(report_totals_add(m->totals, row, cells));
	assert_ok(m->form->row(m->out, m->head, row, cells, number));
}

/* Every other row of the batch. */
static void add_batch(struct making *m, struct tile_reader *tiles)
{
	for (unsigned i = 1; i < BATCH_ROWS; i += 2) {
		struct report_row row = {.index = BATCH,
					 .batch_row = i + 1,
					 .entry = slice_of_string(batched.entries[i]),
					 .payload = slice_of_string(batched.payloads[i])};

		memset(row.nonce, (int)i, REPORT_NONCE);
		audit_batch_path(&row.path, batched.leaves, BATCH_ROWS, i);
		if (i == 1) {
			assert_ok(tile_gap(&row.gap, tiles, report_totals_next(m->totals), BATCH));
			row.batch.entry = slice_of_string(logbook.entries[BATCH]);
			row.batch.payload = slice_of_string(logbook.payloads[BATCH]);
			memset(row.batch.nonce, BATCH, REPORT_NONCE);
		}
		add_row(m, &row);
	}
}

/* A form of a report; of the entry `erased` there is no payload (-1: of each there is). */
static void make(struct buf *out, unsigned form, const struct report_head *head, int erased)
{
	AUTO(report_totals_auto) struct report_totals *totals = report_totals_new(head->report);
	AUTO(tile_reader_auto) struct tile_reader *tiles = tile_reader_new(&source, ENTRIES);
	struct making m = {out, &report_forms[form], head, totals};
	unsigned step = head->report->of_entries ? 1 : ROW_EVERY;
	struct merkle_gap gap;

	assert_ok(m.form->begin(out, head));
	for (unsigned i = 0; i < ENTRIES; i += step) {
		struct report_row row = row_of(i, head);

		if ((int)i == erased)
			row.payload = S("");
		if (i / step == BATCH / step + 1 && step > 1)
			add_batch(&m, tiles);
		assert_ok(tile_gap(&row.gap, tiles, report_totals_next(totals), i));
		add_row(&m, &row);
	}
	assert_ok(tile_gap(&gap, tiles, report_totals_next(totals), ENTRIES));
	assert_ok(m.form->end(out, head, totals, &gap));
}

static enum err read_back(struct report_read *out, struct slice bytes, size_t piece)
{
	AUTO(report_reader_auto) struct report_reader *r = report_reader_new();

	while (bytes.size) {
		TRY(report_reader_push(r, slice_part(bytes, 0, piece)));
		bytes = slice_part(bytes, piece, SIZE_MAX);
	}
	TRY(report_reader_end(r, out));
	out->head.report = NULL; /* it goes with the reader */
	return OK;
}

static void twelve_reports_have_sound_columns(void **state)
{
	(void)state;
	assert_int_equal(report_catalog_count, 12);
	for (size_t i = 0; i < report_catalog_count; i++) {
		const struct report *r = &report_catalog[i];
		struct slice rest = slice_of_string(r->sums), name;

		assert_true(r->column_count > 0 && r->column_count <= REPORT_MAX_COLUMNS);
		assert_ptr_equal(report_of(slice_of_string(r->name)), r);
		assert_ptr_equal(report_of(slice_of_string(r->code)), r);
		for (size_t k = 0; k < r->column_count; k++) {
			if (!report_source_is_sound(slice_of_string(r->columns[k].source)))
				fail_msg("%s: %s", r->name, r->columns[k].source);
			assert_int_equal(report_column_of(r, slice_of_string(r->columns[k].name)),
					 k);
		}
		while (report_next_name(&name, &rest))
			assert_string_equal(r->columns[report_column_of(r, name)].type, "integer");
		rest = slice_of_string(r->groups);
		while (report_next_name(&name, &rest))
			assert_true(report_column_of(r, name) < r->column_count);
	}
	assert_null(report_of(S("nothing")));
}

static void sources_that_mean_nothing_are_unsound(void **state)
{
	static const char *const sources[] = {
		"",       "x",           "payload",          "payload.",  "payload..a", "entry.c|",
		"|index", "payload.a b", "payload.a|file.b", "payload.A", "indexx",
	};

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (report_source_is_sound(slice_of_string(sources[i])))
			fail_msg("%s", sources[i]);
}

static void what_is_made_is_read_back_in_pieces_of_any_size(void **state)
{
	struct report_head head = head_of("downloads");
	AUTO(buf_free) struct buf json = buf_new(MAX_FORM), again = buf_new(MAX_FORM);
	struct digest digest;

	(void)state;
	make(&json, REPORT_JSON, &head, -1);
	make(&again, REPORT_JSON, &head, -1);
	assert_true(slice_equal(buf_slice(&json), buf_slice(&again)));
	digest = digest_of(buf_slice(&json));
	for (size_t piece = 1; piece < json.size; piece *= 31) {
		struct report_read read;

		assert_ok(read_back(&read, buf_slice(&json), piece));
		assert_int_equal(read.rows, (ENTRIES + ROW_EVERY - 1) / ROW_EVERY + BATCH_ROWS / 2);
		assert_int_equal(read.erased, 0);
		assert_int_equal(read.head.size, ENTRIES);
		assert_memory_equal(&read.sha256, &digest, sizeof digest);
	}
}

static void an_erased_row_keeps_its_place(void **state)
{
	struct report_head head = head_of("downloads");
	AUTO(buf_free) struct buf json = buf_new(MAX_FORM);
	struct report_read read;

	(void)state;
	make(&json, REPORT_JSON, &head, 14);
	assert_ok(read_back(&read, buf_slice(&json), json.size));
	assert_int_equal(read.erased, 1);
}

static void a_report_of_entries_has_each_of_them(void **state)
{
	struct report_head head = head_of("completeness");
	AUTO(buf_free) struct buf json = buf_new(MAX_FORM);
	struct report_read read;

	(void)state;
	make(&json, REPORT_JSON, &head, -1);
	assert_ok(read_back(&read, buf_slice(&json), json.size));
	assert_int_equal(read.rows, ENTRIES);
	assert_non_null(strstr(buf_string(&json), "\"left_out\":0"));
}

/* Replaces the first `from` behind `after`. */
static void replace(struct buf *out, const char *text, const char *after, const char *from,
		    const char *to)
{
	const char *at = strstr(strstr(text, after), from);

	assert_non_null(at);
	buf_write(out, slice_of(text, (size_t)(at - text)));
	buf_write_string(out, to);
	buf_write_string(out, at + strlen(from));
}

/* What stands behind `after` is changed; the refusal says where. */
static const struct {
	const char *why, *after, *from, *to, *says;
} changes[] = {
	{"a cell", "\"rows\":[", ",100,", ",101,", "row 1: its cell \"size\""},
	{"a payload", "\"rows\":[", "a/b\\\"", "a/c\\\"", "does not commit to its payload"},
	{"a nonce", "\"rows\":[", "\"nonce\":\"AAAA", "\"nonce\":\"BAAA", "does not commit"},
	{"an entry's time", "\"rows\":[", "05.000Z\\\"", "06.000Z\\\"", "row 1: its cell \"at\""},
	{"a payload taken out", "\"rows\":[", "\"payload\":\"{", "\"payloat\":\"{", "row 1"},
	{"an index", "\"rows\":[", "\"index\":7,", "\"index\":8,", "row 2"},
	{"a hash of a gap", "\"rows\":[", "\"gap\":[\"", "\"gap\":[\"AA", "row 2"},
	{"a gap", "\"index\":7,", "\"gap\":", "\"gab\":", "gap: 0 hashes"},
	{"a row of a batch", "\"row\":1", "\"row\":3", "\"row\":2", ""},
	{"a path", "\"index\":100", "\"path\":[\"", "\"path\":[\"AA", ""},
	{"an entry of a row", "\"index\":100", "05.503Z", "05.504Z", ""},
	{"a batch", "\"rows\":[", "\"batch\":{", "\"botch\":{", "another row of its batch"},
	{"a batch's payload", "\"rows\":[", "\\\"count\\\":6", "\\\"count\\\":7",
	 "does not commit"},
	{"a batch's kind", "\"rows\":[", "usage.batch", "usage.botch", "no usage.batch"},
	{"a sum", "],\"end\"", "\"transfers\":46", "\"transfers\":47", "its totals"},
	{"a group", "],\"end\"", "\"key\":\"ada\"", "\"key\":\"eve\"", "its totals"},
	{"the size", "{\"report\"", "\"size\":300", "\"size\":299", "gap"},
	{"the root", "\"origin\"", "\"root\":\"", "\"root\":\"A", ""},
	{"the kinds", "{\"report\"", "\"download.end\"", "\"download.and\"",
	 "which this report is not about"},
	{"the period", "{\"report\"", "\"to\":null", "\"to\":\"2026-01-02T03:04:05.100Z\"",
	 "not of the report's period"},
	{"the filters", "{\"report\"", "\"filters\":{}", "\"filters\":{\"model\":\"a/c\"}",
	 "about another model"},
	{"an actor", "{\"report\"", "\"filters\":{}", "\"filters\":{\"actor\":\"ada\"}",
	 "of another actor"},
	{"a right", "{\"report\"", "\"right\":\"\"", "\"right\":\"infer:embed\"",
	 "about another right"},
	{"a source", "{\"report\"", "\"payload.size\"", "\"payload.bytes\"", "its cell \"size\""},
	{"a bad source", "{\"report\"", "\"payload.size\"", "\"payload..size\"",
	 "not one that can be computed"},
	{"the format", "{\"report\"", "sallyport-report/1", "sallyport-report/2", "format"},
	{"a comma", "\"rows\":[", "},\n{", "}\n{", "a comma is missing"},
	{"an end", "],\"end\"", "}}\n", "}}\n{}\n", "behind its end"},
	{"the first line", "{\"report\"", "{\"report\"", "{\"raport\"", "first line"},
};

static void whatever_is_altered_is_found_and_named(void **state)
{
	struct report_head head = head_of("downloads");
	AUTO(buf_free) struct buf json = buf_new(MAX_FORM);

	(void)state;
	make(&json, REPORT_JSON, &head, -1);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		AUTO(buf_free) struct buf bad = buf_new(MAX_FORM);
		struct report_read read;

		replace(&bad, buf_string(&json), changes[i].after, changes[i].from, changes[i].to);
		if (read_back(&read, buf_slice(&bad), bad.size) == OK)
			fail_msg("%s was not found", changes[i].why);
		if (!strstr(failure_text(), changes[i].says))
			fail_msg("%s: %s", changes[i].why, failure_text());
	}
}

static void a_report_that_is_cut_off_is_refused(void **state)
{
	struct report_head head = head_of("downloads");
	AUTO(buf_free) struct buf json = buf_new(MAX_FORM);
	struct report_read read;

	(void)state;
	make(&json, REPORT_JSON, &head, -1);
	for (size_t size = 0; size < json.size - 1; size += 1 + size / 11)
		assert_int_not_equal(read_back(&read, slice_part(buf_slice(&json), 0, size), 997),
				     OK);
}

static void no_cell_of_csv_is_a_formula(void **state)
{
	struct report_head head = head_of("downloads");
	AUTO(buf_free) struct buf csv = buf_new(MAX_FORM);

	(void)state;
	make(&csv, REPORT_CSV, &head, -1);
	assert_non_null(strstr(buf_string(&csv), "\"'=1+1\""));
	assert_null(strstr(buf_string(&csv), "\"=1+1\""));
	assert_non_null(strstr(buf_string(&csv), "\"<script>\"\"</script>\""));
}

static void a_page_runs_no_script_and_says_what_is_missing(void **state)
{
	struct report_head head = head_of("downloads");
	AUTO(buf_free) struct buf page = buf_new(MAX_FORM);
	const char *text;

	(void)state;
	make(&page, REPORT_HTML, &head, -1);
	report_page_end(&page, S("a note\n"), S("<key>"));
	text = buf_string(&page);
	assert_null(strstr(text, "<script"));
	assert_non_null(strstr(text, "&#60;script&#62;&#34;"));
	assert_non_null(strstr(text, "<code>&#60;key&#62;</code>"));
	assert_non_null(strstr(text, head.report->missing[0].what));
	assert_non_null(strstr(text, "<caption>"));
	assert_non_null(strstr(text, "scope=\"col\""));
}

static void a_list_is_counted_or_joined_and_a_long_text_is_cut(void **state)
{
	static const struct report_column columns[] = {
		{"n", "integer", "payload.files.#", ""},
		{"paths", "text", "payload.files.*.path", ""},
		{"second", "text", "payload.none|payload.flag", ""},
		{"whole", "text", "payload.files", ""},
		{"long", "text", "payload.long", ""},
		{"no_number", "integer", "payload.flag", ""},
	};
	const struct report report = {.columns = columns, .column_count = 6};
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf payload = buf_new(64 * 1024);
	struct report_cell cells[REPORT_MAX_COLUMNS];
	struct report_row row = {.entry = S("{}")};

	(void)state;
	buf_write_string(&payload, "{\"files\":[{\"path\":\"a\"},{\"path\":\"b\"}],\"flag\":true,"
				   "\"long\":\"");
	for (int i = 0; i < 3000; i++)
		buf_write_string(&payload, "é");
	buf_write_string(&payload, "\"}");
	row.payload = buf_slice(&payload);
	assert_ok(report_cells(cells, &arena, &report, &row));
	assert_int_equal(cells[0].number, 2);
	assert_slice(cells[1].text, "a; b");
	assert_slice(cells[2].text, "true");
	assert_slice(cells[3].text, "[{\"path\":\"a\"},{\"path\":\"b\"}]");
	assert_true(cells[4].text.size <= REPORT_MAX_CELL && slice_is_utf8(cells[4].text));
	assert_true(slice_ends_with(cells[4].text, S("é…")));
	assert_int_equal(cells[5].kind, REPORT_NONE);
}

static void groups_past_the_ceiling_are_counted_together(void **state)
{
	static const struct report_column columns[] = {{"who", "text", "payload.who", ""},
						       {"n", "integer", "payload.n", ""}};
	const struct report report = {
		.columns = columns, .column_count = 2, .sums = "n", .groups = "who"};
	AUTO(report_totals_auto) struct report_totals *totals = report_totals_new(&report);
	AUTO(json_auto) json_t *told = NULL;
	const json_t *of, *last;
	char name[20];

	(void)state;
	for (int i = 0; i < REPORT_MAX_GROUP_KEYS + 5; i++) {
		struct report_cell cells[REPORT_MAX_COLUMNS] = {
			{.kind = REPORT_TEXT},
			{.kind = REPORT_NUMBER, .number = 2},
		};
		struct report_row row = {.index = (uint64_t)i, .payload = S("{}")};

		snprintf(name, sizeof name, "person %d", i);
		cells[0].text = slice_of_string(name);
		assert_ok(report_totals_add(totals, &row, cells));
	}
	told = report_totals_tell(totals);
	of = json_object_get(json_array_get(json_object_get(told, "groups"), 0), "of");
	assert_int_equal(json_array_size(of), REPORT_MAX_GROUP_KEYS + 1);
	last = json_array_get(of, REPORT_MAX_GROUP_KEYS);
	assert_string_equal(json_string_value(json_object_get(last, "key")), "(others)");
	assert_int_equal(json_integer_value(json_object_get(last, "rows")), 5);
}

static void a_sum_past_its_range_is_refused(void **state)
{
	static const struct report_column columns[] = {{"n", "integer", "payload.n", ""}};
	const struct report report = {
		.columns = columns, .column_count = 1, .sums = "n", .groups = ""};
	AUTO(report_totals_auto) struct report_totals *totals = report_totals_new(&report);
	struct report_cell cells[REPORT_MAX_COLUMNS] = {
		{.kind = REPORT_NUMBER, .number = INT64_MAX}};
	struct report_row row = {.payload = S("{}")};

	(void)state;
	assert_ok(report_totals_add(totals, &row, cells));
	assert_err(report_totals_add(totals, &row, cells), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twelve_reports_have_sound_columns),
		cmocka_unit_test(sources_that_mean_nothing_are_unsound),
		cmocka_unit_test(what_is_made_is_read_back_in_pieces_of_any_size),
		cmocka_unit_test(an_erased_row_keeps_its_place),
		cmocka_unit_test(a_report_of_entries_has_each_of_them),
		cmocka_unit_test(whatever_is_altered_is_found_and_named),
		cmocka_unit_test(a_report_that_is_cut_off_is_refused),
		cmocka_unit_test(no_cell_of_csv_is_a_formula),
		cmocka_unit_test(a_page_runs_no_script_and_says_what_is_missing),
		cmocka_unit_test(a_list_is_counted_or_joined_and_a_long_text_is_cut),
		cmocka_unit_test(groups_past_the_ceiling_are_counted_together),
		cmocka_unit_test(a_sum_past_its_range_is_refused),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
