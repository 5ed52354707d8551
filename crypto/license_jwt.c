/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/license_jwt.h"

#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/json.h"

enum { SECONDS_AHEAD = 60, KID_BYTES = 8, URI_MAX = 600 };

static void put_base64(json_t *object, const char *name, struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(2 * bytes.size + 4);

	text_write_base64(&text, bytes, TEXT_BASE64_URL_RAW);
	json_put_text(object, name, buf_slice(&text));
}

static void put_kid(json_t *object, const uint8_t public_key[SIGN_PUBLIC])
{
	AUTO(buf_free) struct buf hex = buf_new(2 * KID_BYTES);
	struct digest digest = digest_of(slice_of(public_key, SIGN_PUBLIC));

	text_write_hex(&hex, slice_of(digest.bytes, KID_BYTES));
	json_put_text(object, "kid", buf_slice(&hex));
}

void license_jwk(json_t **out, const uint8_t public_key[SIGN_PUBLIC])
{
	*out = json_object_new();
	json_put_text(*out, "kty", S("OKP"));
	json_put_text(*out, "crv", S("Ed25519"));
	json_put_text(*out, "alg", S("EdDSA"));
	json_put_text(*out, "use", S("sig"));
	put_kid(*out, public_key);
	put_base64(*out, "x", slice_of(public_key, SIGN_PUBLIC));
}

enum err license_jws_input(struct buf *out, struct slice type,
			   const uint8_t public_key[SIGN_PUBLIC], struct slice payload)
{
	AUTO(json_auto) json_t *header = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(1024);

	json_put_text(header, "alg", S("EdDSA"));
	json_put_text(header, "typ", type);
	put_kid(header, public_key);
	TRY(json_write_canonical(&text, header));
	text_write_base64(out, buf_slice(&text), TEXT_BASE64_URL_RAW);
	buf_write(out, S("."));
	text_write_base64(out, payload, TEXT_BASE64_URL_RAW);
	return buf_done(out);
}

enum err license_jws_finish(struct buf *out, struct slice input,
			    const uint8_t signature[SIGN_SIGNATURE])
{
	buf_write(out, input);
	buf_write(out, S("."));
	text_write_base64(out, slice_of(signature, SIGN_SIGNATURE), TEXT_BASE64_URL_RAW);
	return buf_done(out);
}

enum err license_status_write(struct buf *out, struct slice uri, int64_t now_seconds,
			      struct slice compressed)
{
	AUTO(json_auto) json_t *payload = json_object_new();
	json_t *list = json_object_new();

	json_put(payload, "status_list", list);
	json_put_int(list, "bits", LICENSE_STATUS_BITS);
	put_base64(list, "lst", compressed);
	json_put_text(payload, "sub", uri);
	json_put_int(payload, "iat", now_seconds);
	json_put_int(payload, "exp", now_seconds + LICENSE_STATUS_SECONDS);
	json_put_int(payload, "ttl", LICENSE_STATUS_TTL);
	return json_write_canonical(out, payload);
}

/* Written again from what it says, it must be the same. */
enum err license_status_check(struct slice payload, int64_t now_seconds)
{
	AUTO(json_auto) json_t *object = NULL;
	AUTO(buf_free) struct buf again = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf bytes = buf_new(LICENSE_JWT_MAX);
	const json_t *list;
	struct slice uri, lst;
	int64_t issued;

	TRY(json_read(&object, payload, LICENSE_JWT_TEXT));
	TRY(json_get_int(&issued, object, "iat"));
	TRY(json_get_text(&uri, object, "sub"));
	TRY(json_get_object(&list, object, "status_list"));
	TRY(json_get_text(&lst, list, "lst"));
	TRY(text_read_base64(&bytes, lst, TEXT_BASE64_URL_RAW));
	TRY(license_status_write(&again, uri, issued, buf_slice(&bytes)));
	if (!slice_equal(buf_slice(&again), payload))
		return failure(ERR_FORMAT, "status list: it says something else besides");
	if (issued > now_seconds + SECONDS_AHEAD || issued < now_seconds - SECONDS_AHEAD)
		return failure(ERR_EXPIRED, "status list: it was not made now");
	return OK;
}

enum err license_export_write(struct buf *out, const struct license_export *e)
{
	AUTO(json_auto) json_t *object = json_object_new();
	json_t *status = json_object_new();

	json_put(object, "status", status);
	json_put_int(status, "idx", e->status_index);
	json_put_text(status, "uri", e->status_uri);
	json_put_text(object, "iss", e->issuer);
	json_put_int(object, "iat", e->issued_seconds);
	if (e->has_holder)
		put_base64(object, "holder", slice_of(e->holder, SIGN_PUBLIC));
	put_base64(object, "salts", slice_of(e->salts, sizeof e->salts));
	return json_write_canonical(out, object);
}

static enum err get_bytes(void *out, size_t size, const json_t *object, const char *name)
{
	AUTO(buf_free) struct buf bytes = buf_new(size + 1);
	struct slice text;

	TRY(json_get_text(&text, object, name));
	TRY(text_read_base64(&bytes, text, TEXT_BASE64_URL_RAW));
	if (bytes.size != size)
		return failure(ERR_FORMAT, "export: \"%s\" has %zu bytes", name, bytes.size);
	memcpy(out, bytes.data, size);
	return OK;
}

static enum err get_uri(struct slice *out, struct arena *a, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	if (text.size == 0 || text.size > URI_MAX)
		return failure(ERR_FORMAT, "export: \"%s\" has 1 to %d bytes", name, URI_MAX);
	*out = arena_copy(a, text);
	return OK;
}

enum err license_export_parse(struct license_export *out, struct arena *a, struct slice text)
{
	AUTO(json_auto) json_t *object = NULL;
	AUTO(buf_free) struct buf again = buf_new(LICENSE_JWT_TEXT);
	const json_t *status;

	*out = (struct license_export){0};
	TRY(json_read(&object, text, LICENSE_JWT_TEXT));
	TRY(json_get_object(&status, object, "status"));
	TRY(json_get_int(&out->status_index, status, "idx"));
	TRY(get_uri(&out->status_uri, a, status, "uri"));
	TRY(get_uri(&out->issuer, a, object, "iss"));
	TRY(json_get_int(&out->issued_seconds, object, "iat"));
	out->has_holder = json_has(object, "holder");
	if (out->has_holder)
		TRY(get_bytes(out->holder, SIGN_PUBLIC, object, "holder"));
	TRY(get_bytes(out->salts, sizeof out->salts, object, "salts"));
	TRY(license_export_write(&again, out));
	if (!slice_equal(buf_slice(&again), text))
		return failure(ERR_FORMAT, "export: the text is not in its canonical form");
	return OK;
}

static json_t *texts_of(const struct slice list[], size_t count)
{
	json_t *array = json_array_new();

	for (size_t i = 0; i < count; i++)
		json_push_text(array, list[i]);
	return array;
}

static json_t *uuid_of(const uint8_t id[16])
{
	char text[TEXT_UUID];

	text_uuid(text, id);
	return json_string(text);
}

/* Claims being written: those that are open, and digests and disclosures of the hidden ones. */
struct claims {
	const struct license_export *export;
	json_t *open;
	char digests[LICENSE_JWT_HIDDEN][48];
	size_t count, salt;
	struct buf *disclosures;
};

/* Each claim has its own salt, hidden or not there at all. Takes the value over. */
static enum err hide(struct claims *c, const char *name, json_t *value)
{
	AUTO(json_auto) json_t *array = json_array_new();
	AUTO(buf_free) struct buf json = buf_new(LICENSE_JWT_TEXT);
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf hash = buf_new(64);
	const uint8_t *salt = c->export->salts[c->salt++];
	struct digest digest;

	if (!value)
		return OK;
	text_write_base64(&hash, slice_of(salt, LICENSE_JWT_SALT), TEXT_BASE64_URL_RAW);
	json_push_text(array, buf_slice(&hash));
	json_push_text(array, slice_of_string(name));
	json_push(array, value);
	TRY(json_write_canonical(&json, array));
	text_write_base64(&text, buf_slice(&json), TEXT_BASE64_URL_RAW);
	TRY(buf_done(&text));
	digest = digest_of(buf_slice(&text));
	buf_reset(&hash);
	text_write_base64(&hash, digest_slice(&digest), TEXT_BASE64_URL_RAW);
	memcpy(c->digests[c->count++], buf_string(&hash), hash.size + 1);
	buf_write(c->disclosures, buf_slice(&text));
	buf_write(c->disclosures, S("~"));
	return buf_done(c->disclosures);
}

static enum err hide_all(struct claims *c, const struct license *l)
{
	json_t *limits = NULL;

	if (l->limits.count)
		TRY(license_limits_describe(&limits, &l->limits));
	TRY(hide(c, "license", uuid_of(l->id)));
	TRY(hide(c, "person", uuid_of(l->person)));
	TRY(hide(c, "request", uuid_of(l->request)));
	TRY(hide(c, "institution", l->has_institution ? uuid_of(l->institution) : NULL));
	TRY(hide(c, "uses", l->use_count ? texts_of(l->uses, l->use_count) : NULL));
	TRY(hide(c, "regions", l->region_count ? texts_of(l->regions, l->region_count) : NULL));
	TRY(hide(c, "limits", limits));
	return hide(c, "plan",
		    l->plan == LICENSE_STANDARD ? NULL : json_string(license_plan_name(l->plan)));
}

static void put_status(json_t *open, const struct license_export *e)
{
	json_t *status = json_object_new(), *list = json_object_new();

	json_put(open, "status", status);
	json_put(status, "status_list", list);
	json_put_int(list, "idx", e->status_index);
	json_put_text(list, "uri", e->status_uri);
}

static void put_holder(json_t *open, const struct license_export *e)
{
	json_t *cnf = json_object_new(), *jwk = json_object_new();

	json_put(open, "cnf", cnf);
	json_put(cnf, "jwk", jwk);
	json_put_text(jwk, "kty", S("OKP"));
	json_put_text(jwk, "crv", S("Ed25519"));
	put_base64(jwk, "x", slice_of(e->holder, SIGN_PUBLIC));
}

static void put_open(json_t *open, const struct license_export *e, const struct license *l)
{
	AUTO(buf_free) struct buf terms = buf_new(2 * DIGEST_SIZE);

	text_write_hex(&terms, digest_slice(&l->terms));
	json_put_text(open, "vct", S("urn:sallyport:license:1"));
	json_put_text(open, "iss", e->issuer);
	json_put_int(open, "iat", e->issued_seconds);
	json_put_int(open, "nbf", l->not_before_ms / 1000);
	json_put_int(open, "exp", l->expires_ms / 1000);
	json_put_text(open, "model", l->model);
	json_put(open, "rights", texts_of(l->rights, l->right_count));
	json_put_text(open, "terms_sha256", buf_slice(&terms));
	put_status(open, e);
	if (e->has_holder)
		put_holder(open, e);
	json_put_text(open, "_sd_alg", S("sha-256"));
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Digests in their own order tell nothing of which claims they hide. */
enum err license_export_payload(struct buf *payload, struct buf *disclosures,
				const struct license_export *e, const struct license *license)
{
	AUTO(json_auto) json_t *open = json_object_new();
	struct claims c = {.export = e, .open = open, .disclosures = disclosures};
	json_t *digests = json_array_new();

	json_put(open, "_sd", digests);
	put_open(open, e, license);
	TRY(hide_all(&c, license));
	qsort(c.digests, c.count, sizeof c.digests[0], compare);
	for (size_t i = 0; i < c.count; i++)
		json_push_text(digests, slice_of_string(c.digests[i]));
	return json_write_canonical(payload, open);
}
