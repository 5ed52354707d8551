/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded of a decision gives the same answer again: of every rule. */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/decision_record.h"

enum { NOW = 1800000000, MAX_RULES = 64 };

static struct decision_facts licensed(void)
{
	return (struct decision_facts){
		.now_seconds = NOW,
		.right = RIGHT_WEIGHTS_READ,
		.authenticated = true,
		.token_scope = ~(right_set)0,
		.gate = GATE_MANUAL,
		.license = LICENSE_ACTIVE,
		.license_rights = right_bit(RIGHT_WEIGHTS_READ),
		.license_not_before_seconds = NOW - 10,
		.license_expires_seconds = NOW + 10,
		.terms_current = true,
		.request = REQUEST_APPROVED,
		.license_regions = S("DE,FR"),
		.country = {"FR", COUNTRY_TABLE},
		.license_uses = use_bit(USE_GRU),
		.purpose_kind = PURPOSE_SAID,
		.purpose = USE_HMB,
	};
}

typedef void change_fn(struct decision_facts *f);

#define CHANGE(name, ...) \
	static void name(struct decision_facts *f) \
	{ \
		__VA_ARGS__; \
	}

CHANGE(nothing, (void)f)
CHANGE(disabled, f->model = MODEL_IS_DISABLED)
CHANGE(forged, f->authenticated = false; f->credential = CODE_CREDENTIAL_BAD_SIGNATURE)
CHANGE(blocked, f->person = PERSON_BLOCKED)
CHANGE(suspended, f->person = PERSON_SUSPENDED)
CHANGE(narrow, f->token_scope = 0)
CHANGE(bare, f->client = CLIENT_MISSING)
CHANGE(certified, f->client = CLIENT_FITS)
CHANGE(public, f->gate = GATE_PUBLIC)
CHANGE(open_path, f->path_is_open = true)
CHANGE(anonymous, f->authenticated = false; f->credential = CODE_NOT_AUTHENTICATED)
CHANGE(open_model, f->gate = GATE_NO)
CHANGE(pending, f->license = LICENSE_NONE; f->request = REQUEST_SUBMITTED)
CHANGE(returned, f->license = LICENSE_NONE; f->request = REQUEST_RETURNED)
CHANGE(denied, f->license = LICENSE_NONE; f->request = REQUEST_IS_DENIED)
CHANGE(unlicensed, f->license = LICENSE_NONE; f->request = REQUEST_NONE)
CHANGE(revoked, f->license = LICENSE_IS_REVOKED)
CHANGE(on_hold, f->license = LICENSE_IS_SUSPENDED)
CHANGE(over, f->now_seconds = f->license_expires_seconds)
CHANGE(early, f->now_seconds = f->license_not_before_seconds - 1)
CHANGE(old_terms, f->terms_current = false; f->terms_grace_until_seconds = NOW - 1)
CHANGE(other_right, f->right = RIGHT_INTERNALS_READ)
CHANGE(untrained, f->requirement = CODE_TRAINING_EXPIRED)
CHANGE(nowhere, f->country = (struct country){"", COUNTRY_NONE})
CHANGE(elsewhere, f->country = (struct country){"US", COUNTRY_CLAIM})
CHANGE(inference_only, f->license_uses = use_bit(USE_INFERENCE_ONLY))
CHANGE(used_up, f->quota = (struct quota_fact){.is_used_up = true, .per = LICENSE_PER_DAY})
CHANGE(open_used_up, f->gate = GATE_NO; used_up(f))
CHANGE(odd_purpose, decision_say_purpose(f, S("fun")))
CHANGE(wrong_purpose, decision_say_purpose(f, S("DUO:0000004")))

static change_fn *const changes[] = {
	nothing,   disabled,       forged,    blocked,      suspended,   narrow,
	bare,      certified,      public,    open_path,    anonymous,   open_model,
	pending,   returned,       denied,    unlicensed,   revoked,     on_hold,
	over,      early,          old_terms, other_right,  untrained,   nowhere,
	elsewhere, inference_only, used_up,   open_used_up, odd_purpose, wrong_purpose,
};

static void write_record(struct buf *out, const struct decision_facts *f, const struct decision *d)
{
	AUTO(json_auto) json_t *record = json_object_new();

	json_put_text(record, "policy", S(DECISION_POLICY));
	json_put_bool(record, "allow", d->allow);
	json_put_text(record, "code", slice_of_string(code_name(d->code)));
	json_put_text(record, "rule", slice_of_string(d->rule));
	json_put_text(record, "basis", slice_of_string(decision_basis_name(d->basis)));
	json_put(record, "facts", decision_facts_write(f));
	assert_ok(json_write_canonical(out, record));
}

static size_t rule_number(const char *name)
{
	size_t i = 0;

	while (decision_rule(i) && strcmp(decision_rule(i), name) != 0)
		i++;
	return i;
}

static void every_rule_decides_the_same_again(void **state)
{
	bool seen[MAX_RULES] = {false};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(buf_free) struct buf text = buf_new(DECISION_MAX_RECORD);
		struct decision_facts f = licensed();
		struct decision_replay replay;
		struct decision d;

		changes[i](&f);
		d = decide(&f);
		write_record(&text, &f, &d);
		assert_ok(decision_replay(&replay, &arena, buf_slice(&text)));
		assert_int_equal(replay.result, REPLAY_SAME);
		assert_string_equal(replay.now.rule, d.rule);
		assert_int_equal(replay.now.code, d.code);
		seen[rule_number(d.rule)] = true;
	}
	for (size_t i = 0; decision_rule(i); i++)
		if (!seen[i])
			fail_msg("no case for rule %s", decision_rule(i));
}

/* The record with one text for another. */
static void change_record(struct buf *out, const char *from, const char *to)
{
	AUTO(buf_free) struct buf text = buf_new(DECISION_MAX_RECORD);
	struct decision_facts f = licensed();
	struct decision d = decide(&f);
	const char *whole, *at;

	write_record(&text, &f, &d);
	whole = buf_string(&text);
	at = strstr(whole, from);
	assert_non_null(at);
	buf_write(out, slice_of(whole, (size_t)(at - whole)));
	buf_write_string(out, to);
	buf_write_string(out, at + strlen(from));
}

static void a_record_that_was_changed_is_found(void **state)
{
	static const struct {
		const char *from, *to;
		enum replay_result result;
	} rows[] = {
		{"\"country\":\"FR\"", "\"country\":\"US\"", REPLAY_DIFFERENT},
		{"\"license\":\"active\"", "\"license\":\"revoked\"", REPLAY_DIFFERENT},
		{"\"code\":\"OK\"", "\"code\":\"NO_LICENSE\"", REPLAY_DIFFERENT},
		{"\"rule\":\"license\"", "\"rule\":\"model.open\"", REPLAY_DIFFERENT},
		{"\"basis\":\"license\"", "\"basis\":\"open\"", REPLAY_DIFFERENT},
		{"\"allow\":true", "\"allow\":false", REPLAY_DIFFERENT},
		{"\"" DECISION_POLICY "\"", "\"builtin-1\"", REPLAY_OTHER_VERSION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(buf_free) struct buf text = buf_new(DECISION_MAX_RECORD);
		struct decision_replay replay;

		change_record(&text, rows[i].from, rows[i].to);
		assert_ok(decision_replay(&replay, &arena, buf_slice(&text)));
		if (replay.result != rows[i].result)
			fail_msg("%s", rows[i].to);
	}
}

static void facts_are_read_strictly(void **state)
{
	static const char *const rows[][2] = {
		{"\"license\":\"active\"", "\"license\":\"valid\""},
		{"\"license\":\"active\"", "\"license\":2"},
		{"\"country\":\"FR\"", "\"country\":\"FRA\""},
		{"\"country_source\":\"table\"", "\"country_source\":\"none\""},
		{"\"purpose\":\"DUO:0000006\"", "\"purpose\":\"\""},
		{"\"purpose_kind\":\"said\"", "\"purpose_kind\":\"none\""},
		{"\"license_uses\":\"", "\"license_uses\":\"X,"},
		{"\"path_is_open\":false", "\"path_is_open\":0"},
		{"\"certificate\":\"not needed\"", "\"certificate\":\"perhaps\""},
		{"\"token_scope\":4294967295", "\"token_scope\":4294967296"},
		{"\"gate\":\"manual\"", "\"extra\":1,\"gate\":\"manual\""},
		{"\"terms_current\":true,", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(buf_free) struct buf text = buf_new(DECISION_MAX_RECORD);
		struct decision_replay replay;

		change_record(&text, rows[i][0], rows[i][1]);
		if (decision_replay(&replay, &arena, buf_slice(&text)) == OK)
			fail_msg("%s was read", rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_decides_the_same_again),
		cmocka_unit_test(a_record_that_was_changed_is_found),
		cmocka_unit_test(facts_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
