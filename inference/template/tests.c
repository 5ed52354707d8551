/* SPDX-License-Identifier: Apache-2.0 */
/* tests.c - what can stand behind `is`. */
#include "inference/template/characters.h"
#include "inference/template/run.h"

static RESULT answer(struct value *out, bool truth)
{
	*out = value_boolean(truth);
	return OK;
}

/* One function for each kind, from one line each. */
#define TEST_OF(name, condition) \
	static RESULT test_##name(struct value *out, struct run *r, const struct call *c) \
	{ \
		(void)r; \
		return answer(out, condition); \
	}

TEST_OF(boolean, c->self.kind == VALUE_BOOLEAN)
TEST_OF(true, c->self.kind == VALUE_BOOLEAN && c->self.boolean)
TEST_OF(false, c->self.kind == VALUE_BOOLEAN && !c->self.boolean)
TEST_OF(none, c->self.kind == VALUE_NONE)
TEST_OF(string, c->self.kind == VALUE_TEXT)
TEST_OF(number, value_is_number(c->self))
TEST_OF(integer, c->self.kind == VALUE_INTEGER)
TEST_OF(float, c->self.kind == VALUE_FLOAT)
TEST_OF(mapping, c->self.kind == VALUE_DICT)
TEST_OF(defined, c->self.kind != VALUE_UNDEFINED)
TEST_OF(undefined, c->self.kind == VALUE_UNDEFINED)
TEST_OF(callable, c->self.kind == VALUE_FUNCTION || c->self.kind == VALUE_MACRO)
TEST_OF(iterable,
	c->self.kind == VALUE_LIST || c->self.kind == VALUE_TEXT || c->self.kind == VALUE_DICT)
#undef TEST_OF

static RESULT test_parity(struct value *out, const struct call *c, int64_t rest)
{
	if (c->self.kind != VALUE_INTEGER)
		return failure(ERR_FORMAT, "%s is neither odd nor even", value_name(c->self.kind));
	return answer(out, (c->self.integer & 1) == rest);
}

static RESULT test_odd(struct value *out, struct run *r, const struct call *c)
{
	(void)r;
	return test_parity(out, c, 1);
}

static RESULT test_even(struct value *out, struct run *r, const struct call *c)
{
	(void)r;
	return test_parity(out, c, 0);
}

static RESULT test_equal(struct value *out, struct run *r, const struct call *c)
{
	return evaluate_binary(out, r, S("=="), c->self, c->argument[0]);
}

static RESULT test_unequal(struct value *out, struct run *r, const struct call *c)
{
	return evaluate_binary(out, r, S("!="), c->self, c->argument[0]);
}

static RESULT test_in(struct value *out, struct run *r, const struct call *c)
{
	return evaluate_binary(out, r, S("in"), c->self, c->argument[0]);
}

static RESULT test_divisible(struct value *out, struct run *r, const struct call *c)
{
	TRY(evaluate_binary(out, r, S("%"), c->self, c->argument[0]));
	return answer(out, !value_truth(*out));
}

static RESULT test_case(struct value *out, struct run *r, const struct call *c,
			uint32_t (*fold)(uint32_t code))
{
	struct slice text = c->self.text;
	bool same = c->self.kind == VALUE_TEXT;

	if (same)
		TRY(run_step(r, text.size / 16));
	while (same && text.size) {
		same = fold(character_read(text)) == character_read(text);
		text = slice_part(text, character_size(text), text.size);
	}
	return answer(out, same);
}

static RESULT test_lower(struct value *out, struct run *r, const struct call *c)
{
	return test_case(out, r, c, character_lower);
}

static RESULT test_upper(struct value *out, struct run *r, const struct call *c)
{
	return test_case(out, r, c, character_upper);
}

const struct builtin BUILTIN_TESTS[] = {
	{"boolean", "", test_boolean},   {"callable", "", test_callable},
	{"defined", "", test_defined},   {"divisibleby", "num", test_divisible},
	{"eq", "other", test_equal},     {"equalto", "other", test_equal},
	{"even", "", test_even},         {"false", "", test_false},
	{"float", "", test_float},       {"in", "seq", test_in},
	{"integer", "", test_integer},   {"iterable", "", test_iterable},
	{"lower", "", test_lower},       {"mapping", "", test_mapping},
	{"ne", "other", test_unequal},   {"none", "", test_none},
	{"number", "", test_number},     {"odd", "", test_odd},
	{"sequence", "", test_iterable}, {"string", "", test_string},
	{"true", "", test_true},         {"undefined", "", test_undefined},
	{"upper", "", test_upper},       {NULL, NULL, NULL},
};
