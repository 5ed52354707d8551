/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Licenses for those who do not ask the gateway: taken along in a file for some days, and shown as
 * an SD-JWT VC. Both are signed by the keeper against an entry that names their text, and point to
 * the list of states.
 */
#include "gateway/api/license/documents.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/license_file.h"
#include "crypto/license_jwt.h"
#include "crypto/random.h"
#include "gateway/api/license/licensing.h"
#include "gateway/api/license/receipt.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/key.h"
#include "schema/store/status_list.h"

enum err document_sign(uint8_t signature[WIRE_SIGNATURE], struct route_context *context,
		       struct audit_event *event, struct slice text,
		       const struct store_license *license)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_document_sign ask = {.text = text};
	struct wire_document_signed made;
	struct digest digest = digest_of(text);

	audit_event_hex(event, "sha256", digest_slice(&digest));
	TRY(api_log(context->store, event));
	TRY(api_publish(context->api, event->id));
	memcpy(ask.event, event->id, WIRE_ID);
	if (license) {
		ask.license = license->document;
		memcpy(ask.signature, license->signature, WIRE_SIGNATURE);
	}
	wire_write_document_sign(&body, &ask);
	TRY(buf_done(&body));
	TRY(api_ask_keeper(&reply, context->api, WIRE_DOCUMENT_SIGN, buf_slice(&body)));
	TRY(wire_read_document_signed(&made, buf_slice(&reply.body)));
	memcpy(signature, made.signature, WIRE_SIGNATURE);
	return OK;
}

const char *document_status_uri(struct arena *arena, const struct api *api, int64_t index,
				int64_t *place)
{
	const char *base = api->settings->external_url;
	int64_t list = index / LICENSE_STATUS_PER_LIST;

	*place = index % LICENSE_STATUS_PER_LIST;
	return list ? arena_printf(arena, "%s/api/v1/status/licenses/%lld", base, (long long)list)
		    : arena_printf(arena, "%s/api/v1/status/licenses", base);
}

/* The holder's license of the address, in force; false: it has answered. */
static bool find_own(struct store_license *out, struct exchange *x, struct route_context *context)
{
	enum err result = OK;

	if (!licensing_find(out, x, context))
		return false;
	if (!principal_is(authorize_principal(x), out->person))
		result = failure(ERR_DENIED, "only its holder takes a license along");
	else if (!slice_equal(out->state, S("active")) || out->expires_ms <= clock_now_ms())
		result = failure(ERR_CONFLICT, "the license is not in force");
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

/* "key_id" of a body, or the first key they have enrolled: "ed25519:..." or "age-x25519:...". */
static enum err read_recipient(struct slice *out, struct exchange *x, struct route_context *context,
			       const json_t *body)
{
	struct arena *arena = exchange_arena(x);
	struct store_key *keys;
	struct slice wanted;
	size_t count;

	TRY(json_get_text_or(&wanted, body, "key_id", S("")));
	TRY(store_key_list(context->store, arena, &keys, &count,
			   authorize_principal(x)->person.id));
	for (size_t i = 0; i < count; i++) {
		struct slice id = slice_of_string(api_uuid(arena, keys[i].id));
		struct slice public = slice_of(keys[i].public, STORE_PUBLIC_KEY);

		/* A browser's key opens and proves nothing offline. */
		if (keys[i].revoked_ms || slice_equal(keys[i].kind, S("p256")) ||
		    (wanted.size && !slice_equal(wanted, id)))
			continue;
		*out = slice_of_string(arena_printf(arena, "%.*s:%s", SLICE_PRINT(keys[i].kind),
						    api_base64(arena, public)));
		return OK;
	}
	return failure(ERR_FORMAT,
		       "a license is lent to an Ed25519 or age key that you have enrolled: enroll "
		       "one first, and name it as \"key_id\"");
}

static enum err read_checkout(struct license_checkout *out, struct exchange *x,
			      struct route_context *context, const struct store_license *l,
			      const json_t *body)
{
	int64_t days, index;

	*out = (struct license_checkout){.document = l->document, .issued_ms = clock_now_ms()};
	TRY(json_get_int_or(&days, body, "days", LICENSE_CHECKOUT_DAYS));
	if (days < 1 || days > LICENSE_CHECKOUT_MAX_DAYS)
		return failure(ERR_FORMAT, "\"days\" is 1 to %d", LICENSE_CHECKOUT_MAX_DAYS);
	out->expires_ms = out->issued_ms + days * 24 * 3600 * 1000;
	if (out->expires_ms > l->expires_ms)
		out->expires_ms = l->expires_ms;
	TRY(read_recipient(&out->recipient, x, context, body));
	TRY(store_status_index(context->store, &index, l->id));
	out->status_uri = slice_of_string(
		document_status_uri(exchange_arena(x), context->api, index, &out->status_index));
	memcpy(out->signature, l->signature, SIGN_SIGNATURE);
	random_uuid(out->entry, out->issued_ms);
	return OK;
}

static enum err make_file(struct buf *out, struct exchange *x, struct route_context *context,
			  const struct store_license *l, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(license_file_clear) struct license_file file = {0};
	AUTO(buf_free) struct buf text = buf_new(LICENSE_CHECKOUT_MAX);
	struct license_checkout checkout;

	TRY(read_checkout(&checkout, x, context, l, body));
	TRY(license_checkout_write(&text, &checkout));
	audit_event_begin(&event, AUDIT_LICENSE_CHECKOUT, who->person.id, who->person.name);
	audit_event_preset_id(&event, checkout.entry);
	licensing_tell(&event, l);
	audit_event_text(&event, "recipient", checkout.recipient);
	audit_event_text(&event, "expires",
			 slice_of_string(api_time(exchange_arena(x), checkout.expires_ms)));
	TRY(document_sign(file.signature, context, &event, buf_slice(&text), l));
	file.checkout = buf_slice(&text);
	TRY(receipt_of(&file.receipt, x, context, event.id));
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event.id));
	return license_file_write(out, &file);
}

void license_take_along(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf file = buf_new(LICENSE_FILE_MAX);
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	enum err result;

	if (!find_own(&license, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = make_file(&file, x, context, &license, body);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_text(x, 200, "text/plain; charset=utf-8", buf_slice(&file));
}

static enum err read_holder(struct license_export *out, struct exchange *x,
			    struct route_context *context)
{
	struct store_key *keys;
	size_t count;

	TRY(store_key_list(context->store, exchange_arena(x), &keys, &count,
			   authorize_principal(x)->person.id));
	for (size_t i = 0; i < count && !out->has_holder; i++) {
		out->has_holder = !keys[i].revoked_ms && slice_equal(keys[i].kind, S("ed25519"));
		memcpy(out->holder, keys[i].public, SIGN_PUBLIC);
	}
	return OK;
}

static enum err ask_export(struct license_export *out, struct exchange *x,
			   struct route_context *context, const struct store_license *l)
{
	int64_t index;

	*out = (struct license_export){
		.issuer = slice_of_string(context->api->settings->external_url),
		.issued_seconds = clock_now_ms() / 1000,
	};
	random_bytes(out->salts, sizeof out->salts);
	TRY(store_status_index(context->store, &index, l->id));
	out->status_uri = slice_of_string(
		document_status_uri(exchange_arena(x), context->api, index, &out->status_index));
	return read_holder(out, x, context);
}

static enum err finish(struct buf *out, struct route_context *context,
		       const struct license_export *export, const struct license *license,
		       const uint8_t signature[SIGN_SIGNATURE])
{
	AUTO(buf_free) struct buf payload = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf disclosures = buf_new(LICENSE_JWT_MAX);
	AUTO(buf_free) struct buf input = buf_new(LICENSE_JWT_MAX);
	struct api_keys keys;

	TRY(api_keys_get(&keys, context->api));
	TRY(license_export_payload(&payload, &disclosures, export, license));
	TRY(license_jws_input(&input, S("dc+sd-jwt"), keys.license_public, buf_slice(&payload)));
	TRY(license_jws_finish(out, buf_slice(&input), signature));
	buf_write(out, S("~"));
	buf_write(out, buf_slice(&disclosures));
	return buf_done(out);
}

static enum err make_sd_jwt(struct buf *out, struct exchange *x, struct route_context *context,
			    const struct store_license *l)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_TEXT);
	uint8_t signature[SIGN_SIGNATURE];
	struct license_export export;
	struct license license;

	TRY(license_parse(&license, exchange_arena(x), l->document));
	TRY(ask_export(&export, x, context, l));
	TRY(license_export_write(&text, &export));
	audit_event_begin(&event, AUDIT_LICENSE_EXPORT, who->person.id, who->person.name);
	licensing_tell(&event, l);
	TRY(document_sign(signature, context, &event, buf_slice(&text), l));
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event.id));
	return finish(out, context, &export, &license, signature);
}

void license_sd_jwt(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf token = buf_new(2 * (size_t)LICENSE_JWT_MAX);
	struct store_license license;
	enum err result;

	if (!find_own(&license, x, context))
		return;
	result = make_sd_jwt(&token, x, context, &license);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_text(x, 200, "application/dc+sd-jwt", buf_slice(&token));
}

/* Where verifiers of SD-JWT VCs look for the key; it signs the lists of states, too. */
void license_issuer(struct exchange *x, struct route_context *context)
{
	struct api_keys keys;
	json_t *answer, *jwks, *list, *jwk;
	enum err result = api_keys_get(&keys, context->api);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	jwks = json_object_new();
	list = json_array_new();
	license_jwk(&jwk, keys.license_public);
	json_put_text(answer, "issuer", slice_of_string(context->api->settings->external_url));
	json_put(answer, "jwks", jwks);
	json_put(jwks, "keys", list);
	json_push(list, jwk);
	reply_json(x, 200, answer);
}
