/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/license_file.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

enum { VERSION = 1, COLUMNS = 64 };

static const int64_t DAY_MS = 24 * 3600 * 1000;

static bool is_plain(struct slice text, size_t max)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return text.size > 0 && text.size <= max;
}

static enum err check(const struct license_checkout *c)
{
	if (c->document.size == 0 || c->document.size > LICENSE_MAX)
		return failure(ERR_FORMAT, "checkout: there is no license in it");
	if (!is_plain(c->recipient, LICENSE_RECIPIENT_MAX))
		return failure(ERR_FORMAT, "checkout: \"recipient\" is no key");
	if (!is_plain(c->status_uri, LICENSE_URI_MAX) || c->status_index < 0)
		return failure(ERR_FORMAT, "checkout: \"status\" is no place in a list");
	if (c->issued_ms < 0 || c->expires_ms <= c->issued_ms ||
	    c->expires_ms - c->issued_ms > LICENSE_CHECKOUT_MAX_DAYS * DAY_MS)
		return failure(ERR_FORMAT, "checkout: it lasts up to %d days",
			       LICENSE_CHECKOUT_MAX_DAYS);
	return OK;
}

static void put_time(json_t *object, const char *name, int64_t ms)
{
	char text[CLOCK_TEXT];

	clock_text(text, ms);
	json_put_text(object, name, slice_of_string(text));
}

static void put_bytes(json_t *object, const char *name, struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(2 * bytes.size + 4);

	text_write_base64(&text, bytes, TEXT_BASE64);
	json_put_text(object, name, buf_slice(&text));
}

enum err license_checkout_write(struct buf *out, const struct license_checkout *c)
{
	AUTO(json_auto) json_t *object = json_object_new();
	json_t *status = json_object_new();
	char entry[TEXT_UUID];

	json_put(object, "status", status);
	TRY(check(c));
	text_uuid(entry, c->entry);
	json_put_text(status, "uri", c->status_uri);
	json_put_int(status, "idx", c->status_index);
	json_put_int(object, "v", VERSION);
	json_put_text(object, "document", c->document);
	put_bytes(object, "signature", slice_of(c->signature, SIGN_SIGNATURE));
	json_put_text(object, "entry", slice_of_string(entry));
	json_put_text(object, "recipient", c->recipient);
	put_time(object, "issued", c->issued_ms);
	put_time(object, "expires", c->expires_ms);
	return json_write_canonical(out, object);
}

static enum err get_text(struct slice *out, struct arena *a, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	*out = arena_copy(a, text);
	return OK;
}

static enum err get_time(int64_t *out, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	return clock_parse(out, text);
}

static enum err get_signature(uint8_t out[SIGN_SIGNATURE], const json_t *object)
{
	AUTO(buf_free) struct buf bytes = buf_new(2 * SIGN_SIGNATURE);
	struct slice text;

	TRY(json_get_text(&text, object, "signature"));
	TRY(text_read_base64(&bytes, text, TEXT_BASE64));
	if (bytes.size != SIGN_SIGNATURE)
		return failure(ERR_FORMAT, "checkout: \"signature\" has %zu bytes", bytes.size);
	memcpy(out, bytes.data, SIGN_SIGNATURE);
	return OK;
}

static enum err read_members(struct license_checkout *out, struct arena *a, const json_t *object)
{
	const json_t *status;
	struct slice entry;
	int64_t version;

	TRY(json_get_int(&version, object, "v"));
	if (version != VERSION)
		return failure(ERR_UNSUPPORTED, "checkout: version %lld", (long long)version);
	TRY(get_text(&out->document, a, object, "document"));
	TRY(get_text(&out->recipient, a, object, "recipient"));
	TRY(get_signature(out->signature, object));
	TRY(json_get_text(&entry, object, "entry"));
	TRY(text_read_uuid(out->entry, entry));
	TRY(get_time(&out->issued_ms, object, "issued"));
	TRY(get_time(&out->expires_ms, object, "expires"));
	TRY(json_get_object(&status, object, "status"));
	TRY(json_get_int(&out->status_index, status, "idx"));
	return get_text(&out->status_uri, a, status, "uri");
}

enum err license_checkout_parse(struct license_checkout *out, struct arena *a, struct slice text)
{
	AUTO(json_auto) json_t *object = NULL;
	AUTO(buf_free) struct buf again = buf_new(LICENSE_CHECKOUT_MAX);

	*out = (struct license_checkout){0};
	TRY(json_read(&object, text, LICENSE_CHECKOUT_MAX));
	TRY(read_members(out, a, object));
	TRY(license_checkout_write(&again, out));
	if (!slice_equal(buf_slice(&again), text))
		return failure(ERR_FORMAT, "checkout: the text is not in its canonical form");
	return OK;
}

void license_file_clear(struct license_file *f)
{
	json_free(f->receipt);
	*f = (struct license_file){0};
}

enum err license_file_write(struct buf *out, const struct license_file *f)
{
	AUTO(json_auto) json_t *object = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(LICENSE_FILE_MAX);
	AUTO(buf_free) struct buf base64 = buf_new(LICENSE_FILE_MAX);

	json_put_text(object, "checkout", f->checkout);
	put_bytes(object, "signature", slice_of(f->signature, SIGN_SIGNATURE));
	json_put(object, "receipt", json_incref(f->receipt));
	TRY(json_write_canonical(&text, object));
	text_write_base64(&base64, buf_slice(&text), TEXT_BASE64);
	TRY(buf_done(&base64));
	buf_write_string(out, LICENSE_FILE_BEGIN "\n");
	for (size_t i = 0; i < base64.size; i += COLUMNS) {
		buf_write(out, slice_part(buf_slice(&base64), i, COLUMNS));
		buf_write_string(out, "\n");
	}
	buf_write_string(out, LICENSE_FILE_END "\n");
	return buf_done(out);
}

/* What stands between the two lines, without its line ends. */
static enum err take_armor(struct buf *out, struct slice text)
{
	struct slice line, rest = text;
	bool is_inside = false;

	while (slice_cut(rest, '\n', &line, &rest) || line.size) {
		if (line.size && line.data[line.size - 1] == '\r')
			line.size--;
		if (is_inside && slice_equal(line, S(LICENSE_FILE_END)))
			return buf_done(out);
		if (is_inside)
			buf_write(out, line);
		is_inside |= slice_equal(line, S(LICENSE_FILE_BEGIN));
	}
	return failure(ERR_FORMAT, "license file: the lines \"%s\" and \"%s\" are not there",
		       LICENSE_FILE_BEGIN, LICENSE_FILE_END);
}

enum err license_file_parse(struct license_file *out, struct arena *a, struct slice text)
{
	AUTO(buf_free) struct buf base64 = buf_new(LICENSE_FILE_MAX);
	AUTO(buf_free) struct buf json = buf_new(LICENSE_FILE_MAX);
	AUTO(json_auto) json_t *object = NULL;
	const json_t *receipt;

	*out = (struct license_file){0};
	TRY(take_armor(&base64, text));
	TRY(text_read_base64(&json, buf_slice(&base64), TEXT_BASE64));
	TRY(json_read(&object, buf_slice(&json), LICENSE_FILE_MAX));
	TRY(get_text(&out->checkout, a, object, "checkout"));
	TRY(get_signature(out->signature, object));
	TRY(json_get_object(&receipt, object, "receipt"));
	out->receipt = json_deep_copy(receipt);
	return OK;
}
