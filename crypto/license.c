/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/license.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

enum { LICENSE_VERSION = 1, LICENSE_RIGHT_MAX = 40 };

static int compare_rights(const void *a, const void *b)
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
	return OK;
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

static enum err sorted_rights(json_t **out, const struct license *l)
{
	struct slice rights[LICENSE_RIGHTS_MAX];

	memcpy(rights, l->rights, l->right_count * sizeof *rights);
	qsort(rights, l->right_count, sizeof *rights, compare_rights);
	*out = json_array_new();
	for (size_t i = 0; i < l->right_count; i++) {
		if (i > 0 && slice_equal(rights[i - 1], rights[i]))
			return failure(ERR_FORMAT, "license: the right \"%.*s\" is there twice",
				       SLICE_PRINT(rights[i]));
		json_push_text(*out, rights[i]);
	}
	return OK;
}

enum err license_write(struct buf *out, const struct license *l)
{
	AUTO(json_auto) json_t *rights = NULL;
	AUTO(json_auto) json_t *document = NULL;
	AUTO(buf_free) struct buf terms = buf_new(2 * DIGEST_SIZE);

	TRY(check(l));
	TRY(sorted_rights(&rights, l));
	text_write_hex(&terms, digest_slice(&l->terms));
	document = json_object_new();
	json_put_int(document, "v", LICENSE_VERSION);
	put_uuid(document, "id", l->id);
	put_uuid(document, "person", l->person);
	put_uuid(document, "request", l->request);
	put_uuid(document, "entry", l->entry);
	json_put_text(document, "model", l->model);
	json_put(document, "rights", json_incref(rights));
	json_put_text(document, "terms_sha256", buf_slice(&terms));
	put_time(document, "not_before", l->not_before_ms);
	put_time(document, "expires", l->expires_ms);
	put_time(document, "issued", l->issued_ms);
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

static enum err get_rights(struct license *out, struct arena *a, const json_t *object)
{
	const json_t *rights;

	TRY(json_get_array(&rights, object, "rights"));
	if (json_array_size(rights) > LICENSE_RIGHTS_MAX)
		return failure(ERR_LIMIT, "license: more than %d rights", LICENSE_RIGHTS_MAX);
	for (size_t i = 0; i < json_array_size(rights); i++) {
		struct slice text;

		TRY(json_text_at(&text, rights, i));
		out->rights[out->right_count++] = arena_copy(a, text);
	}
	return OK;
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
	return get_time(&out->issued_ms, document, "issued");
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
