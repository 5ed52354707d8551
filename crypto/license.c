/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/license.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

enum { LICENSE_VERSION = 1, LICENSE_RIGHT_MAX = 40, LICENSE_USE_MAX = 60 };

#define PLAN_NAME(name, text) text,
static const char *const plan_names[LICENSE_PLAN_COUNT] = {LICENSE_PLANS(PLAN_NAME)};
#undef PLAN_NAME

const char *license_plan_name(enum license_plan plan)
{
	assert(plan < LICENSE_PLAN_COUNT);
	return plan_names[plan];
}

enum err license_plan_parse(enum license_plan *out, struct slice name)
{
	for (unsigned i = 0; i < LICENSE_PLAN_COUNT; i++)
		if (slice_equal(name, slice_of_string(plan_names[i]))) {
			*out = (enum license_plan)i;
			return OK;
		}
	return failure(ERR_FORMAT, "a plan is interactive, standard or batch, not \"%.*s\"",
		       SLICE_PRINT(slice_part(name, 0, 40)));
}

enum license_plan license_plan_lower(enum license_plan a, enum license_plan b)
{
	if (a == LICENSE_BATCH || b == LICENSE_BATCH)
		return LICENSE_BATCH;
	return a == LICENSE_STANDARD ? a : b;
}

static int compare_texts(const void *a, const void *b)
{
	const struct slice *x = a;
	const struct slice *y = b;
	size_t shorter = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->data, y->data, shorter);

	return order ? order : (x->size > y->size) - (x->size < y->size);
}

static bool text_is_plain(struct slice text, size_t max)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return text.size > 0 && text.size <= max;
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

bool license_region_is_good(struct slice code)
{
	return code.size == 2 && is_capital(code.data[0]) && is_capital(code.data[1]);
}

bool license_use_is_good(struct slice code)
{
	struct slice prefix, rest;

	if (code.size > LICENSE_USE_MAX || !slice_cut(code, ':', &prefix, &rest) ||
	    prefix.size == 0 || rest.size == 0)
		return false;
	for (size_t i = 0; i < prefix.size; i++)
		if (!is_capital(prefix.data[i]))
			return false;
	for (size_t i = 0; i < rest.size; i++) {
		uint8_t c = rest.data[i], lower = c | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

static enum err check_codes(const struct license *l)
{
	if (l->region_count > LICENSE_REGIONS_MAX || l->use_count > LICENSE_USES_MAX)
		return failure(ERR_LIMIT, "license: at most %d regions and %d uses",
			       LICENSE_REGIONS_MAX, LICENSE_USES_MAX);
	for (size_t i = 0; i < l->region_count; i++)
		if (!license_region_is_good(l->regions[i]))
			return failure(ERR_FORMAT,
				       "license: region %zu is no country code of two "
				       "capital letters",
				       i + 1);
	for (size_t i = 0; i < l->use_count; i++)
		if (!license_use_is_good(l->uses[i]))
			return failure(ERR_FORMAT, "license: use %zu is no code like DUO:0000042",
				       i + 1);
	return OK;
}

static enum err check(const struct license *l)
{
	if (!text_is_plain(l->model, LICENSE_MODEL_MAX))
		return failure(ERR_FORMAT,
			       "license: the model's name is 1 to %d printable ASCII "
			       "characters without spaces",
			       LICENSE_MODEL_MAX);
	if (l->right_count == 0 || l->right_count > LICENSE_RIGHTS_MAX)
		return failure(ERR_FORMAT, "license: it gives 1 to %d rights", LICENSE_RIGHTS_MAX);
	for (size_t i = 0; i < l->right_count; i++)
		if (!text_is_plain(l->rights[i], LICENSE_RIGHT_MAX))
			return failure(ERR_FORMAT, "license: right %zu is no name", i + 1);
	if (l->not_before_ms < 0 || l->issued_ms < 0 || l->expires_ms <= l->not_before_ms)
		return failure(ERR_FORMAT, "license: it must expire after it begins");
	return check_codes(l);
}

static void put_uuid(json_t *object, const char *name, const uint8_t uuid[16])
{
	char text[TEXT_UUID];

	text_uuid(text, uuid);
	json_put_text(object, name, slice_of_string(text));
}

static void put_time(json_t *object, const char *name, int64_t ms)
{
	char text[CLOCK_TEXT];

	clock_text(text, ms);
	json_put_text(object, name, slice_of_string(text));
}

/* Sorted, each once; `what` one of them is. The array goes into the document. */
static enum err put_sorted(json_t *document, const char *name, const struct slice list[],
			   size_t count, const char *what)
{
	struct slice sorted[LICENSE_REGIONS_MAX];
	json_t *array = json_array_new();

	json_put(document, name, array);
	memcpy(sorted, list, count * sizeof *list);
	qsort(sorted, count, sizeof *sorted, compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && slice_equal(sorted[i - 1], sorted[i]))
			return failure(ERR_FORMAT, "license: the %s \"%.*s\" is there twice", what,
				       SLICE_PRINT(sorted[i]));
		json_push_text(array, sorted[i]);
	}
	return OK;
}

/* What older licenses do not have is written only where there is something to say. */
static enum err put_optional(json_t *document, const struct license *l)
{
	if (l->has_institution)
		put_uuid(document, "institution", l->institution);
	if (l->limits.count) {
		json_t *limits = NULL;

		TRY(license_limits_describe(&limits, &l->limits));
		json_put(document, "limits", limits);
	}
	if (l->region_count)
		TRY(put_sorted(document, "regions", l->regions, l->region_count, "region"));
	if (l->plan != LICENSE_STANDARD)
		json_put_text(document, "plan", slice_of_string(license_plan_name(l->plan)));
	if (l->use_count)
		TRY(put_sorted(document, "uses", l->uses, l->use_count, "use"));
	return OK;
}

enum err license_write(struct buf *out, const struct license *l)
{
	AUTO(json_auto) json_t *document = NULL;
	AUTO(buf_free) struct buf terms = buf_new(2 * DIGEST_SIZE);

	TRY(check(l));
	text_write_hex(&terms, digest_slice(&l->terms));
	document = json_object_new();
	json_put_int(document, "v", LICENSE_VERSION);
	put_uuid(document, "id", l->id);
	put_uuid(document, "person", l->person);
	put_uuid(document, "request", l->request);
	put_uuid(document, "entry", l->entry);
	json_put_text(document, "model", l->model);
	TRY(put_sorted(document, "rights", l->rights, l->right_count, "right"));
	json_put_text(document, "terms_sha256", buf_slice(&terms));
	put_time(document, "not_before", l->not_before_ms);
	put_time(document, "expires", l->expires_ms);
	put_time(document, "issued", l->issued_ms);
	TRY(put_optional(document, l));
	return json_write_canonical(out, document);
}

static enum err get_uuid(uint8_t out[16], const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	if (text_read_uuid(out, text) != OK)
		return failure(ERR_FORMAT, "license: \"%s\" is not a UUID", name);
	return OK;
}

static enum err get_time(int64_t *out, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	if (clock_parse(out, text) != OK)
		return failure(ERR_FORMAT, "license: \"%s\" is not a time", name);
	return OK;
}

/* Texts of an array, at most `max`; none if it is missing and may be. */
static enum err get_texts(struct slice out[], size_t *count, size_t max, struct arena *a,
			  const json_t *array)
{
	if (array && !json_is_array(array))
		return failure(ERR_FORMAT, "license: a list of texts is expected");
	if (json_array_size(array) > max)
		return failure(ERR_LIMIT, "license: a list has more than %zu texts", max);
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice text;

		TRY(json_text_at(&text, array, i));
		out[(*count)++] = arena_copy(a, text);
	}
	return OK;
}

static enum err get_rights(struct license *out, struct arena *a, const json_t *document)
{
	const json_t *rights;

	TRY(json_get_array(&rights, document, "rights"));
	return get_texts(out->rights, &out->right_count, LICENSE_RIGHTS_MAX, a, rights);
}

static enum err get_plan(enum license_plan *out, const json_t *document)
{
	struct slice name;

	*out = LICENSE_STANDARD;
	if (!json_object_get(document, "plan"))
		return OK;
	TRY(json_get_text(&name, document, "plan"));
	return license_plan_parse(out, name);
}

static enum err read_optional(struct license *out, struct arena *a, const json_t *document)
{
	out->has_institution = json_object_get(document, "institution") != NULL;
	if (out->has_institution)
		TRY(get_uuid(out->institution, document, "institution"));
	TRY(get_plan(&out->plan, document));
	TRY(license_limits_read(&out->limits, json_object_get(document, "limits")));
	TRY(get_texts(out->regions, &out->region_count, LICENSE_REGIONS_MAX, a,
		      json_object_get(document, "regions")));
	return get_texts(out->uses, &out->use_count, LICENSE_USES_MAX, a,
			 json_object_get(document, "uses"));
}

static enum err read_members(struct license *out, struct arena *a, const json_t *document)
{
	struct slice text;
	int64_t version;

	TRY(json_get_int(&version, document, "v"));
	if (version != LICENSE_VERSION)
		return failure(ERR_UNSUPPORTED, "license: version %lld, %d expected",
			       (long long)version, LICENSE_VERSION);
	TRY(get_uuid(out->id, document, "id"));
	TRY(get_uuid(out->person, document, "person"));
	TRY(get_uuid(out->request, document, "request"));
	TRY(get_uuid(out->entry, document, "entry"));
	TRY(json_get_text(&text, document, "model"));
	out->model = arena_copy(a, text);
	TRY(get_rights(out, a, document));
	TRY(json_get_text(&text, document, "terms_sha256"));
	TRY(text_read_hex(out->terms.bytes, DIGEST_SIZE, text));
	TRY(get_time(&out->not_before_ms, document, "not_before"));
	TRY(get_time(&out->expires_ms, document, "expires"));
	TRY(get_time(&out->issued_ms, document, "issued"));
	return read_optional(out, a, document);
}

enum err license_parse(struct license *out, struct arena *a, struct slice document)
{
	AUTO(json_auto) json_t *value = NULL;
	AUTO(buf_free) struct buf again = buf_new(LICENSE_MAX);

	*out = (struct license){0};
	TRY(json_read(&value, document, LICENSE_MAX));
	TRY(read_members(out, a, value));
	TRY(license_write(&again, out));
	if (!slice_equal(buf_slice(&again), document)) /* unknown members, order, spaces */
		return failure(ERR_FORMAT, "license: the document is not in its canonical form");
	return OK;
}

enum err license_verify(struct license *out, struct arena *a, struct slice document,
			const uint8_t signature[SIGN_SIGNATURE],
			const uint8_t public_key[SIGN_PUBLIC])
{
	if (!sign_is_valid_in(LICENSE_DOMAIN, public_key, document, signature))
		return failure(ERR_FORGED, "license: the signature does not verify");
	return license_parse(out, a, document);
}

bool license_gives(const struct license *l, struct slice right)
{
	for (size_t i = 0; i < l->right_count; i++)
		if (slice_equal(l->rights[i], right))
			return true;
	return false;
}

bool license_is_current(const struct license *l, int64_t now_ms)
{
	return now_ms >= l->not_before_ms && now_ms < l->expires_ms;
}
