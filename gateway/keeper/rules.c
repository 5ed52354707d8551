/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/rules.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/license.h"
#include "crypto/token.h"
#include "gateway/keeper/evidence.h"
#include "gateway/keeper/rules_adapter.h"
#include "policy/open_paths.h"

static uint64_t model_bits(const struct rules *r, struct slice model)
{
	struct fact like = fact_of(FACT_MODEL, model, S(""), 0);

	return journal_fact(r->journal, &like);
}

static enum err check_model(struct rules *r, struct slice model)
{
	uint64_t bits = model_bits(r, model);

	if (bits & FACT_MODEL_SHREDDED)
		return rules_refuse(r, ERR_DENIED, "MODEL_DISABLED", "the model was shredded");
	if (bits & FACT_MODEL_DISABLED)
		return rules_refuse(r, ERR_DENIED, "MODEL_DISABLED", "the model is disabled");
	return OK;
}

enum err rules_key_create(struct rules *r, const struct wire_key_create *ask)
{
	AUTO(evidence_clear) struct evidence e = {0};

	r->code = "";
	TRY(evidence_find_kind(r, &e, ask->event, EVENT_KEY_CREATE, RULES_FRESH_MS));
	TRY(evidence_id(r, e.payload, "blob", ask->blob));
	if (journal_fact_count(r->journal) > RULES_MAX_FRESH_FACTS)
		return rules_refuse(r, ERR_LIMIT, "",
				    "too many sealed files wait for their commit");
	return evidence_use(r, &e, S(""));
}

/*
 * The key goes out again, so the entry must name the very header; and the time in which it may is
 * short, since a header that is never bound is one of a file nobody decided about.
 */
enum err rules_key_resume(struct rules *r, const struct wire_key_resume *ask)
{
	AUTO(evidence_clear) struct evidence e = {0};
	struct fact fresh = fact_of(FACT_FRESH, ask->header, S(""), 0);
	struct digest digest = digest_of(ask->header);
	uint64_t made;

	r->code = "";
	TRY(evidence_find_kind(r, &e, ask->event, EVENT_KEY_RESUME, RULES_FRESH_MS));
	TRY(evidence_id(r, e.payload, "blob", ask->blob));
	TRY(evidence_digest(r, e.payload, "header_sha256", digest.bytes));
	TRY(evidence_number(r, e.payload, "index", ask->porter));
	TRY(evidence_number(r, e.payload, "handle", ask->handle));
	made = journal_fact(r->journal, &fresh);
	if (made == 0)
		return rules_refuse(r, ERR_DENIED, "",
				    "the header is not one that waits for a model");
	if (made + RULES_RESUME_SECONDS < (uint64_t)(r->now.wall_ms / 1000))
		return rules_refuse(r, ERR_EXPIRED, "",
				    "the upload was begun too long ago; begin anew");
	return evidence_use(r, &e, S(""));
}

static enum err check_commit_names(struct rules *r, const json_t *payload,
				   const struct wire_key_bind *ask)
{
	TRY(evidence_text(r, payload, "model", ask->model));
	return evidence_text(r, payload, "revision", ask->revision);
}

/* Is it one of the files that every model opens? */
static bool opens_by_name(struct slice path)
{
	struct slice pattern;

	return open_paths_find(&pattern, S(OPEN_PATHS_DEFAULT), path);
}

/*
 * A file belongs to one model for good. Otherwise an edge could bind a gated model's file to an
 * open model of its own, and be given its key there. A header without a context is bound only
 * if its key was made a short while ago and has gone to no other model since.
 */
static enum err check_belongs(struct rules *r, const struct wire_key_bind *ask,
			      const struct age_context *context)
{
	struct fact fresh = fact_of(FACT_FRESH, ask->header, S(""), 0);
	struct fact bound = fact_of(FACT_BOUND, ask->model, ask->header, 0);
	uint64_t made = journal_fact(r->journal, &fresh);

	if (context && !slice_equal(context->model, ask->model))
		return rules_refuse(r, ERR_DENIED, "", "the file belongs to another model");
	if (context && memcmp(context->sha256.bytes, ask->sha256, DIGEST_SIZE) != 0)
		return rules_refuse(r, ERR_DENIED, "", "the file was bound with another digest");
	if (context && opens_by_name(ask->path) && !slice_equal(context->path, ask->path))
		return rules_refuse(r, ERR_DENIED, "",
				    "what was sealed as \"%.*s\" does not become \"%.*s\", which "
				    "anyone may read; upload it under that name",
				    SLICE_PRINT(slice_part(context->path, 0, 100)),
				    SLICE_PRINT(slice_part(ask->path, 0, 100)));
	if (context && open_path_is_weights(context->path) && !open_path_is_weights(ask->path))
		return rules_refuse(r, ERR_DENIED, "",
				    "weights keep a name that says what they are");
	if (context)
		return OK;
	if (made == 0)
		made = journal_fact(r->journal, &bound);
	if (made == 0)
		return rules_refuse(
			r, ERR_DENIED, "",
			"the header is not one that waits for this model; seal the file anew");
	if (made + RULES_HEADER_SECONDS < (uint64_t)(r->now.wall_ms / 1000))
		return rules_refuse(r, ERR_EXPIRED, "",
				    "the file was sealed too long ago; seal it anew");
	return OK;
}

enum err rules_key_bind(struct rules *r, const struct wire_key_bind *ask,
			const struct age_context *context)
{
	AUTO(evidence_clear) struct evidence e = {0};

	r->code = "";
	TRY(evidence_find(r, &e, ask->event, RULES_BIND_MS));
	if (e.event->kind == EVENT_ADAPTER_COMMIT)
		TRY(rules_adapter_names(r, e.payload, ask->model, ask->revision));
	else if (e.event->kind != EVENT_MODEL_COMMIT)
		return rules_refuse(r, ERR_DENIED, "", "a %s binds no file",
				    event_kind_name(e.event->kind));
	else
		TRY(check_commit_names(r, e.payload, ask));
	TRY(evidence_file(r, e.payload, ask->path, ask->sha256));
	TRY(check_belongs(r, ask, context));
	if (model_bits(r, ask->model) & FACT_MODEL_SHREDDED)
		return rules_refuse(r, ERR_DENIED, "MODEL_DISABLED", "the model was shredded");
	return evidence_use(r, &e, ask->path);
}

/* What is asked for, and the license it is to rest on (empty: none is needed). */
struct ground {
	struct slice model;
	struct slice right;
	struct slice license;
	const uint8_t *signature;
	struct slice path; /* of the file that is to be read; empty: of none */
};

static enum err check_license_terms(struct rules *r, const struct license *license,
				    const struct ground *ground)
{
	if (!slice_equal(license->model, ground->model))
		return rules_refuse(r, ERR_DENIED, "NO_LICENSE",
				    "the license is for model \"%.*s\"",
				    SLICE_PRINT(license->model));
	if (!license_gives(license, ground->right))
		return rules_refuse(r, ERR_DENIED, "RIGHT_NOT_GRANTED",
				    "the license does not give %.*s", SLICE_PRINT(ground->right));
	if (r->now.wall_ms < license->not_before_ms)
		return rules_refuse(r, ERR_DENIED, "LICENSE_NOT_YET_VALID",
				    "the license is not valid yet");
	if (r->now.wall_ms >= license->expires_ms)
		return rules_refuse(r, ERR_EXPIRED, "LICENSE_EXPIRED", "the license has expired");
	return OK;
}

static enum err check_license(struct rules *r, const json_t *payload, const struct ground *ground)
{
	AUTO(arena_free) struct arena a = {0};
	struct license license;

	if (license_verify(&license, &a, ground->license, ground->signature, r->license_public) !=
	    OK)
		return rules_refuse(r, ERR_FORGED, "CREDENTIAL_BAD_SIGNATURE",
				    "the license is not one that this keeper signed");
	TRY(evidence_id(r, payload, "license", license.id));
	TRY(check_license_terms(r, &license, ground));
	return rules_check_license_state(r, &license);
}

/* A model that is open to all, or one file of a gated model: then the pattern that the entry names
 * must be in the list that the log has for this model now, and open this path. */
static enum err check_open(struct rules *r, const json_t *payload, const struct ground *ground)
{
	struct fact list = fact_of(FACT_OPEN_LIST, ground->model, S(""), 0), path;
	uint64_t today = journal_fact(r->journal, &list);
	struct slice pattern;

	if (ground->license.size)
		return rules_refuse(r, ERR_DENIED, "", "what is open is used without a license");
	if (model_bits(r, ground->model) & FACT_MODEL_OPEN)
		return OK;
	TRY(json_get_text_or(&pattern, payload, "pattern", S("")));
	if (pattern.size == 0 || ground->path.size == 0)
		return rules_refuse(r, ERR_DENIED, "NO_LICENSE",
				    "the model is not open: no license");
	path = fact_of(FACT_OPEN_PATH, ground->model, pattern, 0);
	if (today == 0 || journal_fact(r->journal, &path) != today)
		return rules_refuse(r, ERR_DENIED, "NO_LICENSE",
				    "\"%.*s\" is not among the model's open paths: no license",
				    SLICE_PRINT(slice_part(pattern, 0, 100)));
	if (!open_pattern_matches(pattern, ground->path))
		return rules_refuse(r, ERR_DENIED, "NO_LICENSE",
				    "the open path \"%.*s\" does not open this file: no license",
				    SLICE_PRINT(slice_part(pattern, 0, 100)));
	return OK;
}

/* Why they may: a license, or that all may. */
static enum err check_basis(struct rules *r, const json_t *payload, const struct ground *ground)
{
	struct slice basis;

	TRY(json_get_text(&basis, payload, "basis"));
	if (slice_equal(basis, S("license")))
		return check_license(r, payload, ground);
	if (!slice_equal(basis, S("open")))
		return rules_refuse(r, ERR_DENIED, "", "basis: \"%.*s\" is none",
				    SLICE_PRINT(slice_part(basis, 0, 40)));
	return check_open(r, payload, ground);
}

/* A download: one entry, one file, one porter, one handle. */
static enum err check_download(struct rules *r, const struct evidence *e,
			       const struct wire_key_release *ask,
			       const struct age_context *context)
{
	const struct ground ground = {context->model, S("weights:read"), ask->license,
				      ask->signature, ask->path};

	struct adapter_name adapter;

	if (ask->role != ROLE_PORTER)
		return rules_refuse(r, ERR_DENIED, "", "a key.release is for a porter");
	if (adapter_name_parse(&adapter, context->model))
		return rules_refuse(r, ERR_DENIED, "", "an adapter's files go to engines only");
	TRY(evidence_text(r, e->payload, "path", ask->path));
	TRY(evidence_target(r, e->payload, ask->role, ask->index));
	TRY(evidence_number(r, e->payload, "handle", ask->handle));
	return check_basis(r, e->payload, &ground);
}

/* A model put into service: one entry, one engine, each file of the revision once. */
static enum err check_service(struct rules *r, const struct evidence *e,
			      const struct wire_key_release *ask, const struct age_context *context)
{
	struct fact like = fact_of(FACT_COMMIT, context->model, context->revision, 0);

	if (ask->role != ROLE_ENGINE)
		return rules_refuse(r, ERR_DENIED, "", "a model.serve is for an engine");
	TRY(evidence_target(r, e->payload, ask->role, ask->index));
	if (!(journal_fact(r->journal, &like) & FACT_COMMIT_SERVED))
		return rules_refuse(r, ERR_DENIED, "",
				    "the revision was committed for download only");
	return OK;
}

static enum err check_revision(struct rules *r, const struct age_context *context)
{
	struct fact like = fact_of(FACT_COMMIT, context->model, context->revision, 0);

	if (journal_fact(r->journal, &like) & FACT_COMMIT_RECALLED)
		return rules_refuse(r, ERR_DENIED, "MODEL_DISABLED", "the revision was recalled");
	return OK;
}

/* Of a model's own file: a download, or a service. */
static enum err check_release(struct rules *r, const struct evidence *e,
			      const struct wire_key_release *ask, const struct age_context *context)
{
	TRY(evidence_text(r, e->payload, "model", context->model));
	TRY(evidence_text(r, e->payload, "revision", context->revision));
	if (e->event->kind == EVENT_KEY_RELEASE)
		return check_download(r, e, ask, context);
	if (e->event->kind == EVENT_MODEL_SERVE)
		return check_service(r, e, ask, context);
	return rules_refuse(r, ERR_DENIED, "", "a %s releases no key",
			    event_kind_name(e->event->kind));
}

/* An adapter of a model that is away is away, too. */
static enum err check_adapter(struct rules *r, const struct evidence *e,
			      const struct wire_key_release *ask, const struct age_context *context)
{
	struct adapter_name name;

	TRY(rules_adapter_serve(r, e, ask, context, &name));
	return check_model(r, name.model);
}

enum err rules_key_release(struct rules *r, const struct wire_key_release *ask,
			   const struct age_context *context)
{
	AUTO(evidence_clear) struct evidence e = {0};

	r->code = "";
	TRY(evidence_find(r, &e, ask->event, RULES_FRESH_MS));
	if (!slice_equal(ask->path, context->path))
		return rules_refuse(r, ERR_DENIED, "", "the header is that of file \"%.*s\"",
				    SLICE_PRINT(slice_part(context->path, 0, 200)));
	if (e.event->kind == EVENT_ADAPTER_SERVE)
		TRY(check_adapter(r, &e, ask, context));
	else
		TRY(check_release(r, &e, ask, context));
	TRY(check_model(r, context->model));
	TRY(check_revision(r, context));
	return evidence_use(r, &e, ask->path);
}

static bool needs_engine(struct slice right)
{
	return slice_starts_with(right, S("infer:")) || slice_equal(right, S("internals:read"));
}

/* A minute's use of a model that is in service: one entry, one engine, one number. */
enum err rules_pass_issue(struct rules *r, const struct wire_pass_issue *ask)
{
	const struct ground ground = {ask->model, ask->right, ask->license, ask->signature, S("")};
	AUTO(evidence_clear) struct evidence e = {0};

	r->code = "";
	TRY(evidence_find_kind(r, &e, ask->event, EVENT_INFER_PASS, RULES_FRESH_MS));
	TRY(evidence_text(r, e.payload, "model", ask->model));
	TRY(evidence_text(r, e.payload, "right", ask->right));
	TRY(evidence_target(r, e.payload, ROLE_ENGINE, ask->index));
	TRY(evidence_number(r, e.payload, "pass", ask->pass));
	if (!needs_engine(ask->right))
		return rules_refuse(r, ERR_DENIED, "", "%.*s needs no engine",
				    SLICE_PRINT(ask->right));
	TRY(check_basis(r, e.payload, &ground));
	TRY(check_model(r, ask->model));
	return evidence_use(r, &e, S(""));
}

static enum err expect_expiry(struct rules *r, const json_t *payload, uint32_t asked)
{
	struct slice text;
	int64_t ms;

	if (json_is_integer(json_object_get(payload, "expires")))
		return evidence_number(r, payload, "expires", asked);
	TRY(json_get_text(&text, payload, "expires"));
	TRY(clock_parse(&ms, text));
	if (ms / 1000 != (int64_t)asked)
		return rules_refuse(r, ERR_DENIED, "", "expires: the entry says \"%.*s\"",
				    SLICE_PRINT(text));
	return OK;
}

/* A capability is a token that says so in its flags; only a capability.create makes one, and it
 * makes nothing else. */
static enum err check_flags(struct rules *r, const struct evidence *e, uint8_t asked)
{
	bool is_capability = asked & TOKEN_CAPABILITY;
	int64_t flags;

	if (is_capability != (e->event->kind == EVENT_CAPABILITY_CREATE))
		return rules_refuse(r, ERR_DENIED, "",
				    "a %s is no ground for a token with flags %u",
				    event_kind_name(e->event->kind), asked);
	TRY(json_get_int_or(&flags, e->payload, "flags", is_capability ? TOKEN_CAPABILITY : 0));
	if (flags != asked)
		return rules_refuse(r, ERR_DENIED, "", "flags: the entry says %lld",
				    (long long)flags);
	return OK;
}

enum err rules_token_sign(struct rules *r, const struct wire_token_sign *ask)
{
	AUTO(evidence_clear) struct evidence e = {0};

	r->code = "";
	TRY(evidence_find(r, &e, ask->event, RULES_FRESH_MS));
	if (e.event->kind != EVENT_TOKEN_CREATE && e.event->kind != EVENT_CAPABILITY_CREATE)
		return rules_refuse(r, ERR_DENIED, "", "a %s is no ground for a token",
				    event_kind_name(e.event->kind));
	TRY(evidence_id(r, e.payload, "credential", ask->credential));
	TRY(expect_expiry(r, e.payload, ask->expires_seconds));
	TRY(check_flags(r, &e, ask->flags));
	return evidence_use(r, &e, S(""));
}
