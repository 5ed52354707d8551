/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/audit/filters.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/http/url.h"
#include "policy/address_range.h"
#include "policy/countries.h"
#include "schema/audit/chain.h"
#include "schema/store/audit_saved.h"

typedef enum err read_fn(struct store_audit_filter *f, struct arena *arena, struct slice value);

static enum err read_actor(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	f->actor = value;
	return OK;
}

static enum err read_institution(struct store_audit_filter *f, struct arena *arena,
				 struct slice value)
{
	(void)arena;
	f->institution = value;
	return OK;
}

static enum err read_region(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	if (!country_is_known(value))
		return failure(ERR_FORMAT, "\"region\" is the code of a country, as \"DE\"");
	f->region = value;
	return OK;
}

static enum err read_model(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	size_t slash = slice_find(value, '/');

	(void)arena;
	if (slash == 0 || slash + 1 >= value.size ||
	    (slice_find(value, '*') < value.size &&
	     !slice_equal(slice_part(value, slash, SIZE_MAX), S("/*"))))
		return failure(ERR_FORMAT, "\"model\" is a name as \"org/model\", or \"org/*\"");
	f->model = value;
	return OK;
}

static enum err read_license(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	if (text_read_uuid(f->license, value) != OK || store_id_is_none(f->license))
		return failure(ERR_FORMAT, "\"license\" is the id of a license");
	return OK;
}

static enum err read_right(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	enum right right;

	(void)arena;
	if (!right_parse(&right, value))
		return failure(ERR_FORMAT, "\"right\": there is no right \"%.*s\"",
			       SLICE_PRINT(slice_part(value, 0, 40)));
	f->right = value;
	return OK;
}

static enum err read_code(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] != '_' && (value.data[i] < 'A' || value.data[i] > 'Z'))
			return failure(ERR_FORMAT, "a code is written in capitals, as NOT_GRANTED");
	f->code = value;
	return OK;
}

/* A code is understood here too: it says more than "deny". */
static enum err read_decision(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	if (slice_equal(value, S("allow")) || slice_equal(value, S("deny"))) {
		f->decision = value;
		return OK;
	}
	if (f->code.size && !slice_equal(f->code, value))
		return failure(ERR_FORMAT, "\"decision\" is \"allow\" or \"deny\"");
	return read_code(f, arena, value);
}

/* Add what a kind, or the part before the point for all of its kinds, stands for. */
static bool add_kinds(struct buf *out, struct slice value)
{
	size_t before = out->size;
	enum audit_kind kind;

	if (audit_kind_parse(&kind, value) == OK) {
		buf_printf(out, "%s%.*s", before ? "," : "", SLICE_PRINT(value));
		return true;
	}
#define KIND_NAME(id, name, class) S(name),
	const struct slice names[] = {AUDIT_KINDS(KIND_NAME)};
#undef KIND_NAME
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_starts_with(names[i], value) && names[i].data[value.size] == '.')
			buf_printf(out, "%s%.*s", out->size ? "," : "", SLICE_PRINT(names[i]));
	return out->size > before;
}

static enum err read_kind(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	AUTO(buf_free) struct buf kinds = buf_new(16 * 1024);
	struct slice one;

	while (value.size) {
		slice_cut(value, ',', &one, &value);
		if (one.size == 0 || !add_kinds(&kinds, one))
			return failure(ERR_FORMAT, "\"kind\": the log knows no \"%.*s\"",
				       SLICE_PRINT(slice_part(one, 0, 40)));
	}
	TRY(buf_done(&kinds));
	f->kinds = arena_copy(arena, buf_slice(&kinds));
	return OK;
}

static enum err read_address(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	AUTO(buf_free) struct buf range = buf_new(ADDRESS_RANGE_MAX);

	TRY(address_range_write(&range, value));
	TRY(buf_done(&range));
	f->address = arena_copy(arena, buf_slice(&range));
	return OK;
}

static enum err read_from(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	return clock_parse(&f->from_ms, value);
}

static enum err read_to(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	return clock_parse(&f->to_ms, value);
}

static enum err read_text(struct store_audit_filter *f, struct arena *arena, struct slice value)
{
	(void)arena;
	if (value.size < 3 || value.size > 200)
		return failure(ERR_FORMAT, "\"text\" has 3 to 200 bytes");
	f->text = value;
	return OK;
}

static const struct {
	const char *name;
	read_fn *read;
} filters[] = {
	{"actor", read_actor},     {"institution", read_institution},
	{"region", read_region},   {"model", read_model},
	{"license", read_license}, {"right", read_right},
	{"code", read_code},       {"decision", read_decision},
	{"kind", read_kind},       {"address", read_address},
	{"from", read_from},       {"to", read_to},
	{"text", read_text},
};

enum { FILTER_COUNT = sizeof filters / sizeof filters[0] };

static bool is_filter(const char *name)
{
	for (size_t i = 0; i < FILTER_COUNT; i++)
		if (strcmp(filters[i].name, name) == 0)
			return true;
	return false;
}

static bool is_one_of(const char *name, const char *const names[])
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum err check_value(const char *name, struct slice value)
{
	if (value.size == 0)
		return failure(ERR_FORMAT, "\"%s\" is empty: leave it out", name);
	if (value.size > FILTERS_MAX_VALUE)
		return failure(ERR_LIMIT, "\"%s\" has at most %d bytes", name, FILTERS_MAX_VALUE);
	if (!slice_is_utf8(value) || slice_find(value, '\0') < value.size)
		return failure(ERR_FORMAT, "\"%s\" must be UTF-8", name);
	return OK;
}

/* Kinds may be given several times: one of them. */
static enum err give(json_t *given, struct arena *arena, const char *name, struct slice value)
{
	struct slice before;

	TRY(check_value(name, value));
	TRY(json_get_text_or(&before, given, name, S("")));
	if (before.size && strcmp(name, "kind") != 0)
		return failure(ERR_FORMAT, "\"%s\" is given twice", name);
	if (before.size)
		value = slice_of_string(
			arena_printf(arena, "%.*s,%.*s", SLICE_PRINT(before), SLICE_PRINT(value)));
	json_put_text(given, name, value);
	return OK;
}

static enum err read_given(json_t *given, struct exchange *x, const char *const own[])
{
	struct arena *arena = exchange_arena(x);
	struct slice rest = exchange_request(x)->query, name, value;
	bool failed = false;

	for (size_t i = 0; url_form_next(&rest, arena, &name, &value, &failed); i++) {
		const char *word = arena_string(arena, slice_part(name, 0, 64));

		if (i == FILTERS_MAX)
			return failure(ERR_LIMIT, "at most %d parameters", FILTERS_MAX);
		if (!slice_is_utf8(name) || name.size > 40 ||
		    (!is_filter(word) && !is_one_of(word, own)))
			return failure(ERR_FORMAT, "unknown parameter \"%s\"",
				       slice_is_utf8(name) ? word : "?");
		/* The cursor of a first page may be said to be none. */
		if (value.size > 0 || strcmp(word, "cursor") != 0)
			TRY(give(given, arena, word, value));
	}
	if (failed)
		return failure(ERR_FORMAT, "the query string cannot be decoded");
	return OK;
}

/* What is asked for now goes before what was saved. */
static enum err add_saved(json_t *given, struct exchange *x, struct route_context *context)
{
	struct store_audit_saved saved;
	AUTO(json_auto) json_t *kept = NULL;
	const char *name;
	struct slice which;
	json_t *value;

	TRY(json_get_text_or(&which, given, "saved", S("")));
	if (which.size == 0)
		return OK;
	TRY(store_audit_saved_get(context->store, exchange_arena(x), &saved, which));
	TRY(json_read(&kept, saved.filters, API_MAX_JSON));
	json_object_foreach(kept, name, value) if (!json_has(given, name))
		json_put(given, name, json_incref(value));
	return OK;
}

enum err audit_filters_read(struct store_audit_filter *out, struct arena *arena,
			    const json_t *given)
{
	struct slice value;

	for (size_t i = 0; i < FILTER_COUNT; i++) {
		TRY(json_get_text_or(&value, given, filters[i].name, S("")));
		if (value.size)
			TRY(filters[i].read(out, arena, value));
	}
	if (out->to_ms && out->from_ms >= out->to_ms)
		return failure(ERR_FORMAT, "\"from\" must lie before \"to\"");
	return OK;
}

enum err audit_filters_check(struct arena *arena, const json_t *object)
{
	struct store_audit_filter filter = {.from_ms = 0};
	const json_t *value;
	const char *name;

	if (json_object_size(object) == 0)
		return failure(ERR_FORMAT, "\"filters\" holds at least one filter");
	for (void *i = json_object_iter((json_t *)(uintptr_t)object); i;
	     i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
		name = json_object_iter_key(i);
		value = json_object_iter_value(i);
		if (!is_filter(name))
			return failure(ERR_FORMAT, "\"filters\": unknown filter \"%.40s\"", name);
		if (!json_is_string(value))
			return failure(ERR_FORMAT, "\"filters\": \"%s\" must be a text", name);
		TRY(check_value(name,
				slice_of(json_string_value(value), json_string_length(value))));
	}
	return audit_filters_read(&filter, arena, object);
}

/* An auditor of some models reads what happened to these, and nothing else. */
static void narrow(struct store_audit_filter *filter, struct exchange *x)
{
	const struct principal *who = authorize_principal(x);

	filter->is_narrow = !principal_holds(who, RIGHT_AUDIT_READ);
	if (filter->is_narrow)
		filter->models = principal_models(who, RIGHT_AUDIT_READ, exchange_arena(x));
}

enum err audit_cursor_read(struct store_audit_query *out, struct slice text)
{
	struct slice number, row;
	uint64_t index, inner = 0;

	if (text.size == 0)
		return OK;
	slice_cut(text, '.', &number, &row);
	if (!slice_to_u64(number, INT64_MAX / STORE_AUDIT_PLACES - 1, &index) ||
	    (number.size != text.size && !slice_to_u64(row, STORE_AUDIT_PLACES - 2, &inner)))
		return failure(ERR_FORMAT, "\"cursor\" is not one that an answer gave");
	if (number.size != text.size)
		inner++;
	out->has_cursor = true;
	out->cursor = (int64_t)(index * STORE_AUDIT_PLACES + inner);
	return OK;
}

static enum err read_order(struct store_audit_query *out, struct slice text)
{
	out->is_forward = slice_equal(text, S("oldest"));
	if (text.size && !out->is_forward && !slice_equal(text, S("newest")))
		return failure(ERR_FORMAT, "\"order\" is \"newest\" or \"oldest\" (first)");
	return OK;
}

static enum err find_bounds(struct store_audit_query *query, struct route_context *context)
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_bounds(auditor, &query->bounds, &query->filter);

	api_auditor_return(context->api, auditor);
	return audit_in_time(result);
}

enum err audit_asked_read(struct audit_asked *out, struct exchange *x,
			  struct route_context *context, const char *const own[])
{
	*out = (struct audit_asked){.given = json_object_new()};
	TRY(read_given(out->given, x, own));
	TRY(add_saved(out->given, x, context));
	TRY(audit_filters_read(&out->query.filter, exchange_arena(x), out->given));
	TRY(audit_cursor_read(&out->query, audit_asked_text(out, "cursor")));
	TRY(read_order(&out->query, audit_asked_text(out, "order")));
	narrow(&out->query.filter, x);
	return find_bounds(&out->query, context);
}

void audit_asked_clear(struct audit_asked *asked)
{
	json_free(asked->given);
	asked->given = NULL;
}

struct slice audit_asked_text(const struct audit_asked *asked, const char *name)
{
	const json_t *value = json_object_get(asked->given, name);

	if (!json_is_string(value))
		return S("");
	return slice_of(json_string_value(value), json_string_length(value));
}

enum err audit_asked_count(unsigned *out, const struct audit_asked *asked, const char *name,
			   unsigned usual, unsigned most)
{
	struct slice text = audit_asked_text(asked, name);
	uint64_t number = usual;

	if (text.size && (!slice_to_u64(text, most, &number) || number == 0))
		return failure(ERR_FORMAT, "\"%s\" is 1 to %u", name, most);
	*out = (unsigned)number;
	return OK;
}

enum err audit_in_time(enum err result)
{
	if (result != ERR_TIMEOUT)
		return result;
	return failure(ERR_TIMEOUT,
		       "the log did not answer this within %d s, and was told to stop: ask for a "
		       "shorter time, or of one actor, model or license; or try again",
		       API_CALL_MS / 1000);
}

enum err audit_log_read(struct exchange *x, struct route_context *context, const char *what,
			int64_t found, struct slice sha256)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_AUDIT_QUERY, who->person.id, who->person.name);
	audit_event_text(&event, "read", slice_of_string(what));
	audit_event_text(&event, "query", exchange_request(x)->query);
	audit_event_number(&event, "found", found);
	if (sha256.size)
		audit_event_text(&event, "sha256", sha256);
	return api_log(context->store, &event);
}

const char *audit_cursor(struct arena *arena, int64_t place)
{
	unsigned long long index = (uint64_t)place / STORE_AUDIT_PLACES;
	unsigned row = (unsigned)((uint64_t)place % STORE_AUDIT_PLACES);

	return row ? arena_printf(arena, "%llu.%u", index, row - 1)
		   : arena_printf(arena, "%llu", index);
}

json_t *audit_describe_erased(const struct store_event *e)
{
	json_t *erased = json_object_new();

	if (e->erased_by == UINT64_MAX)
		json_put(erased, "by", json_null());
	else
		json_put_int(erased, "by", (int64_t)e->erased_by);
	return erased;
}

json_t *audit_describe(struct arena *arena, const struct store_found *found)
{
	AUTO(json_auto) json_t *payload = NULL;
	const struct store_event *e = &found->event;
	unsigned row = (unsigned)((uint64_t)found->place % STORE_AUDIT_PLACES);
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, e->id)));
	json_put_int(one, "index", (int64_t)e->index);
	if (row)
		json_put_int(one, "row", row - 1);
	json_put_text(one, "at", slice_of_string(api_time(arena, e->at_ms)));
	json_put_text(one, "kind", e->kind);
	json_put_text(one, "actor", e->actor_name);
	if (!store_id_is_none(e->actor))
		json_put_text(one, "actor_id", slice_of_string(api_uuid(arena, e->actor)));
	json_put_text(one, "model", e->model);
	json_put_text(one, "license",
		      store_id_is_none(e->license) ? S("")
						   : slice_of_string(api_uuid(arena, e->license)));
	json_put_text(one, "right", e->right);
	json_put_text(one, "decision", e->allow ? S("allow") : S("deny"));
	json_put_text(one, "code", e->code);
	if (found->address.size)
		json_put_text(one, "address", found->address);
	if (e->is_erased)
		json_put(one, "erased", audit_describe_erased(e));
	else if (json_read(&payload, e->payload, AUDIT_MAX_JOINED) == OK)
		json_put(one, "payload", json_incref(payload));
	return one;
}
