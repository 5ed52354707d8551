/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/access.h"

#include "crypto/base/text.h"
#include "crypto/digest.h"

enum { ACCESS_HEX = 2 * DIGEST_SIZE };

static enum err find_sha256(const char **out, struct arena *arena, struct client *c,
			    const char *model)
{
	AUTO(json_auto) json_t *info = NULL;
	const json_t *ours;
	struct slice sha256;

	TRY(client_call(c, &info, "GET",
			arena_printf(arena, "/api/models/%s",
				     client_encode_path(arena, slice_of_string(model))),
			NULL));
	TRY(json_get_object(&ours, info, "sallyport"));
	TRY(json_get_text_or(&sha256, ours, "terms_sha256", S("")));
	*out = arena_string(arena, sha256);
	return OK;
}

enum err access_terms_get(struct access_terms *out, struct arena *arena, struct client *c,
			  const char *model)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(buf_free) struct buf hex = buf_new(ACCESS_HEX);
	struct client_request request = {.method = "GET"};
	struct digest digest;

	TRY(find_sha256(&out->sha256, arena, c, model));
	out->text = S("");
	if (!out->sha256[0])
		return OK;
	request.path = arena_printf(arena, "/api/v1/terms/%s",
				    client_encode(arena, slice_of_string(out->sha256)));
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	digest = digest_of(buf_slice(&answer.body));
	text_write_hex(&hex, digest_slice(&digest));
	if (!slice_equal(buf_slice(&hex), slice_of_string(out->sha256)))
		return failure(ERR_FORGED, "the text of the terms is not what the model names");
	out->text = arena_copy(arena, buf_slice(&answer.body));
	return OK;
}

static enum err put_signature(json_t *body, const struct statement *wish,
			      const struct sign_key *key, const char *key_id)
{
	AUTO(buf_free) struct buf text = buf_new(STATEMENT_MAX);
	AUTO(buf_free) struct buf base64 = buf_new(2 * SIGN_SIGNATURE);
	uint8_t signature[SIGN_SIGNATURE];
	json_t *object = json_object_new();

	json_put(body, "terms_signature", object);
	TRY(statement_write(&text, wish));
	sign_make_in(ACCESS_TERMS_DOMAIN, key, buf_slice(&text), signature);
	text_write_base64(&base64, slice_of(signature, sizeof signature), TEXT_BASE64);
	json_put_text(object, "key_id", slice_of_string(key_id));
	json_put_text(object, "sig", buf_slice(&base64));
	return OK;
}

enum err access_sign(json_t **out, const struct statement *wish, const struct sign_key *key,
		     const char *key_id)
{
	AUTO(json_auto) json_t *body = NULL;

	TRY(statement_json(&body, wish));
	if (wish->terms_sha256[0])
		TRY(put_signature(body, wish, key, key_id));
	else
		json_object_del(body, "terms_sha256");
	*out = body;
	body = NULL; /* given away */
	return OK;
}

enum err access_submit(json_t **answer, struct client *c, const struct statement *wish,
		       const struct sign_key *key, const char *key_id, json_t *more)
{
	AUTO(json_auto) json_t *fields = NULL;
	json_t *body;

	TRY(statement_fields(&fields, wish));
	TRY(access_sign(&body, wish, key, key_id));
	if (more)
		json_object_update(body, more);
	if (wish->field_count)
		json_put(body, "fields", json_incref(fields));
	return client_call(c, answer, "POST", "/api/v1/access-requests", body);
}
