/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's main job: accounts, import, credential, request, approval, license, use. */
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/license.h"
#include "gateway/cli/access.h"
#include "gateway/cli/chat.h"
#include "gateway/cli/demo.h"
#include "gateway/cli/demo_fetch.h"
#include "gateway/cli/import.h"
#include "gateway/cli/user_key.h"
#include "gateway/cli/walk.h"

enum {
	DEMO_YEAR_SECONDS = 365 * 24 * 3600,
	DEMO_MAX_JWT = 16 * 1024,
	DEMO_MAX_TEXT = 64 * 1024,
};

static const char *const offices[DEMO_PERSONS] = {
	[DEMO_ADMIN] = "requests:decide licenses:manage models:manage persons:manage keys:manage",
	[DEMO_AUDITOR] = "audit:read",
	[DEMO_RESEARCHER] = "",
	[DEMO_STRANGER] = "",
};

static enum err take(const char **out, struct demo *d, const json_t *object, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, object, name));
	*out = arena_string(&d->arena, text);
	return OK;
}

static json_t *split(const char *words)
{
	struct slice one, rest = slice_of_string(words);
	json_t *list = json_array_new();

	while (rest.size) {
		slice_cut(rest, ' ', &one, &rest);
		json_push_text(list, one);
	}
	return list;
}

/* A code that sets a password, for those who come with a browser. */
static enum err invite(struct demo *d, enum demo_person who, const char *id)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *path = arena_printf(&d->arena, "/api/v1/persons/%s/invitation", id);

	TRY(client_call(d->operator, & answer, "POST", path, NULL));
	return take(&d->codes[who], d, answer, "code");
}

static enum err make_account(struct demo *d, enum demo_person who)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();
	const char *id;

	json_put_text(body, "name", slice_of_string(demo_person_names[who]));
	json_put(body, "offices", split(offices[who]));
	TRY(client_call(d->operator, & answer, "POST", "/api/v1/persons", body));
	TRY(take(&d->tokens[who], d, answer, "token"));
	TRY(take(&id, d, answer, "id"));
	TRY(invite(d, who, id));
	TRY(client_new(&d->clients[who], d->url, d->made.ca, d->tokens[who]));
	client_stop_when(d->clients[who], demo_is_interrupted);
	demo_say(d, "%-11s %s", demo_person_names[who],
		 offices[who][0] ? offices[who] : "(no office)");
	return OK;
}

enum err demo_make_accounts(struct demo *d)
{
	for (enum demo_person who = 0; who < DEMO_PERSONS; who++)
		TRY(make_account(d, who));
	return OK;
}

enum err demo_seal_model(struct demo *d)
{
	struct import_plan plan = {.name = DEMO_MODEL,
				   .path = d->model,
				   .branch = "main",
				   .terms = d->terms,
				   .gate = "manual"};
	AUTO(import_done_clear) struct import_done done = {.removed = NULL};

	TRY(import_run(&done, &d->arena, d->clients[DEMO_ADMIN], &plan));
	d->revision = done.revision;
	demo_say(d, "%s, revision %s", DEMO_MODEL, done.revision);
	demo_say(d, "%zu files, %llu bytes, sealed as they arrived; plaintext never on disk",
		 done.files, (unsigned long long)done.bytes);
	if (done.notes[0])
		return failure(ERR_UNSUPPORTED, "the demo's model cannot be run: %s", done.notes);
	return OK;
}

static enum err list_issuer(struct demo *d)
{
	AUTO(buf_free) struct buf jwks = buf_new(JWKS_MAX);
	json_t *body, *keys = NULL;

	TRY(jose_key_new(&d->issuer, JOSE_ES256, S("demo-1")));
	TRY(jose_key_write_public(&jwks, d->issuer));
	TRY(json_read(&keys, buf_slice(&jwks), JWKS_MAX));
	body = json_object_new();
	json_put_text(body, "iss", S(DEMO_ISSUER));
	json_put(body, "jwks", keys);
	return client_call(d->clients[DEMO_ADMIN], NULL, "POST", "/api/v1/issuers", body);
}

static enum err mint_visa(struct buf *out, const struct demo *d)
{
	int64_t now = clock_now_seconds();
	struct visa visa = {
		.iss = S(DEMO_ISSUER),
		.sub = S("researcher-0001"),
		.jti = S("demo-visa-1"),
		.issued_seconds = now,
		.expires_seconds = now + DEMO_YEAR_SECONDS,
		.type = S("ResearcherStatus"),
		.value = S("https://doi.org/10.1038/s41431-018-0219-y"),
		.source = S("https://university.example"),
		.by = S("so"),
		.asserted_seconds = now,
	};

	return visa_mint(out, d->issuer, S(""), &visa);
}

enum err demo_present_credential(struct demo *d)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(buf_free) struct buf jwt = buf_new(DEMO_MAX_JWT);
	const char *type, *value;
	json_t *body;

	TRY(list_issuer(d));
	TRY(mint_visa(&jwt, d));
	body = json_object_new();
	json_put_text(body, "visa", buf_slice(&jwt));
	TRY(client_call(d->clients[DEMO_RESEARCHER], &answer, "POST", "/api/v1/visas", body));
	TRY(take(&type, d, answer, "type"));
	TRY(take(&value, d, answer, "value"));
	demo_say(d, "visa of %s (ES256), an issuer the admin listed", DEMO_ISSUER);
	demo_say(d, "%s: %s", type, value);
	return OK;
}

enum err demo_request_access(struct demo *d)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c = d->clients[DEMO_RESEARCHER];
	struct access_terms terms;
	struct statement wish = {.model = DEMO_MODEL,
				 .use = "Study how small models tell stories",
				 .rights = {"weights:read", "infer:generate"},
				 .right_count = 2};

	TRY(sign_key_random(&d->key));
	TRY(user_key_enroll(&d->key_id, &d->arena, c, d->key, "demo"));
	TRY(access_terms_get(&terms, &d->arena, c, DEMO_MODEL));
	wish.terms_sha256 = terms.sha256;
	TRY(access_submit(&answer, c, &wish, d->key, d->key_id, NULL));
	TRY(take(&d->request, d, answer, "id"));
	demo_say(d, "key %s enrolled (Ed25519)", d->key_id);
	demo_say(d, "terms %.16s... signed, %zu bytes of text", terms.sha256, terms.text.size);
	demo_say(d, "request %s: weights:read, infer:generate", d->request);
	return OK;
}

enum err demo_approve(struct demo *d)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new();
	const json_t *license;

	json_put_text(body, "reason", S("visa seen, purpose is clear"));
	TRY(demo_sign_approval(body, d));
	TRY(client_call(d->clients[DEMO_ADMIN], &answer, "POST",
			arena_printf(&d->arena, "/api/v1/access-requests/%s/approve", d->request),
			body));
	TRY(json_get_object(&license, answer, "license"));
	TRY(take(&d->license, d, license, "id"));
	demo_say(d, "by admin, with a reason; nobody decides their own request");
	return OK;
}

static enum err verify_license(struct license *out, struct demo *d, const json_t *answer)
{
	AUTO(buf_free) struct buf signature = buf_new(SIGN_SIGNATURE);
	AUTO(buf_free) struct buf key = buf_new(SIGN_PUBLIC);
	struct slice document, text;

	TRY(json_get_text(&document, answer, "document"));
	TRY(json_get_text(&text, answer, "signature"));
	TRY(text_read_base64(&signature, text, TEXT_BASE64));
	TRY(text_read_base64(&key, slice_of_string(d->made.license_key), TEXT_BASE64));
	if (signature.size != SIGN_SIGNATURE || key.size != SIGN_PUBLIC)
		return failure(ERR_FORMAT, "the license's signature has the wrong size");
	return license_verify(out, &d->arena, document, signature.data, key.data);
}

enum err demo_show_license(struct demo *d)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct license license;
	char until[CLOCK_TEXT];

	TRY(client_call(d->clients[DEMO_RESEARCHER], &answer, "GET",
			arena_printf(&d->arena, "/api/v1/licenses/%s", d->license), NULL));
	TRY(verify_license(&license, d, answer));
	clock_text(until, license.expires_ms);
	demo_say(d, "%s, until %s", d->license, until);
	for (size_t i = 0; i < license.right_count; i++)
		demo_say(d, "right %.*s", SLICE_PRINT(license.rights[i]));
	demo_say(d, "its signature verifies offline against the key printed at init");
	return license_gives(&license, S("weights:read"))
		       ? OK
		       : failure(ERR_FORMAT, "a right is missing");
}

/* What the directory holds, hashed here; what comes over TLS, hashed as it comes. */
static enum err compare_file(struct demo *d, struct walk *w, const struct walk_file *file)
{
	struct demo_fetched fetched;
	struct digest local;

	TRY(demo_hash_file(&local, w, &d->arena, file));
	TRY(demo_fetch(&fetched, d, d->clients[DEMO_RESEARCHER], DEMO_MODEL, d->revision,
		       file->path));
	if (!digest_equal(&local, &fetched.sha256))
		return failure(ERR_FORGED, "\"%.*s\" came back different", SLICE_PRINT(file->path));
	if (slice_ends_with(file->path, S(".safetensors")))
		d->download_event = fetched.event;
	demo_say(d, "%-24.*s %9llu bytes, the same SHA-256", SLICE_PRINT(file->path),
		 (unsigned long long)fetched.bytes);
	return OK;
}

static enum err compare_files(struct demo *d, struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		TRY(compare_file(d, w, &w->files[i]));
	if (!d->download_event || !d->download_event[0])
		return failure(ERR_FORMAT, "no download carried an X-Audit-Receipt");
	return OK;
}

enum err demo_download(struct demo *d)
{
	AUTO(walk_clear) struct walk w = {.dir = -1};

	TRY(walk_directory(&w, &d->arena, d->model));
	return compare_files(d, &w);
}

static enum err collect(void *context, struct slice text)
{
	buf_write(context, text);
	return buf_done(context);
}

enum err demo_generate(struct demo *d)
{
	AUTO(buf_free) struct buf text = buf_new(DEMO_MAX_TEXT);
	struct chat_ask ask = {.model = DEMO_MODEL,
			       .prompt = S("Once upon a time"),
			       .max_tokens = 80,
			       .temperature = 0,
			       .has_seed = true,
			       .seed = 1};
	struct chat_done done;

	TRY(chat_run(&done, d->clients[DEMO_RESEARCHER], &ask, collect, &text));
	if (text.size == 0)
		return failure(ERR_FORMAT, "the model wrote nothing");
	demo_say_below(d, "prompt:  ", ask.prompt);
	demo_say_below(d, "answer:  ", slice_trim(buf_slice(&text)));
	demo_say(d, "%lld tokens read, %lld written", (long long)done.prompt_tokens,
		 (long long)done.completion_tokens);
	return OK;
}
