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
#include "policy/open_paths.h"

/* A model's settings bring the most: its gate, the list, and each of its open paths. */
enum {
	LEDGER_FACTS_PER_ENTRY = 2 + OPEN_PATHS_MAX,
	LEDGER_MAX_FACTS = LEDGER_FACTS_PER_ENTRY * WIRE_MAX_LOG_ENTRIES,
};

_Static_assert((int)LEDGER_MAX_FACTS <= (int)JOURNAL_MAX_CHANGES, "a batch fits in one write");

/* What a batch will change, collected before anything is written. */
struct draft {
	const struct ledger *ledger;
	size_t leaf_count;
	size_t fact_count;
	size_t shred_count;
	struct digest leaves[WIRE_MAX_LOG_ENTRIES];
	struct fact facts[LEDGER_MAX_FACTS];
	char shreds[WIRE_MAX_LOG_ENTRIES][WIRE_MAX_MODEL + 1];
};

/* Too large for a stack, and not zeroed: the counts say what is there. */
static struct draft *draft_new(const struct ledger *l)
{
	struct draft *d = malloc(sizeof *d);

	assert(d);
	d->ledger = l;
	d->leaf_count = d->fact_count = d->shred_count = 0;
	return d;
}

static void draft_free(struct draft **d)
{
	free(*d);
}

struct leaf {
	uint8_t id[WIRE_ID];
	char kind[WIRE_MAX_CODE + 1];
	struct digest commitment;
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

/* The value as it will stand after what the draft has so far. */
static uint64_t drafted_value(const struct draft *d, const struct fact *like)
{
	for (size_t i = d->fact_count; i-- > 0;)
		if (digest_equal(&d->facts[i].key, &like->key))
			return d->facts[i].value;
	return journal_fact(d->ledger->journal, like);
}

static void draft_value(struct draft *d, struct fact fact)
{
	assert(d->fact_count < LEDGER_MAX_FACTS);
	d->facts[d->fact_count++] = fact;
}

static void draft_bits(struct draft *d, struct fact fact, uint64_t set, uint64_t clear)
{
	fact.value = (drafted_value(d, &fact) | set) & ~clear;
	draft_value(d, fact);
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
	return OK;
}

static enum err draft_model(struct draft *d, const json_t *payload, uint64_t set, uint64_t clear)
{
	struct slice model;

	TRY(json_get_text(&model, payload, "model"));
	draft_bits(d, fact_of(FACT_MODEL, model, S(""), 0), set, clear);
	return OK;
}

/* Without a "gate" the model keeps the one it has. */
static enum err draft_gate(struct draft *d, const json_t *payload)
{
	struct slice gate;

	if (!json_has(payload, "gate"))
		return draft_model(d, payload, 0, 0);
	TRY(json_get_text(&gate, payload, "gate"));
	if (slice_equal(gate, S("no")) || slice_equal(gate, S("public")))
		return draft_model(d, payload, FACT_MODEL_OPEN, 0);
	return draft_model(d, payload, 0, FACT_MODEL_OPEN);
}

/* A list replaces the one before whole: its rows bear the number of their entry, and only those of
 * the newest count. What is no pattern at all matches nothing later on. */
static enum err draft_open_paths(struct draft *d, struct slice model, const json_t *list)
{
	uint64_t number = journal_size(d->ledger->journal) + d->leaf_count + 1;

	if (json_array_size(list) > OPEN_PATHS_MAX)
		return failure(ERR_LIMIT, "log entry: more than %d open paths", OPEN_PATHS_MAX);
	draft_value(d, fact_of(FACT_OPEN_LIST, model, S(""), number));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice pattern;

		TRY(json_text_at(&pattern, list, i));
		draft_value(d, fact_of(FACT_OPEN_PATH, model, pattern, number));
	}
	return OK;
}

/* model.create and model.settings; without "open_paths" the model keeps those it has. */
static enum err draft_settings(struct draft *d, const json_t *payload)
{
	const json_t *list;
	struct slice model;

	TRY(draft_gate(d, payload));
	if (!json_has(payload, "open_paths"))
		return OK;
	TRY(json_get_text(&model, payload, "model"));
	TRY(json_get_array(&list, payload, "open_paths"));
	return draft_open_paths(d, model, list);
}

static enum err draft_revoke(struct draft *d, const json_t *payload)
{
	return draft_license(d, payload, FACT_LICENSE_REVOKED, 0);
}

static enum err draft_suspend(struct draft *d, const json_t *payload)
{
	return draft_license(d, payload, FACT_LICENSE_SUSPENDED, 0);
}

static enum err draft_reinstate(struct draft *d, const json_t *payload)
{
	return draft_license(d, payload, 0, FACT_LICENSE_SUSPENDED);
}

static enum err draft_disable(struct draft *d, const json_t *payload)
{
	return draft_model(d, payload, FACT_MODEL_DISABLED, 0);
}

static enum err draft_enable(struct draft *d, const json_t *payload)
{
	return draft_model(d, payload, 0, FACT_MODEL_DISABLED);
}

static enum err draft_shred(struct draft *d, const json_t *payload)
{
	struct slice model;

	TRY(json_get_text(&model, payload, "model"));
	if (model.size > WIRE_MAX_MODEL)
		return failure(ERR_LIMIT, "model name: more than %d bytes", WIRE_MAX_MODEL);
	memcpy(d->shreds[d->shred_count], model.data, model.size);
	d->shreds[d->shred_count++][model.size] = '\0';
	return draft_model(d, payload, FACT_MODEL_SHREDDED, 0);
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
	TRY(draft_gate(d, payload));
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
	{"license.revoke", draft_revoke},       {"license.suspend", draft_suspend},
	{"license.reinstate", draft_reinstate}, {"model.commit", draft_commit},
	{"model.create", draft_settings},       {"model.settings", draft_settings},
	{"model.disable", draft_disable},       {"model.enable", draft_enable},
	{"model.shred", draft_shred},           {"license.close", draft_revoke},
	{"model.recall", draft_recall},
};

static enum err draft_facts(struct draft *d, const char *kind, struct slice payload)
{
	AUTO(json_auto) json_t *value = NULL;

	for (size_t i = 0; i < sizeof drafters / sizeof drafters[0]; i++) {
		if (strcmp(kind, drafters[i].kind) != 0)
			continue;
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
	if (!digest_equal(&commitment, &leaf->commitment))
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

static enum err run_shreds(const struct ledger *l, const struct draft *d)
{
	for (size_t i = 0; i < d->shred_count; i++)
		TRY(l->shred(l->context, slice_of_string(d->shreds[i])));
	return OK;
}

static void remember_event(struct ledger *l, const struct leaf *leaf, struct slice payload,
			   int64_t now_ms)
{
	enum event_kind kind;

	if (event_kind_of_name(&kind, slice_of_string(leaf->kind)))
		events_add(l->events, leaf->id, kind, now_ms, payload);
}

enum err ledger_append(struct ledger *l, const struct wire_log_append *batch, int64_t now_ms)
{
	AUTO(draft_free) struct draft *d = draft_new(l);
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
	for (uint16_t i = 0; i < batch->count; i++)
		remember_event(l, &leaves[i], batch->entries[i].payload, now_ms);
	return OK;
}
