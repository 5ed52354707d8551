/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/json.h"
#include "crypto/merkle.h"
#include "gateway/keeper/draft.h"
#include "gateway/keeper/reduce.h"
#include "gateway/keeper/rules_adapter.h"

struct leaf {
	uint8_t id[WIRE_ID];
	char kind[WIRE_MAX_CODE + 1];
	struct digest commitment;
	bool is_erased; /* what came is not what it commits to, but what stands in for that */
};

static enum err leaf_fields(struct leaf *out, const json_t *value)
{
	static const char *const names[] = {"c", "ev", "id", "t", "v", NULL};
	AUTO(buf_free) struct buf commitment = buf_new(DIGEST_SIZE);
	struct slice c, ev, id, t;
	int64_t version, ms;

	TRY(json_only(value, names));
	TRY(json_get_int(&version, value, "v"));
	TRY(json_get_text(&c, value, "c"));
	TRY(json_get_text(&ev, value, "ev"));
	TRY(json_get_text(&id, value, "id"));
	TRY(json_get_text(&t, value, "t"));
	if (version != 1)
		return failure(ERR_UNSUPPORTED, "log entry: version %lld", (long long)version);
	if (t.size != CLOCK_TEXT - 1 || ev.size == 0 || ev.size > WIRE_MAX_CODE)
		return failure(ERR_FORMAT, "log entry: \"t\" or \"ev\" is malformed");
	TRY(clock_parse(&ms, t));
	TRY(text_read_uuid(out->id, id));
	TRY(text_read_base64(&commitment, c, TEXT_BASE64_URL_RAW));
	if (commitment.size != DIGEST_SIZE)
		return failure(ERR_FORMAT, "log entry: \"c\" has %zu bytes", commitment.size);
	memcpy(out->commitment.bytes, commitment.data, DIGEST_SIZE);
	memcpy(out->kind, ev.data, ev.size);
	out->kind[ev.size] = '\0';
	return OK;
}

static enum err leaf_parse(struct leaf *out, struct slice text)
{
	AUTO(json_auto) json_t *value = NULL;
	AUTO(buf_free) struct buf canonical = buf_new(WIRE_MAX_LEAF);

	TRY(json_read(&value, text, WIRE_MAX_LEAF));
	TRY(leaf_fields(out, value));
	TRY(json_write_canonical(&canonical, value));
	if (!slice_equal(buf_slice(&canonical), text))
		return failure(ERR_FORMAT, "log entry: not canonical");
	return OK;
}

/* Only the one spelling that a license's own id has: a revocation of "ABC…" would be an entry that
 * looks right and closes nothing. */
static enum err draft_license(struct draft *d, const json_t *payload, uint64_t set, uint64_t clear)
{
	uint8_t id[WIRE_ID];
	struct slice license;

	TRY(json_get_text(&license, payload, "license"));
	if (text_read_uuid(id, license) != OK)
		return failure(ERR_FORMAT, "log entry: \"license\" is not a UUID in lower case");
	draft_bits(d, fact_of(FACT_LICENSE, license, S(""), 0), set, clear);
	if (set)
		memcpy(d->ends[d->end_count++], id, WIRE_ID);
	return OK;
}

static enum err draft_model(struct draft *d, const json_t *payload, uint64_t set, uint64_t clear)
{
	struct slice model;

	TRY(json_get_text(&model, payload, "model"));
	draft_bits(d, fact_of(FACT_MODEL, model, S(""), 0), set, clear);
	return OK;
}

/* Passed over, not refused: refusing would stop the log, and with it every revocation behind this
 * entry. What an entry widens without its approval stays as narrow as it was. */
static enum err pass_over(const char *what, enum err result)
{
	if (result != OK)
		log_warn("approver.passed_over", "entry=%s kind=%s why=\"%s\"", what,
			 err_name(result), failure_text());
	return OK;
}

static bool model_is_open(const struct draft *d, struct slice model)
{
	struct fact like = fact_of(FACT_MODEL, model, S(""), 0);

	return draft_fact(d, &like) & FACT_MODEL_OPEN;
}

/* Without a "gate" the model keeps the one it has; and so it does if nobody approved opening it. */
static enum err draft_gate(struct draft *d, const json_t *payload, bool approved)
{
	struct slice model, gate;

	if (!json_has(payload, "gate"))
		return draft_model(d, payload, 0, 0);
	TRY(json_get_text(&model, payload, "model"));
	TRY(json_get_text(&gate, payload, "gate"));
	if (!slice_equal(gate, S("auto")))
		draft_value(d, standing_end(model));
	if (!slice_equal(gate, S("no")) && !slice_equal(gate, S("public")))
		return draft_model(d, payload, 0, FACT_MODEL_OPEN);
	if (approved || model_is_open(d, model))
		return draft_model(d, payload, FACT_MODEL_OPEN, 0);
	return pass_over("gate", failure(ERR_DENIED, "%.*s is not opened: no approver signed it",
					 SLICE_PRINT(model)));
}

/* A list replaces the one before whole: its rows bear the number of their entry, and only those of
 * the newest count. What is no pattern at all matches nothing later on. */
static enum err draft_open_paths(struct draft *d, struct slice model, const json_t *list,
				 bool approved)
{
	struct fact free[OPEN_PATHS_MAX];
	size_t count = 0;

	if (json_array_size(list) > OPEN_PATHS_MAX)
		return failure(ERR_LIMIT, "log entry: more than %d open paths", OPEN_PATHS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice pattern;

		TRY(json_text_at(&pattern, list, i));
		if (approved || acts_pattern_is_free(d, model, pattern))
			free[count++] = fact_of(FACT_OPEN_PATH, model, pattern, draft_number(d));
	}
	draft_value(d, fact_of(FACT_OPEN_LIST, model, S(""), draft_number(d)));
	for (size_t i = 0; i < count; i++)
		draft_value(d, free[i]);
	return OK;
}

/* Only what approvers have signed: one that was written before there were any would be lying in
 * wait for the first of them. */
static enum err draft_criteria(struct draft *d, struct slice model, const json_t *payload)
{
	struct approvers approvers = draft_approvers(d);
	struct fact facts[STANDING_FACTS];
	const json_t *criteria;
	size_t count;

	if (approvers_persons(&approvers) == 0)
		return OK;

	TRY(json_get_object(&criteria, payload, "criteria"));
	TRY(standing_facts(facts, &count, model, criteria, draft_number(d)));
	for (size_t i = 0; i < count; i++)
		draft_value(d, facts[i]);
	return OK;
}

/* model.create and model.settings; without "open_paths" the model keeps those it has. */
static enum err draft_settings(struct draft *d, const json_t *payload)
{
	enum err allowed = acts_settings(d, payload);
	const json_t *list;
	struct slice model;

	TRY(pass_over("settings", allowed));
	TRY(json_get_text(&model, payload, "model"));
	TRY(draft_gate(d, payload, allowed == OK));
	if (allowed == OK && json_has(payload, "criteria"))
		TRY(pass_over("criteria", draft_criteria(d, model, payload)));
	if (!json_has(payload, "open_paths"))
		return OK;
	TRY(json_get_array(&list, payload, "open_paths"));
	return draft_open_paths(d, model, list, allowed == OK);
}

static enum err draft_enroll(struct draft *d, const json_t *payload)
{
	return pass_over("approver.enroll", acts_enroll(d, payload));
}

static enum err draft_remove(struct draft *d, const json_t *payload)
{
	return pass_over("approver.remove", acts_remove(d, payload));
}

static enum err draft_rule(struct draft *d, const json_t *payload)
{
	return pass_over("approver.rule", acts_rule(d, payload));
}

static enum err draft_revoke(struct draft *d, const json_t *payload)
{
	return draft_license(d, payload, FACT_LICENSE_REVOKED, 0);
}

/* For terms that were not accepted, or for any other cause: who accepts new terms gets a license
 * in place of the first kind, never of the second. */
static enum err draft_suspend(struct draft *d, const json_t *payload)
{
	struct slice cause;

	TRY(json_get_text_or(&cause, payload, "cause", S("")));
	return draft_license(
		d, payload,
		slice_equal(cause, S("terms")) ? FACT_LICENSE_TERMS : FACT_LICENSE_SUSPENDED, 0);
}

static enum err draft_reinstate(struct draft *d, const json_t *payload)
{
	return draft_license(d, payload, 0, FACT_LICENSE_SUSPENDED | FACT_LICENSE_TERMS);
}

static enum err draft_disable(struct draft *d, const json_t *payload)
{
	return draft_model(d, payload, FACT_MODEL_DISABLED, 0);
}

static enum err draft_enable(struct draft *d, const json_t *payload)
{
	return draft_model(d, payload, 0, FACT_MODEL_DISABLED);
}

static enum err shred(struct draft *d, struct slice name)
{
	if (name.size > WIRE_MAX_MODEL)
		return failure(ERR_LIMIT, "model name: more than %d bytes", WIRE_MAX_MODEL);
	memcpy(d->shreds[d->shred_count], name.data, name.size);
	d->shreds[d->shred_count++][name.size] = '\0';
	draft_bits(d, fact_of(FACT_MODEL, name, S(""), 0), FACT_MODEL_SHREDDED, 0);
	return OK;
}

static enum err draft_shred(struct draft *d, const json_t *payload)
{
	struct slice model;

	TRY(json_get_text(&model, payload, "model"));
	return shred(d, model);
}

static enum err draft_adapter_delete(struct draft *d, const json_t *payload)
{
	AUTO(buf_free) struct buf name = buf_new(WIRE_MAX_MODEL);

	TRY(adapter_name_write(&name, payload));
	return shred(d, buf_slice(&name));
}

static enum err draft_commit(struct draft *d, const json_t *payload)
{
	struct slice model, revision;
	bool serve;
	uint64_t value;

	TRY(json_get_text(&model, payload, "model"));
	TRY(json_get_text(&revision, payload, "revision"));
	TRY(json_get_bool_or(&serve, payload, "serve", false));
	value = FACT_COMMIT_KNOWN | (serve ? FACT_COMMIT_SERVED : 0);
	TRY(draft_gate(d, payload, false)); /* it says again what the model's gate is */
	draft_bits(d, fact_of(FACT_COMMIT, model, revision, 0), value, 0);
	return OK;
}

/* For good: what was recalled is committed anew, as another revision. */
static enum err draft_recall(struct draft *d, const json_t *payload)
{
	struct slice model, revision;

	TRY(json_get_text(&model, payload, "model"));
	TRY(json_get_text(&revision, payload, "revision"));
	draft_bits(d, fact_of(FACT_COMMIT, model, revision, 0), FACT_COMMIT_RECALLED, 0);
	return OK;
}

/* The entries that change what the keeper will do from now on. */
static const struct {
	const char *kind;
	enum err (*draft)(struct draft *d, const json_t *payload);
} drafters[] = {
	{"license.revoke", draft_revoke},
	{"license.suspend", draft_suspend},
	{"license.reinstate", draft_reinstate},
	{"model.commit", draft_commit},
	{"model.create", draft_settings},
	{"model.settings", draft_settings},
	{"model.disable", draft_disable},
	{"model.enable", draft_enable},
	{"model.shred", draft_shred},
	{"approver.enroll", draft_enroll},
	{"approver.remove", draft_remove},
	{"approver.rule", draft_rule},
	{"license.close", draft_revoke},
	{"model.recall", draft_recall},
	{"adapter.delete", draft_adapter_delete},
};

static enum err draft_facts(struct draft *d, const char *kind, struct slice payload)
{
	AUTO(json_auto) json_t *value = NULL;

	for (size_t i = 0; i < sizeof drafters / sizeof drafters[0]; i++) {
		if (strcmp(kind, drafters[i].kind) != 0)
			continue;
		if (payload.size == 0)
			return failure(ERR_FORMAT,
				       "log entry: a %s that was erased lacks its facts", kind);
		TRY(json_read(&value, payload, WIRE_MAX_PAYLOAD));
		return drafters[i].draft(d, value);
	}
	return OK;
}

/* An entry whose payload lacks what its kind needs refuses the batch: it was written by a
 * broken edge, and a revocation must not be passed over. */
static enum err draft_entry(struct draft *d, struct leaf *leaf, const struct wire_log_entry *entry)
{
	struct digest commitment = audit_commitment(entry->nonce, entry->payload);

	TRY(leaf_parse(leaf, entry->leaf));
	leaf->is_erased = !digest_equal(&commitment, &leaf->commitment);
	if (leaf->is_erased && entry->payload.size && !reduce_holds(&d->ledger->reduce_key, entry))
		return failure(ERR_FORGED, "log entry: the payload is not the one committed to");
	TRY(draft_facts(d, leaf->kind, entry->payload));
	d->leaves[d->leaf_count++] = merkle_leaf(entry->leaf);
	return OK;
}

/* Whoever repairs the log must know which of a batch it is. */
static enum err draft_numbered(struct draft *d, struct leaf *leaf,
			       const struct wire_log_entry *entry, uint64_t number)
{
	enum err result = draft_entry(d, leaf, entry);
	char why[FAILURE_MAX_TEXT];

	if (result == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(result, "entry %llu: %s", (unsigned long long)number, why);
}

enum err ledger_reduce(const struct ledger *l, const struct wire_log_entry *entry,
		       struct buf *facts, struct digest *seal)
{
	struct digest commitment = audit_commitment(entry->nonce, entry->payload);
	struct leaf leaf;

	TRY(leaf_parse(&leaf, entry->leaf));
	if (!digest_equal(&commitment, &leaf.commitment))
		return failure(ERR_FORGED, "log entry: the payload is not the one committed to");
	TRY(reduce_write(facts, leaf.kind, entry->payload));
	*seal = reduce_seal(&l->reduce_key, entry->leaf, buf_slice(facts));
	return OK;
}

static enum err run_shreds(const struct ledger *l, const struct draft *d)
{
	for (size_t i = 0; i < d->shred_count; i++)
		TRY(l->shred(l->context, slice_of_string(d->shreds[i])));
	return OK;
}

/* Those of which an edge asks first. */
static const struct {
	const char *kind;
	enum err (*act)(struct draft *d, const json_t *payload);
} acts[] = {
	{"approver.enroll", acts_enroll}, {"approver.remove", acts_remove},
	{"approver.rule", acts_rule},     {"model.settings", acts_settings},
	{"model.create", acts_settings},
};

enum err ledger_check(const struct ledger *l, struct slice kind, struct slice payload,
		      struct rules_time now)
{
	AUTO(draft_free) struct draft *d = draft_new(l, now.wall_ms);
	AUTO(json_auto) json_t *value = NULL;

	TRY(json_read(&value, payload, WIRE_MAX_PAYLOAD));
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (slice_equal(kind, slice_of_string(acts[i].kind)))
			return acts[i].act(d, value);
	return failure(ERR_FORMAT, "no entry of kind \"%.*s\" needs approvers",
		       SLICE_PRINT(slice_part(kind, 0, 40)));
}

static void remember_event(struct ledger *l, const struct leaf *leaf, struct slice payload,
			   int64_t now_ms)
{
	enum event_kind kind;

	if (!leaf->is_erased && event_kind_of_name(&kind, slice_of_string(leaf->kind)))
		events_add(l->events, leaf->id, kind, now_ms, payload);
}

enum err ledger_append(struct ledger *l, const struct wire_log_append *batch, struct rules_time now)
{
	AUTO(draft_free) struct draft *d = draft_new(l, now.wall_ms);
	struct leaf leaves[WIRE_MAX_LOG_ENTRIES];
	uint64_t size = journal_size(l->journal);

	if (batch->first != size)
		return failure(ERR_CONFLICT, "log: entry %llu offered, %llu is next",
			       (unsigned long long)batch->first, (unsigned long long)size);
	if (batch->count == 0)
		return OK; /* the scribe has lost our last answer and asks for its checkpoint */
	for (uint16_t i = 0; i < batch->count; i++)
		TRY(draft_numbered(d, &leaves[i], &batch->entries[i], size + i));
	TRY(run_shreds(l, d));
	TRY(journal_write(l->journal, &(struct journal_change){d->leaves, d->leaf_count, d->facts,
							       d->fact_count}));
	for (size_t i = 0; l->end && i < d->end_count; i++)
		l->end(l->context, d->ends[i]);
	for (uint16_t i = 0; i < batch->count; i++)
		remember_event(l, &leaves[i], batch->entries[i].payload, now.monotonic_ms);
	return OK;
}
