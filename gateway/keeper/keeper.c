/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/keeper.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/note.h"
#include "crypto/token.h"
#include "gateway/keeper/keeper_state.h"
#include "gateway/keeper/reduce.h"
#include "gateway/keeper/rules_adapter.h"
#include "schema/report/note.h"

static const char ROOT_FILE[] = "root.key";
static const char KEYRING_FILE[] = "keyring";

enum err keeper_create(int directory, struct slice escrow)
{
	AUTO(secret_auto) struct secret *root = NULL;

	TRY(unseal_file_create(directory, ROOT_FILE));
	TRY(unseal_file_read(&root, directory, ROOT_FILE));
	TRY(keyring_create(directory, KEYRING_FILE, root, escrow));
	return journal_create(directory);
}

/* A shred that comes again after a crash finds nothing left, and that is well. */
static enum err shred_model(void *context, struct slice model)
{
	struct keeper *k = context;
	enum err result = keyring_shred(k->keyring, model, NULL);

	return result == ERR_NOT_FOUND ? OK : result;
}

/* Whoever serves anything: an engine that is not there has nothing to forget. */
static void end_license(void *context, const uint8_t license[WIRE_ID])
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_ID);
	struct wire_engine_forget forget;
	struct keeper *k = context;

	memcpy(forget.payer, license, WIRE_ID);
	wire_write_engine_forget(&body, &forget);
	for (unsigned i = 0; k->tell_engine && i < ROLE_MAX_INDEX; i++)
		if (k->tell_engine(k->tell_context, i, WIRE_ENGINE_FORGET, buf_slice(&body)) != OK)
			continue;
}

static enum err make_log_key(struct keeper *k, struct slice origin)
{
	uint8_t public_key[SIGN_PUBLIC];

	sign_key_public(keyring_log_key(k->keyring), public_key);
	return note_key_make(&k->log_key, origin, NOTE_ED25519, public_key);
}

enum err keeper_open(struct keeper **out, int directory, struct slice origin)
{
	AUTO(keeper_auto) struct keeper *k = calloc(1, sizeof *k);
	AUTO(secret_auto) struct secret *root = NULL;

	assert(k);
	k->code = "";
	k->events = events_new();
	TRY(unseal_file_read(&root, directory, ROOT_FILE));
	TRY(keyring_open(&k->keyring, directory, KEYRING_FILE, root));
	TRY(journal_open(&k->journal, directory, JOURNAL_ROTATE_BYTES));
	TRY(make_log_key(k, origin));
	sign_key_public(keyring_license_key(k->keyring), k->license_public);
	TRY(jose_key_derive(&k->visa_key, sign_key_seed(keyring_license_key(k->keyring))));
	k->ledger = (struct ledger){k->journal,
				    k->events,
				    shred_model,
				    end_license,
				    k,
				    slice_of_string(k->log_key.name),
				    reduce_key(sign_key_seed(keyring_log_key(k->keyring)))};
	*out = k;
	k = NULL; /* given away */
	return OK;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	events_free(k->events);
	journal_free(k->journal);
	jose_key_free(k->visa_key);
	keyring_free(k->keyring);
	free(k);
}

void keeper_on_key(struct keeper *k, keeper_send_key_fn *send, void *context)
{
	k->send_key = send;
	k->send_context = context;
}

void keeper_on_engine(struct keeper *k, keeper_tell_engine_fn *tell, void *context)
{
	k->tell_engine = tell;
	k->tell_context = context;
}

void keeper_facts(const struct keeper *k, struct keeper_facts *out)
{
	uint8_t public_key[SIGN_PUBLIC];

	sign_key_public(keyring_token_key(k->keyring), public_key);
	*out = (struct keeper_facts){
		.token_key = token_key_of(public_key),
		.escrow = keyring_escrow(k->keyring),
		.log_size = journal_size(k->journal),
	};
	memcpy(out->license_public, k->license_public, SIGN_PUBLIC);
}

enum err keeper_write_vkey(const struct keeper *k, struct buf *out)
{
	note_key_write(out, &k->log_key);
	return buf_done(out);
}

void keeper_log_state(const struct keeper *k, struct wire_log_state_is *out)
{
	struct digest root = journal_root(k->journal);

	out->size = journal_size(k->journal);
	memcpy(out->root, root.bytes, DIGEST_SIZE);
}

const char *keeper_code(const struct keeper *k)
{
	return k->code;
}

struct rules keeper_rules_of(const struct keeper *k, struct rules_time now)
{
	return (struct rules){
		.events = k->events,
		.journal = k->journal,
		.license_public = k->license_public,
		.origin = slice_of_string(k->log_key.name),
		.now = now,
		.code = "",
	};
}

enum err keeper_write_fact(struct keeper *k, const struct fact *facts, size_t count)
{
	return journal_write(k->journal, &(struct journal_change){NULL, 0, facts, count});
}

static enum err send_key(struct keeper *k, const struct keeper_target *target,
			 const struct secret *file_key)
{
	if (!k->send_key)
		return failure(ERR_UNAVAILABLE, "nobody is there to take the key");
	return k->send_key(k->send_context, target, file_key);
}

static enum err send_to_seal(struct keeper *k, unsigned porter, uint64_t handle,
			     const struct secret *file_key)
{
	return send_key(k, &(struct keeper_target){WIRE_SEAL_KEY, ROLE_PORTER, porter, handle},
			file_key);
}

static enum err tell_engine(struct keeper *k, unsigned index, enum wire_type type,
			    const struct buf *body)
{
	if (body->overflow)
		return failure(ERR_LIMIT, "a name is too long for an engine");
	if (!k->tell_engine)
		return failure(ERR_UNAVAILABLE, "nobody is there to tell the engine");
	return k->tell_engine(k->tell_context, index, type, buf_slice(body));
}

/* An engine has what it serves from here, where the header's MAC was checked: an edge could call
 * one model's files by another's name. */
static enum err tell_served(struct keeper *k, unsigned index, const struct age_context *context)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_engine_serves(&body,
				 &(struct wire_engine_serves){.model = context->model,
							      .revision = context->revision});
	return tell_engine(k, index, WIRE_ENGINE_SERVES, &body);
}

static enum err tell_adapts(struct keeper *k, unsigned index, const struct adapter_name *name)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_adapts adapts = {.model = name->model};

	memcpy(adapts.adapter, name->id, WIRE_ID);
	wire_write_engine_adapts(&body, &adapts);
	return tell_engine(k, index, WIRE_ENGINE_ADAPTS, &body);
}

static enum err tell_of_file(struct keeper *k, unsigned index, const struct age_context *context)
{
	struct adapter_name name;

	if (adapter_name_parse(&name, context->model))
		return tell_adapts(k, index, &name);
	return tell_served(k, index, context);
}

static enum err write_fresh_header(struct keeper *k, const struct secret *file_key,
				   struct buf *header)
{
	struct keyring_kek kek;

	TRY(keyring_kek(&kek, k->keyring, S("")));
	age_header_begin(header);
	TRY(age_header_add_kek(header, kek.id, kek.key, file_key));
	return age_header_finish(header, file_key);
}

enum err keeper_key_create(struct keeper *k, const struct wire_key_create *ask,
			   struct rules_time now, struct buf *header)
{
	AUTO(secret_auto) struct secret *file_key = NULL;
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed = rules_key_create(&rules, ask);
	struct fact fresh;

	k->code = rules.code;
	TRY(allowed);
	TRY(secret_random(&file_key, AGE_FILE_KEY));
	TRY(write_fresh_header(k, file_key, header));
	fresh = fact_of(FACT_FRESH, buf_slice(header), S(""), (uint64_t)now.wall_ms / 1000);
	TRY(keeper_write_fact(k, &fresh, 1));
	return send_to_seal(k, ask->porter, ask->handle, file_key);
}

/* A header as it came in: what it says, and (NULL: nothing) what its file belongs to. */
struct opened {
	struct arena arena;
	struct age_header header;
	struct age_context context;
	bool has_context;
};

static void opened_clear(struct opened *o)
{
	arena_free(&o->arena);
}

static enum err opened_parse(struct opened *out, struct slice text)
{
	enum err result;

	TRY(age_header_parse(&out->header, &out->arena, text));
	if (out->header.size != text.size)
		return failure(ERR_FORMAT, "age header: bytes behind its end");
	result = age_header_context(&out->context, &out->arena, &out->header);
	out->has_context = result == OK;
	return result == ERR_NOT_FOUND ? OK : result;
}

/* The MAC is checked with the key found, so what the header says is what was written. */
static enum err unwrap(struct keeper *k, struct secret **out, const struct opened *o)
{
	struct keyring_kek kek;
	struct slice id;

	TRY(age_header_kek_id(&id, &o->header));
	TRY(keyring_kek_find(&kek, k->keyring, id));
	return age_header_open_kek(out, &o->header, id, kek.key);
}

enum err keeper_key_resume(struct keeper *k, const struct wire_key_resume *ask,
			   struct rules_time now)
{
	AUTO(opened_clear) struct opened o = {0};
	AUTO(secret_auto) struct secret *file_key = NULL;
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed;

	k->code = "";
	TRY(opened_parse(&o, ask->header));
	allowed = rules_key_resume(&rules, ask);
	k->code = rules.code;
	TRY(allowed);
	TRY(unwrap(k, &file_key, &o));
	return send_to_seal(k, ask->porter, ask->handle, file_key);
}

static enum err write_bound_header(struct keeper *k, const struct wire_key_bind *ask,
				   const struct secret *file_key, struct buf *header)
{
	struct age_context context = {.model = ask->model, .revision = ask->revision};
	struct slice escrow = keyring_escrow(k->keyring);
	struct keyring_kek kek;
	uint8_t recipient[AGE_KEY];

	context.path = ask->path;
	memcpy(context.sha256.bytes, ask->sha256, DIGEST_SIZE);
	TRY(keyring_kek(&kek, k->keyring, ask->model));
	age_header_begin(header);
	TRY(age_header_add_kek(header, kek.id, kek.key, file_key));
	if (escrow.size) {
		TRY(age_recipient_parse(recipient, escrow));
		TRY(age_header_add_x25519(header, recipient, file_key));
	}
	TRY(age_header_add_context(header, &context));
	return age_header_finish(header, file_key);
}

static enum err note_bound(struct keeper *k, const struct wire_key_bind *ask, struct rules_time now)
{
	uint64_t second = (uint64_t)now.wall_ms / 1000;
	struct fact facts[] = {
		fact_of(FACT_FRESH, ask->header, S(""), 0),
		fact_of(FACT_BOUND, ask->model, ask->header, second),
	};

	return keeper_write_fact(k, facts, 2);
}

enum err keeper_key_bind(struct keeper *k, const struct wire_key_bind *ask, struct rules_time now,
			 struct buf *header)
{
	AUTO(opened_clear) struct opened o = {0};
	AUTO(secret_auto) struct secret *file_key = NULL;
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed;

	k->code = "";
	TRY(opened_parse(&o, ask->header));
	allowed = rules_key_bind(&rules, ask, o.has_context ? &o.context : NULL);
	k->code = rules.code;
	TRY(allowed);
	TRY(unwrap(k, &file_key, &o));
	TRY(write_bound_header(k, ask, file_key, header));
	return o.has_context ? OK : note_bound(k, ask, now);
}

enum err keeper_key_release(struct keeper *k, const struct wire_key_release *ask,
			    struct rules_time now)
{
	AUTO(opened_clear) struct opened o = {0};
	AUTO(secret_auto) struct secret *file_key = NULL;
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed;

	k->code = "";
	TRY(opened_parse(&o, ask->header));
	if (!o.has_context)
		return failure(ERR_DENIED, "the file belongs to no model yet");
	allowed = rules_key_release(&rules, ask, &o.context);
	k->code = rules.code;
	TRY(allowed);
	TRY(unwrap(k, &file_key, &o));
	if (ask->role == ROLE_ENGINE)
		TRY(tell_of_file(k, ask->index, &o.context));
	return send_key(
		k, &(struct keeper_target){WIRE_HANDLE_KEY, ask->role, ask->index, ask->handle},
		file_key);
}

/* Whose turns they are, and whose prompts may be kept for each other: the license's. What is open
 * to all is used without one; then nothing is shared beyond this pass. */
static enum err name_payer(struct wire_engine_pass *out, const struct wire_pass_issue *ask,
			   struct rules_time now)
{
	AUTO(arena_free) struct arena a = {0};
	struct license license;
	int64_t left_seconds;

	if (ask->license.size == 0) {
		memcpy(out->payer, &ask->pass, sizeof ask->pass);
		out->lasts_seconds = WIRE_PASS_SECONDS;
		return OK;
	}
	TRY(license_parse(&license, &a, ask->license)); /* its signature was checked */
	left_seconds = (license.expires_ms - now.wall_ms) / 1000;
	memcpy(out->payer, license.id, WIRE_ID);
	out->plan = (uint8_t)license.plan;
	out->lasts_seconds = left_seconds < UINT32_MAX ? (uint32_t)left_seconds : UINT32_MAX;
	return OK;
}

enum err keeper_pass_issue(struct keeper *k, const struct wire_pass_issue *ask,
			   struct rules_time now)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed = rules_pass_issue(&rules, ask);
	struct wire_engine_pass pass = {
		.pass = ask->pass, .model = ask->model, .right = ask->right};

	k->code = rules.code;
	TRY(allowed);
	TRY(name_payer(&pass, ask, now));
	wire_write_engine_pass(&body, &pass);
	return tell_engine(k, ask->index, WIRE_ENGINE_PASS, &body);
}

static enum err mint(struct keeper *k, const uint8_t credential[WIRE_ID], uint8_t flags,
		     uint32_t expires, struct buf *out)
{
	struct token token = {.flags = flags, .expires_seconds = expires};

	memcpy(token.credential, credential, WIRE_ID);
	return token_mint(out, keyring_token_key(k->keyring), &token);
}

enum err keeper_token_sign(struct keeper *k, const struct wire_token_sign *ask,
			   struct rules_time now, struct buf *token)
{
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed = rules_token_sign(&rules, ask);

	k->code = rules.code;
	TRY(allowed);
	return mint(k, ask->credential, ask->flags, ask->expires_seconds, token);
}

/* Signs what the journal says, which is on the disk by now: one root for one size. */
static enum err sign_checkpoint(struct keeper *k, struct buf *out)
{
	AUTO(buf_free) struct buf text = buf_new(WIRE_MAX_CHECKPOINT);
	struct slice origin = slice_of_string(k->log_key.name);
	struct checkpoint checkpoint = {
		.origin = origin,
		.size = journal_size(k->journal),
		.root = journal_root(k->journal),
	};

	checkpoint_write(&text, &checkpoint);
	TRY(buf_done(&text));
	return note_sign(out, buf_slice(&text), origin, keyring_log_key(k->keyring));
}

enum err keeper_report_sign(struct keeper *k, const struct wire_report_sign *ask,
			    struct rules_time now, struct buf *note)
{
	AUTO(buf_free) struct buf text = buf_new(REPORT_MAX_NOTE);
	struct rules rules = keeper_rules_of(k, now);
	enum err allowed = rules_report_sign(&rules, ask, &text);
	struct note_key key;

	k->code = rules.code;
	TRY(allowed);
	TRY(report_key_of(&key, &k->log_key));
	return note_sign(note, buf_slice(&text), slice_of_string(key.name),
			 keyring_log_key(k->keyring));
}

/* Once an hour is often enough for what lives a week. */
static enum err forget_old(struct keeper *k, struct rules_time now)
{
	if (now.monotonic_ms < k->forget_ms)
		return OK;
	k->forget_ms = now.monotonic_ms + 3600 * 1000;
	journal_forget_headers(k->journal, (uint64_t)(now.wall_ms / 1000 - RULES_HEADER_SECONDS));
	journal_forget_paths(k->journal);
	return keeper_forget_statements(k, (uint64_t)(now.wall_ms / 1000));
}

enum err keeper_log_append(struct keeper *k, const struct wire_log_append *batch,
			   struct rules_time now, struct buf *checkpoint)
{
	k->code = "";
	TRY(forget_old(k, now));
	TRY(ledger_append(&k->ledger, batch, now));
	return sign_checkpoint(k, checkpoint);
}

enum err keeper_first_token(struct keeper *k, const uint8_t credential[WIRE_ID], uint32_t expires,
			    struct buf *token)
{
	if (journal_size(k->journal) != 0)
		return failure(ERR_DENIED,
			       "the log has entries: ask for a token through the gateway");
	return mint(k, credential, 0, expires, token);
}
