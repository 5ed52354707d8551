/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/oidc_provider.h"

#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "crypto/jws.h"

enum { NAME_MAX_BYTES = 56, HALF = DIGEST_SIZE / 2 };

/* --- what the operator says ---------------------------------------------------------------- */

static enum err take(struct slice *out, struct arena *arena, const json_t *object, const char *name,
		     struct slice fallback)
{
	struct slice text;

	TRY(json_get_text_or(&text, object, name, fallback));
	if (text.size > OIDC_MAX_TEXT)
		return failure(ERR_LIMIT, "\"%s\" has more than %d bytes", name, OIDC_MAX_TEXT);
	*out = arena_copy(arena, text);
	return OK;
}

static bool is_word(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!((text.data[i] >= 'a' && text.data[i] <= 'z') ||
		      (text.data[i] >= '0' && text.data[i] <= '9') || text.data[i] == '-'))
			return false;
	return text.size > 0 && text.size <= 64;
}

static bool is_address(struct slice text)
{
	return slice_starts_with(text, S("https://")) && text.size > sizeof "https://" - 1;
}

static enum err read_scope(struct slice *out, struct arena *arena, const json_t *object)
{
	AUTO(buf_free) struct buf text = buf_new(OIDC_MAX_TEXT);
	const json_t *list = json_object_get(object, "scopes");
	bool has_openid = !list;

	if (!list)
		buf_write(&text, S("openid profile email"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice one;

		TRY(json_text_at(&one, list, i));
		has_openid = has_openid || slice_equal(one, S("openid"));
		buf_printf(&text, "%s%.*s", i ? " " : "", SLICE_PRINT(one));
	}
	if (!has_openid || buf_done(&text) != OK)
		return failure(ERR_FORMAT, "\"scopes\" is an array with \"openid\" in it");
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err read_provider(struct oidc_provider *out, struct arena *arena, const json_t *object)
{
	static const char *const known[] = {"name",      "title",      "issuer",
					    "client_id", "credential", "scopes",
					    "register",  "name_claim", NULL};
	struct slice who;

	TRY(json_only(object, known));
	TRY(take(&out->name, arena, object, "name", S("")));
	TRY(take(&out->title, arena, object, "title", out->name));
	TRY(take(&out->issuer, arena, object, "issuer", S("")));
	TRY(take(&out->client_id, arena, object, "client_id", S("")));
	TRY(take(&out->credential, arena, object, "credential", S("")));
	TRY(take(&out->name_claim, arena, object, "name_claim", S("preferred_username")));
	TRY(read_scope(&out->scope, arena, object));
	TRY(json_get_text_or(&who, object, "register", S("invited")));
	out->registers = slice_equal(who, S("anyone"));
	if (!out->registers && !slice_equal(who, S("invited")))
		return failure(ERR_FORMAT, "\"register\" is \"invited\" or \"anyone\"");
	if (!is_word(out->name))
		return failure(ERR_FORMAT, "\"name\" has 1 to 64 of a-z 0-9 -");
	if (!is_address(out->issuer))
		return failure(ERR_FORMAT, "\"issuer\" is an https:// address");
	if (!out->client_id.size)
		return failure(ERR_FORMAT, "\"client_id\" is missing");
	return OK;
}

enum err oidc_read_providers(struct oidc_provider *out, size_t *count, struct arena *arena,
			     struct slice file)
{
	AUTO(json_auto) json_t *object = NULL;
	const json_t *list;

	TRY(json_read(&object, file, OIDC_MAX_FILE));
	TRY(json_get_array(&list, object, "providers"));
	*count = json_array_size(list);
	if (*count > OIDC_MAX_PROVIDERS)
		return failure(ERR_LIMIT, "more than %d providers", OIDC_MAX_PROVIDERS);
	for (size_t i = 0; i < *count; i++) {
		TRY(read_provider(&out[i], arena, json_array_get(list, i)));
		for (size_t k = 0; k < i; k++)
			if (slice_equal(out[k].name, out[i].name))
				return failure(ERR_CONFLICT, "two providers are named \"%.*s\"",
					       SLICE_PRINT(out[i].name));
	}
	return OK;
}

/* --- what it says of itself ---------------------------------------------------------------- */

static enum err take_address(struct slice *out, struct arena *arena, const json_t *object,
			     const char *name)
{
	TRY(take(out, arena, object, name, S("")));
	if (!is_address(*out))
		return failure(
			ERR_FORMAT,
			"the identity provider's discovery has no https:// address as \"%s\"",
			name);
	return OK;
}

enum err oidc_read_discovery(struct oidc_discovery *out, struct arena *arena, struct slice text,
			     struct slice issuer)
{
	AUTO(json_auto) json_t *object = NULL;
	struct slice says;

	if (json_read(&object, text, OIDC_MAX_FILE) != OK || !json_is_object(object))
		return failure(ERR_FORMAT, "the identity provider's discovery is no JSON object");
	TRY(take(&says, arena, object, "issuer", S("")));
	if (!slice_equal(says, issuer)) /* OpenID Connect Discovery 1.0, section 4.3 */
		return failure(ERR_DENIED, "the identity provider's discovery is that of another "
					   "issuer");
	TRY(take_address(&out->authorization, arena, object, "authorization_endpoint"));
	TRY(take_address(&out->token, arena, object, "token_endpoint"));
	return take_address(&out->jwks, arena, object, "jwks_uri");
}

/* --- what it says of somebody -------------------------------------------------------------- */

static bool is_for(const json_t *claims, struct slice audience)
{
	const json_t *aud = json_object_get(claims, "aud");
	struct slice one;

	if (json_is_string(aud))
		return slice_equal(slice_of(json_string_value(aud), json_string_length(aud)),
				   audience);
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (json_text_at(&one, aud, i) == OK && slice_equal(one, audience))
			return true;
	return false;
}

/* Of several audiences the one that asked must be named (Core 1.0, section 3.1.3.7, 4 and 5). */
static bool is_authorized(const json_t *claims, struct slice audience)
{
	struct slice azp;

	if (json_get_text_or(&azp, claims, "azp", S("")) != OK)
		return false;
	if (azp.size)
		return slice_equal(azp, audience);
	return json_array_size(json_object_get(claims, "aud")) <= 1;
}

static enum err check_times(const json_t *claims, int64_t now)
{
	int64_t expires, issued, not_before;

	TRY(json_get_int(&expires, claims, "exp"));
	TRY(json_get_int(&issued, claims, "iat"));
	TRY(json_get_int_or(&not_before, claims, "nbf", 0));
	if (now >= expires && now - expires >= OIDC_LEEWAY_SECONDS)
		return failure(ERR_EXPIRED, "the id token has expired");
	if (issued > now + OIDC_LEEWAY_SECONDS || not_before > now + OIDC_LEEWAY_SECONDS)
		return failure(ERR_DENIED, "the id token is of the future; compare the clocks");
	return OK;
}

/* Half of the hash of the access token that came with it (Core 1.0, section 3.1.3.6); both
 * algorithms here hash with SHA-256. */
static enum err check_access_token(const json_t *claims, struct slice access_token)
{
	AUTO(buf_free) struct buf half = buf_new(DIGEST_SIZE);
	struct digest digest = digest_of(access_token);
	struct slice says;

	TRY(json_get_text_or(&says, claims, "at_hash", S("")));
	if (!says.size || !access_token.size)
		return OK;
	text_write_base64(&half, slice_of(digest.bytes, HALF), TEXT_BASE64_URL_RAW);
	if (!slice_equal(says, buf_slice(&half)))
		return failure(ERR_DENIED, "the id token is not of the access token that came "
					   "with it (at_hash)");
	return OK;
}

static enum err check_claims(const json_t *claims, const struct oidc_expected *e)
{
	struct slice iss, nonce;

	TRY(json_get_text(&iss, claims, "iss"));
	if (!slice_equal(iss, e->issuer))
		return failure(ERR_DENIED, "the id token is of another issuer");
	if (!is_for(claims, e->audience) || !is_authorized(claims, e->audience))
		return failure(ERR_DENIED, "the id token is for somebody else (aud, azp)");
	TRY(json_get_text_or(&nonce, claims, "nonce", S("")));
	if (e->nonce.size && !slice_equal(nonce, e->nonce))
		return failure(ERR_DENIED, "the id token is of another sign-in (nonce)");
	TRY(check_times(claims, e->now_seconds));
	return check_access_token(claims, e->access_token);
}

static enum err take_claims(struct oidc_claims *out, struct arena *arena, const json_t *claims,
			    struct slice name_claim)
{
	bool is_verified;

	TRY(json_get_text(&out->sub, claims, "sub"));
	if (out->sub.size == 0 || out->sub.size > OIDC_MAX_SUBJECT)
		return failure(ERR_FORMAT, "the id token's \"sub\" has 1 to %d bytes",
			       OIDC_MAX_SUBJECT);
	out->sub = arena_copy(arena, out->sub);
	TRY(take(&out->name, arena, claims, arena_string(arena, name_claim), S("")));
	out->email = S("");
	if (json_get_bool_or(&is_verified, claims, "email_verified", false) == OK && is_verified)
		TRY(take(&out->email, arena, claims, "email", S("")));
	return OK;
}

enum err oidc_check_token(struct oidc_claims *out, struct arena *arena, struct slice jwt,
			  const struct jwk_set *keys, const struct oidc_expected *expected,
			  struct slice name_claim)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	TRY(jws_parse(&jws, arena, jwt, OIDC_MAX_TOKEN));
	TRY(jws_verify(&jws, keys));
	TRY(json_read(&claims, jws.payload, OIDC_MAX_TOKEN));
	if (!json_is_object(claims))
		return failure(ERR_FORMAT, "the id token holds no claims");
	TRY(check_claims(claims, expected));
	return take_claims(out, arena, claims, name_claim);
}

enum err oidc_peek_issuer(struct slice *out, struct arena *arena, struct slice jwt)
{
	AUTO(json_auto) json_t *claims = NULL;
	struct jws jws;

	TRY(jws_parse(&jws, arena, jwt, OIDC_MAX_TOKEN));
	TRY(json_read(&claims, jws.payload, OIDC_MAX_TOKEN));
	TRY(json_get_text(out, claims, "iss"));
	*out = arena_copy(arena, *out);
	return OK;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

struct slice oidc_person_name(struct arena *arena, struct slice claimed)
{
	AUTO(buf_free) struct buf name = buf_new(NAME_MAX_BYTES);

	for (size_t i = 0; i < claimed.size && name.size < NAME_MAX_BYTES; i++) {
		char c = (char)claimed.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (is_plain(c) || (name.size && (c == '.' || c == '_' || c == '-')))
			buf_write_u8(&name, (uint8_t)c);
		else if (c == '@')
			break; /* who they are there, not where */
	}
	while (name.size && !is_plain((char)name.data[name.size - 1]))
		name.size--;
	return arena_copy(arena, buf_slice(&name));
}
