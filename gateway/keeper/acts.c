/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that widen something: what of them approvers must have signed. */
#include "crypto/approval.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/keeper/draft.h"

/* The members of an entry that the statement must repeat, word for word. */
static const char *const gate_members[] = {"model", "gate", "open_paths", "criteria", NULL};
static const char *const enroll_members[] = {"key", "person", NULL};
static const char *const remove_members[] = {"key", NULL};
static const char *const rule_members[] = {"model", "needed", NULL};

static json_t *pick(const json_t *payload, const char *const names[])
{
	json_t *some = json_object_new();

	for (size_t i = 0; names[i]; i++)
		if (json_has(payload, names[i]))
			json_put(some, names[i], json_incref(json_object_get(payload, names[i])));
	return some;
}

static enum err weigh(struct approvers_found *out, const struct draft *d, const json_t *payload,
		      const char *kind, const char *const members[], unsigned persons)
{
	struct wire_approval given[WIRE_MAX_APPROVALS];
	AUTO(json_auto) json_t *subject = pick(payload, members);
	struct approvers_question question = {.kind = kind, .subject = subject, .persons = persons};
	struct approvers approvers = draft_approvers(d);
	size_t count;

	TRY(approvers_read(given, &count, payload));
	return approvers_weigh(out, &approvers, &question, given, count);
}

static void use_up(struct draft *d, const struct approvers_found *found)
{
	for (size_t i = 0; i < found->count; i++)
		draft_value(d, found->statements[i]);
}

static enum err get_model(struct slice *out, const json_t *payload)
{
	TRY(json_get_text(out, payload, "model"));
	if (out->size > WIRE_MAX_MODEL)
		return failure(ERR_LIMIT, "model name: more than %d bytes", WIRE_MAX_MODEL);
	return OK;
}

enum err acts_open(struct draft *d, const json_t *payload)
{
	struct approvers approvers = draft_approvers(d);
	struct approvers_found found;
	struct slice model;

	if (approvers_persons(&approvers) == 0)
		return OK;
	TRY(get_model(&model, payload));
	TRY(weigh(&found, d, payload, APPROVAL_GATE, gate_members,
		  approvers_needed(&approvers, model)));
	use_up(d, &found);
	return OK;
}

bool acts_pattern_is_free(const struct draft *d, struct slice model, struct slice pattern)
{
	struct fact list = fact_of(FACT_OPEN_LIST, model, S(""), 0);
	struct fact path = fact_of(FACT_OPEN_PATH, model, pattern, 0);
	uint64_t today = draft_fact(d, &list);
	struct slice rest = S(OPEN_PATHS_DEFAULT), one;

	if (today && draft_fact(d, &path) == today)
		return true;
	while (open_paths_next(&one, &rest))
		if (slice_equal(one, pattern))
			return true;
	return false;
}

static enum err opens_gate(bool *out, const struct draft *d, const json_t *payload,
			   struct slice model)
{
	struct fact like = fact_of(FACT_MODEL, model, S(""), 0);
	struct slice gate;

	TRY(json_get_text_or(&gate, payload, "gate", S("manual")));
	*out = (slice_equal(gate, S("no")) || slice_equal(gate, S("public"))) &&
	       !(draft_fact(d, &like) & FACT_MODEL_OPEN);
	return OK;
}

static enum err opens_paths(bool *out, const struct draft *d, const json_t *payload,
			    struct slice model)
{
	const json_t *list;

	*out = false;
	if (!json_has(payload, "open_paths"))
		return OK;
	TRY(json_get_array(&list, payload, "open_paths"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice pattern;

		TRY(json_text_at(&pattern, list, i));
		*out = *out || !acts_pattern_is_free(d, model, pattern);
	}
	return OK;
}

enum err acts_settings(struct draft *d, const json_t *payload)
{
	struct slice model;
	bool gate, paths;

	TRY(get_model(&model, payload));
	TRY(opens_gate(&gate, d, payload, model));
	TRY(opens_paths(&paths, d, payload, model));
	if (!gate && !paths && !json_has(payload, "criteria"))
		return OK;
	return acts_open(d, payload);
}

/* The first approver does not come by an entry: whoever can write one could be it. */
static enum err check_there_are_some(const struct approvers *approvers)
{
	if (approvers_persons(approvers) == 0)
		return failure(ERR_DENIED,
			       "the first approver is enrolled on the machine: sallyport approver "
			       "first");
	return OK;
}

static void change(struct draft *d, const struct approvers_change *change,
		   const struct approvers_found *found)
{
	use_up(d, found);
	for (size_t i = 0; i < change->count; i++)
		draft_value(d, change->facts[i]);
}

static enum err get_key(uint8_t key[WIRE_PUBLIC], const json_t *payload)
{
	AUTO(buf_free) struct buf bytes = buf_new(64);
	struct slice text;

	TRY(json_get_text(&text, payload, "key"));
	TRY(text_read_base64(&bytes, text, TEXT_BASE64));
	if (bytes.size != WIRE_PUBLIC)
		return failure(ERR_FORMAT, "\"key\" has %zu bytes, not %d", bytes.size,
			       WIRE_PUBLIC);
	memcpy(key, bytes.data, WIRE_PUBLIC);
	return OK;
}

/* The entry that tells of an approver who was put there by hand, or one that says again what is so.
 */
static bool is_enrolled(const struct draft *d, const uint8_t key[WIRE_PUBLIC],
			const uint8_t person[WIRE_ID])
{
	struct fact like = fact_of(FACT_APPROVER, slice_of(key, WIRE_PUBLIC), S(""), 0);

	return draft_fact(d, &like) == approvers_holder(person);
}

enum err acts_enroll(struct draft *d, const json_t *payload)
{
	struct approvers approvers = draft_approvers(d);
	struct approvers_change enrolled;
	struct approvers_found found;
	uint8_t key[WIRE_PUBLIC], person[WIRE_ID];
	struct slice text;

	TRY(check_there_are_some(&approvers));
	TRY(get_key(key, payload));
	TRY(json_get_text(&text, payload, "person"));
	TRY(text_read_uuid(person, text));
	if (is_enrolled(d, key, person))
		return OK;
	TRY(weigh(&found, d, payload, APPROVAL_ENROLL, enroll_members,
		  approvers_floor(&approvers)));
	TRY(approvers_enroll(&enrolled, &approvers, key, person));
	change(d, &enrolled, &found);
	return OK;
}

enum err acts_remove(struct draft *d, const json_t *payload)
{
	struct approvers approvers = draft_approvers(d);
	struct approvers_change removed;
	struct approvers_found found;
	uint8_t key[WIRE_PUBLIC];

	TRY(check_there_are_some(&approvers));
	TRY(get_key(key, payload));
	TRY(weigh(&found, d, payload, APPROVAL_REMOVE, remove_members,
		  approvers_floor(&approvers)));
	TRY(approvers_remove(&removed, &approvers, key));
	change(d, &removed, &found);
	return OK;
}

enum err acts_rule(struct draft *d, const json_t *payload)
{
	struct approvers approvers = draft_approvers(d);
	struct approvers_change rule;
	struct approvers_found found;
	struct slice model;
	int64_t needed;

	TRY(check_there_are_some(&approvers));
	TRY(get_model(&model, payload));
	TRY(json_get_int(&needed, payload, "needed"));
	TRY(weigh(&found, d, payload, APPROVAL_RULE, rule_members, approvers_floor(&approvers)));
	TRY(approvers_rule(&rule, &approvers, model, needed));
	change(d, &rule, &found);
	return OK;
}
