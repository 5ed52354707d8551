/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/jwk_key.h"

struct jwk_set {
	struct jwk keys[JWKS_KEYS_MAX];
	size_t count;
};

const char *jose_algorithm_name(enum jose_algorithm algorithm)
{
#define JOSE_NAME(kind, name) [kind] = name,
	static const char *const names[] = {JOSE_ALGORITHMS(JOSE_NAME)};
#undef JOSE_NAME

	return names[algorithm];
}

bool jose_algorithm_of(enum jose_algorithm *out, struct slice name)
{
#define JOSE_KIND(kind, name) kind,
	static const enum jose_algorithm kinds[] = {JOSE_ALGORITHMS(JOSE_KIND)};
#undef JOSE_KIND

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		*out = kinds[i];
		if (slice_equal(name, slice_of_string(jose_algorithm_name(kinds[i]))))
			return true;
	}
	return false;
}

/* "key_ops", where it is given, must have "verify" (RFC 7517 section 4.3). */
static bool may_verify(const json_t *jwk)
{
	const json_t *operations = json_object_get(jwk, "key_ops");
	struct slice operation;

	if (!operations)
		return true;
	for (size_t i = 0; i < json_array_size(operations); i++)
		if (json_text_at(&operation, operations, i) == OK &&
		    slice_equal(operation, S("verify")))
			return true;
	return false;
}

/* A key is for us if type, curve, use and algorithm say so, or leave it open. */
static bool is_for_us(enum jose_algorithm *algorithm, const json_t *jwk)
{
	struct slice kty = S(""), crv = S(""), use = S(""), alg = S("");
	enum jose_algorithm named;

	if (json_get_text(&kty, jwk, "kty") != OK ||
	    json_get_text_or(&crv, jwk, "crv", S("")) != OK ||
	    json_get_text_or(&use, jwk, "use", S("sig")) != OK ||
	    json_get_text_or(&alg, jwk, "alg", S("")) != OK)
		return false;
	if (slice_equal(kty, S("EC")) && slice_equal(crv, S("P-256")))
		*algorithm = JOSE_ES256;
	else if (slice_equal(kty, S("RSA")))
		*algorithm = JOSE_RS256;
	else
		return false;
	if (alg.size && (!jose_algorithm_of(&named, alg) || named != *algorithm))
		return false;
	return slice_equal(use, S("sig")) && may_verify(jwk);
}

static enum err read_key(struct jwk *out, const json_t *jwk, enum jose_algorithm algorithm)
{
	struct slice kid;

	TRY(json_get_text_or(&kid, jwk, "kid", S("")));
	if (kid.size > JWK_KID_MAX)
		return failure(ERR_LIMIT, "JWK: a kid of more than %d bytes", JWK_KID_MAX);
	out->kid_size = kid.size;
	memcpy(out->kid, kid.data, kid.size);
	out->algorithm = algorithm;
	return jwk_read_public(&out->key, jwk, algorithm);
}

static enum err add_if_for_us(struct jwk_set *set, const json_t *jwk)
{
	enum jose_algorithm algorithm;

	if (!is_for_us(&algorithm, jwk))
		return OK;
	if (set->count == JWKS_KEYS_MAX)
		return failure(ERR_LIMIT, "JWK set: more than %d keys", JWKS_KEYS_MAX);
	TRY(read_key(&set->keys[set->count], jwk, algorithm));
	set->count++;
	return OK;
}

enum err jwks_parse(struct jwk_set **out, struct slice text)
{
	AUTO(json_auto) json_t *value = NULL;
	AUTO(jwk_set_auto) struct jwk_set *set = calloc(1, sizeof *set);
	const json_t *keys;

	assert(set);
	TRY(json_read(&value, text, JWKS_MAX));
	if (json_has(value, "kty")) {
		TRY(add_if_for_us(set, value));
	} else {
		TRY(json_get_array(&keys, value, "keys"));
		for (size_t i = 0; i < json_array_size(keys); i++)
			TRY(add_if_for_us(set, json_array_get(keys, i)));
	}
	if (set->count == 0)
		return failure(ERR_UNSUPPORTED, "JWK set: no signing key for ES256 or RS256 in it");
	*out = set;
	set = NULL; /* given away */
	return OK;
}

void jwk_set_free(struct jwk_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		EVP_PKEY_free(set->keys[i].key);
	free(set);
}

void jwk_set_remove(struct jwk_set *set, struct slice kid)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct jwk *key = &set->keys[i];

		if (slice_equal(kid, slice_of(key->kid, key->kid_size)))
			EVP_PKEY_free(key->key);
		else
			set->keys[kept++] = *key;
	}
	set->count = kept;
}

size_t jwk_set_count(const struct jwk_set *set)
{
	return set->count;
}

enum err jwk_set_find(const struct jwk **out, const struct jwk_set *set, struct slice kid)
{
	if (kid.size == 0 && set->count == 1) {
		*out = &set->keys[0];
		return OK;
	}
	for (size_t i = 0; kid.size && i < set->count; i++) {
		*out = &set->keys[i];
		if (slice_equal(kid, slice_of(set->keys[i].kid, set->keys[i].kid_size)))
			return OK;
	}
	return failure(ERR_NOT_FOUND, "JWS: the issuer has no key \"%.*s\" here",
		       kid.size < 64 ? (int)kid.size : 64, (const char *)kid.data);
}
