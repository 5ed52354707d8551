/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/report/reader_head.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

enum { HEAD_MAX_TEXT = 16 * 1024, HEAD_MAX_SUMS = 8 };

static enum err read_string(const char **out, struct arena *arena, const json_t *o,
			    const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, o, name));
	if (text.size > HEAD_MAX_TEXT)
		return failure(ERR_LIMIT, "report: its \"%s\" is too long", name);
	*out = arena_string(arena, text);
	return OK;
}

/* A list of names as one text with commas: no name has one. */
static enum err read_names(const char **out, struct arena *arena, const json_t *o, const char *name,
			   size_t most)
{
	AUTO(buf_free) struct buf text = buf_new(HEAD_MAX_TEXT);
	const json_t *list;
	struct slice one;

	TRY(json_get_array(&list, o, name));
	if (json_array_size(list) > most)
		return failure(ERR_LIMIT, "report: \"%s\" has more than %zu names", name, most);
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(json_text_at(&one, list, i));
		if (one.size == 0 || slice_find(one, ',') < one.size)
			return failure(ERR_FORMAT, "report: \"%s\" has no good names", name);
		if (i)
			buf_write_u8(&text, ',');
		buf_write(&text, one);
	}
	TRY(buf_done(&text));
	*out = arena_string(arena, buf_slice(&text));
	return OK;
}

static enum err read_column(struct report_column *out, struct arena *arena, const json_t *o)
{
	TRY(read_string(&out->name, arena, o, "name"));
	TRY(read_string(&out->type, arena, o, "type"));
	TRY(read_string(&out->source, arena, o, "source"));
	TRY(read_string(&out->meaning, arena, o, "meaning"));
	if (!report_source_is_sound(slice_of_string(out->source)))
		return failure(ERR_FORMAT,
			       "report: the source of column \"%.40s\" is not one "
			       "that can be computed",
			       out->name);
	return OK;
}

static enum err read_columns(struct report_asked *out, struct arena *arena, const json_t *head)
{
	const json_t *list;

	TRY(json_get_array(&list, head, "columns"));
	out->report.column_count = json_array_size(list);
	out->report.columns = out->columns;
	if (out->report.column_count == 0 || out->report.column_count > REPORT_MAX_COLUMNS)
		return failure(ERR_LIMIT, "report: it has 1 to %d columns", REPORT_MAX_COLUMNS);
	for (size_t i = 0; i < out->report.column_count; i++)
		TRY(read_column(&out->columns[i], arena, json_array_get(list, i)));
	return OK;
}

static enum err check_names_of_columns(const struct report *report, const char *names)
{
	struct slice rest = slice_of_string(names), name;

	while (report_next_name(&name, &rest))
		if (report_column_of(report, name) == report->column_count)
			return failure(ERR_FORMAT, "report: it has no column \"%.*s\"",
				       SLICE_PRINT(slice_part(name, 0, 40)));
	return OK;
}

static enum err read_report(struct report_asked *out, struct arena *arena, const json_t *head)
{
	struct report *r = &out->report;
	struct slice format;

	TRY(json_get_text(&format, head, "format"));
	if (!slice_equal(format, S("sallyport-report/1")))
		return failure(ERR_UNSUPPORTED, "report: its format is not sallyport-report/1");
	TRY(read_string(&r->code, arena, head, "code"));
	TRY(read_string(&r->name, arena, head, "name"));
	TRY(read_string(&r->title, arena, head, "title"));
	TRY(read_string(&r->question, arena, head, "question"));
	TRY(read_string(&r->right, arena, head, "right"));
	TRY(json_get_bool_or(&r->of_entries, head, "of_entries", false));
	TRY(read_names(&r->kinds, arena, head, "kinds", REPORT_MAX_KINDS));
	TRY(read_columns(out, arena, head));
	TRY(read_names(&r->sums, arena, head, "sums", HEAD_MAX_SUMS));
	TRY(read_names(&r->groups, arena, head, "groups", REPORT_MAX_GROUPS));
	TRY(check_names_of_columns(r, r->sums));
	return check_names_of_columns(r, r->groups);
}

static enum err read_time(int64_t *out, const json_t *o, const char *name)
{
	struct slice text;

	*out = 0;
	TRY(json_get_text_or(&text, o, name, S("")));
	return text.size ? clock_parse(out, text) : OK;
}

static enum err read_filter(struct slice *out, struct arena *arena, const json_t *filters,
			    const char *name)
{
	TRY(json_get_text_or(out, filters, name, S("")));
	*out = arena_copy(arena, *out);
	return OK;
}

static enum err read_asked(struct report_asked *out, struct arena *arena, const json_t *head)
{
	AUTO(buf_free) struct buf text = buf_new(HEAD_MAX_TEXT);
	const json_t *period, *filters;

	TRY(json_get_object(&period, head, "period"));
	TRY(read_time(&out->from_ms, period, "from"));
	TRY(read_time(&out->to_ms, period, "to"));
	TRY(json_get_object(&filters, head, "filters"));
	TRY(read_filter(&out->model, arena, filters, "model"));
	TRY(read_filter(&out->license, arena, filters, "license"));
	TRY(read_filter(&out->actor, arena, filters, "actor"));
	TRY(json_write_canonical(&text, filters));
	TRY(buf_done(&text));
	out->filters = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err read_log(struct report_asked *out, struct arena *arena, const json_t *head)
{
	AUTO(buf_free) struct buf root = buf_new(DIGEST_SIZE);
	const json_t *log;
	struct slice text;
	int64_t size;

	TRY(json_get_object(&log, head, "log"));
	TRY(json_get_text(&text, log, "origin"));
	out->origin = arena_copy(arena, text);
	TRY(json_get_int(&size, log, "size"));
	TRY(json_get_text(&text, log, "root"));
	TRY(text_read_base64(&root, text, TEXT_BASE64));
	if (size < 0 || root.size != DIGEST_SIZE)
		return failure(ERR_FORMAT, "report: it does not say of which tree it is");
	out->size = (uint64_t)size;
	memcpy(out->root.bytes, root.data, DIGEST_SIZE);
	return OK;
}

enum err report_asked_read(struct report_asked *out, struct arena *arena, const json_t *head)
{
	*out = (struct report_asked){.size = 0};
	TRY(read_report(out, arena, head));
	TRY(read_asked(out, arena, head));
	return read_log(out, arena, head);
}

static bool is_named(const char *names, struct slice name)
{
	struct slice rest = slice_of_string(names), one;

	while (report_next_name(&one, &rest))
		if (slice_equal(one, name))
			return true;
	return false;
}

static struct slice text_of(const json_t *o, const char *name)
{
	const json_t *value = json_object_get(o, name);

	return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value))
				     : S("");
}

static bool is_model(struct slice asked, struct slice model)
{
	if (slice_ends_with(asked, S("/*")))
		return slice_starts_with(model, slice_part(asked, 0, asked.size - 1));
	return slice_equal(asked, model);
}

static enum err check_payload(const struct report_asked *asked, const json_t *payload)
{
	const json_t *actor = json_object_get(payload, "actor");

	if (asked->report.right[0] &&
	    !slice_equal(text_of(payload, "right"), slice_of_string(asked->report.right)))
		return failure(ERR_FORGED, "its entry is about another right");
	if (asked->model.size && !is_model(asked->model, text_of(payload, "model")))
		return failure(ERR_FORGED, "its entry is about another model");
	if (asked->license.size && !slice_equal(asked->license, text_of(payload, "license")))
		return failure(ERR_FORGED, "its entry is about another license");
	if (asked->actor.size && !slice_equal(asked->actor, text_of(actor, "id")) &&
	    !slice_equal(asked->actor, text_of(actor, "name")))
		return failure(ERR_FORGED, "its entry is of another actor");
	return OK;
}

/* Reports of entries go by numbers: a clock that was set back is no gap. */
enum err report_asked_check(const struct report_asked *asked, const json_t *entry,
			    const json_t *payload)
{
	struct slice kind, time;
	int64_t at_ms;

	TRY(json_get_text(&kind, entry, "ev"));
	TRY(json_get_text(&time, entry, "t"));
	TRY(clock_parse(&at_ms, time));
	if (asked->report.of_entries)
		return OK;
	if (asked->report.kinds[0] && !is_named(asked->report.kinds, kind))
		return failure(ERR_FORGED, "its entry is a %.*s, which this report is not about",
			       SLICE_PRINT(slice_part(kind, 0, 40)));
	if ((asked->from_ms && at_ms < asked->from_ms) || (asked->to_ms && at_ms >= asked->to_ms))
		return failure(ERR_FORGED, "its entry is not of the report's period");
	return payload ? check_payload(asked, payload) : OK;
}
