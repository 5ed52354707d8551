/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/report/note.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

static void put_time(json_t *o, const char *name, int64_t ms)
{
	char text[CLOCK_TEXT] = "";

	if (ms)
		clock_text(text, ms);
	json_put_text(o, name, slice_of_string(text));
}

static void put_digest(json_t *o, const char *name, const struct digest *d)
{
	AUTO(buf_free) struct buf text = buf_new(2 * DIGEST_SIZE);

	text_write_hex(&text, digest_slice(d));
	json_put_text(o, name, buf_slice(&text));
}

json_t *report_made_tell(const struct report_made *made)
{
	AUTO(json_auto) json_t *filters = NULL;
	json_t *o = json_object_new();

	json_put_text(o, "name", made->name);
	put_time(o, "from", made->from_ms);
	put_time(o, "to", made->to_ms);
	if (json_read(&filters, made->filters, REPORT_MAX_NOTE) == OK)
		json_put(o, "filters", json_incref(filters));
	json_put_int(o, "size", (int64_t)made->size);
	put_digest(o, "root", &made->root);
	json_put_int(o, "rows", (int64_t)made->rows);
	for (size_t i = 0; i < REPORT_FORMS; i++)
		put_digest(o, report_forms[i].name, &made->forms[i]);
	return o;
}

static enum err read_time(int64_t *out, const json_t *o, const char *name)
{
	struct slice text;

	*out = 0;
	TRY(json_get_text(&text, o, name));
	return text.size ? clock_parse(out, text) : OK;
}

static enum err read_count(uint64_t *out, const json_t *o, const char *name)
{
	int64_t number;

	TRY(json_get_int(&number, o, name));
	if (number < 0)
		return failure(ERR_FORMAT, "report: \"%s\" is negative", name);
	*out = (uint64_t)number;
	return OK;
}

static enum err read_digest(struct digest *out, const json_t *o, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, o, name));
	return text_read_hex(out->bytes, DIGEST_SIZE, text);
}

static enum err read_filters(struct slice *out, struct arena *arena, const json_t *o)
{
	AUTO(buf_free) struct buf text = buf_new(REPORT_MAX_NOTE / 2);
	const json_t *filters;

	TRY(json_get_object(&filters, o, "filters"));
	TRY(json_write_canonical(&text, filters));
	TRY(buf_done(&text));
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

enum err report_made_read(struct report_made *out, struct arena *arena, const json_t *payload)
{
	const json_t *o;

	*out = (struct report_made){.size = 0};
	TRY(json_get_object(&o, payload, "report"));
	TRY(json_get_text(&out->name, o, "name"));
	if (!report_of(out->name))
		return failure(ERR_FORMAT, "report: there is none of this name");
	TRY(read_time(&out->from_ms, o, "from"));
	TRY(read_time(&out->to_ms, o, "to"));
	TRY(read_filters(&out->filters, arena, o));
	TRY(read_count(&out->size, o, "size"));
	TRY(read_digest(&out->root, o, "root"));
	TRY(read_count(&out->rows, o, "rows"));
	for (size_t i = 0; i < REPORT_FORMS; i++)
		TRY(read_digest(&out->forms[i], o, report_forms[i].name));
	out->name = arena_copy(arena, out->name);
	return OK;
}

void report_note_write(struct buf *out, const struct report_made *made, struct slice origin,
		       struct slice event)
{
	char from[CLOCK_TEXT] = "", to[CLOCK_TEXT] = "";

	if (made->from_ms)
		clock_text(from, made->from_ms);
	if (made->to_ms)
		clock_text(to, made->to_ms);
	buf_printf(out, "sallyport report/v1\n%.*s\n%s - %s\n%.*s\n%.*s\n%llu\n",
		   SLICE_PRINT(made->name), from, to, SLICE_PRINT(made->filters),
		   SLICE_PRINT(origin), (unsigned long long)made->size);
	text_write_base64(out, digest_slice(&made->root), TEXT_BASE64);
	buf_printf(out, "\nrows %llu\n", (unsigned long long)made->rows);
	for (size_t i = 0; i < REPORT_FORMS; i++) {
		buf_printf(out, "%s ", report_forms[i].name);
		text_write_hex(out, digest_slice(&made->forms[i]));
		buf_write_u8(out, '\n');
	}
	buf_printf(out, "entry %.*s\n", SLICE_PRINT(event));
}

enum err report_key_of(struct note_key *out, const struct note_key *log)
{
	AUTO(buf_free) struct buf name = buf_new(NOTE_NAME_MAX);

	buf_write_string(&name, log->name);
	buf_write_string(&name, REPORT_KEY_SUFFIX);
	TRY(buf_done(&name));
	return note_key_make(out, buf_slice(&name), NOTE_ED25519, log->public_key);
}
