/* SPDX-License-Identifier: Apache-2.0 */
/* operators.c - what signs do with two values, indexes and slices. */
#include <math.h>

#include "inference/template/characters.h"
#include "inference/template/run.h"

static bool is(struct slice sign, const char *text)
{
	return slice_equal(sign, slice_of_string(text));
}

static RESULT calculate_integers(struct value *out, uint8_t sign, int64_t a, int64_t b)
{
	bool overflow = false;
	int64_t result = 0;

	if (sign == '+')
		overflow = __builtin_add_overflow(a, b, &result);
	else if (sign == '-')
		overflow = __builtin_sub_overflow(a, b, &result);
	else if (sign == '*')
		overflow = __builtin_mul_overflow(a, b, &result);
	else if (b == 0)
		return failure(ERR_FORMAT, "division by zero");
	else if (b == -1)
		overflow = sign == '/' && __builtin_sub_overflow((int64_t)0, a, &result);
	else
		/* Towards minus infinity; the remainder has the divisor's sign. */
		result = sign == '/' ? a / b - (a % b && (a < 0) != (b < 0))
				     : a % b + (a % b && (a < 0) != (b < 0) ? b : 0);
	if (overflow)
		return failure(ERR_LIMIT, "a number that is too large");
	*out = value_integer(result);
	return OK;
}

static RESULT calculate(struct value *out, struct slice sign, struct value a, struct value b)
{
	double x = value_number(a), y = value_number(b);
	bool whole = a.kind == VALUE_INTEGER && b.kind == VALUE_INTEGER;

	if (whole && !is(sign, "/"))
		return calculate_integers(out, sign.data[0], a.integer, b.integer);
	if (is(sign, "+"))
		*out = value_float(x + y);
	else if (is(sign, "-"))
		*out = value_float(x - y);
	else if (is(sign, "*"))
		*out = value_float(x * y);
	else if (y == 0)
		return failure(ERR_FORMAT, "division by zero");
	else if (is(sign, "/"))
		*out = value_float(x / y);
	else
		*out = value_float(is(sign, "//") ? floor(x / y) : x - y * floor(x / y));
	return OK;
}

/* Text of both, one behind the other. */
static RESULT concat(struct value *out, struct run *r, struct value a, struct value b)
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);

	TRY(value_write(&text, r, a));
	TRY(value_write(&text, r, b));
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

static RESULT join_lists(struct value *out, struct run *r, const struct list *a,
			 const struct list *b)
{
	*out = value_list(list_new(r));
	for (size_t i = 0; i < a->count; i++)
		TRY(list_add(r, out->list, a->items[i]));
	for (size_t i = 0; i < b->count; i++)
		TRY(list_add(r, out->list, b->items[i]));
	return OK;
}

static RESULT repeat(struct value *out, struct run *r, struct value text, int64_t times)
{
	AUTO(template_text_free) struct template_text all = template_text_new(r->memory_left);

	for (int64_t i = 0; i < times && text.text.size && !all.text.overflow; i++)
		text_write(&all, text);
	TRY(text_done(&all));
	return value_copy(out, r, &all);
}

static RESULT contains(bool *out, struct run *r, struct value what, struct value in)
{
	*out = false;
	if (in.kind == VALUE_TEXT && what.kind == VALUE_TEXT) {
		TRY(run_step(r, in.text.size / 64));
		*out = text_find(in.text, what.text, 0) <= in.text.size;
		return OK;
	}
	if (in.kind == VALUE_DICT) {
		if (what.kind != VALUE_TEXT)
			return OK;
		TRY(run_step(r, dict_cost(in.dict, what.text)));
		*out = dict_get(in.dict, what.text) != NULL;
		return OK;
	}
	if (in.kind != VALUE_LIST && in.kind != VALUE_UNDEFINED)
		return failure(ERR_FORMAT, "%s in %s", value_name(what.kind), value_name(in.kind));
	for (size_t i = 0; in.kind == VALUE_LIST && !*out && i < in.list->count; i++) {
		/* As the test set has it, true is not in [1]. */
		bool kinds = (what.kind == VALUE_BOOLEAN) ==
			     (in.list->items[i].kind == VALUE_BOOLEAN);

		TRY(value_equal(out, r, what, in.list->items[i]));
		*out = *out && kinds;
	}
	return OK;
}

static RESULT compare(struct value *out, struct run *r, struct slice sign, struct value a,
		      struct value b)
{
	int order;

	TRY(value_compare(&order, r, a, b, true));
	*out = value_boolean(is(sign, "<")    ? order < 0
			     : is(sign, ">")  ? order > 0
			     : is(sign, "<=") ? order <= 0
					      : order >= 0);
	return OK;
}

static RESULT arithmetic(struct value *out, struct run *r, struct slice sign, struct value a,
			 struct value b)
{
	bool nothing = a.kind <= VALUE_NONE || b.kind <= VALUE_NONE;
	bool text = a.kind == VALUE_TEXT || b.kind == VALUE_TEXT;

	if (value_is_number(a) && value_is_number(b))
		return calculate(out, sign, a, b);
	if (is(sign, "+") && a.kind == VALUE_LIST && b.kind == VALUE_LIST)
		return join_lists(out, r, a.list, b.list);
	if (is(sign, "+") && text && !nothing)
		return concat(out, r, a, b);
	if (is(sign, "*") && a.kind == VALUE_TEXT && b.kind == VALUE_INTEGER)
		return repeat(out, r, a, b.integer);
	return failure(ERR_FORMAT, "%s %.*s %s", value_name(a.kind), SLICE_PRINT(sign),
		       value_name(b.kind));
}

RESULT evaluate_binary(struct value *out, struct run *r, struct slice sign, struct value a,
		       struct value b)
{
	bool truth;

	if (is(sign, "==") || is(sign, "!=")) {
		TRY(value_equal(&truth, r, a, b));
		*out = value_boolean(truth == is(sign, "=="));
		return OK;
	}
	if (is(sign, "in") || is(sign, "not in")) {
		TRY(contains(&truth, r, a, b));
		*out = value_boolean(truth == is(sign, "in"));
		return OK;
	}
	if (is(sign, "~"))
		return concat(out, r, a, b);
	if (sign.data[0] == '<' || sign.data[0] == '>')
		return compare(out, r, sign, a, b);
	return arithmetic(out, r, sign, a, b);
}

static struct value loop_member(const struct loop *l, struct slice name)
{
	int64_t index = (int64_t)l->index, count = (int64_t)l->items->count;

	if (is(name, "index"))
		return value_integer(index + 1);
	if (is(name, "index0"))
		return value_integer(index);
	if (is(name, "revindex"))
		return value_integer(count - index);
	if (is(name, "revindex0"))
		return value_integer(count - index - 1);
	if (is(name, "first"))
		return value_boolean(index == 0);
	if (is(name, "last"))
		return value_boolean(index == count - 1);
	if (is(name, "length"))
		return value_integer(count);
	if (is(name, "previtem") && index > 0)
		return l->items->items[index - 1];
	if (is(name, "nextitem") && index + 1 < count)
		return l->items->items[index + 1];
	return VALUE_NOTHING;
}

/* The character at an index, from the end if negative. */
static struct value character_at(struct value text, int64_t index)
{
	int64_t count = (int64_t)character_count(text.text);

	if (index < 0)
		index += count;
	if (index < 0 || index >= count)
		return VALUE_NOTHING;
	while (index--)
		text = value_part(text, character_size(text.text), text.text.size);
	return value_part(text, 0, character_size(text.text));
}

RESULT evaluate_index(struct value *out, struct run *r, struct value of, struct value which)
{
	*out = VALUE_NOTHING;
	if (which.kind == VALUE_TEXT) {
		const struct value *found = NULL;

		if (of.kind == VALUE_LOOP)
			*out = loop_member(of.loop, which.text);
		if (of.kind == VALUE_DICT || of.kind == VALUE_NAMESPACE) {
			TRY(run_step(r, dict_cost(of.dict, which.text)));
			found = dict_get(of.dict, which.text);
		}
		if (found)
			*out = *found;
	} else if (which.kind == VALUE_INTEGER && of.kind == VALUE_LIST) {
		int64_t count = (int64_t)of.list->count;
		int64_t i = which.integer < 0 ? which.integer + count : which.integer;

		if (i >= 0 && i < count)
			*out = of.list->items[i];
	} else if (which.kind == VALUE_INTEGER && of.kind == VALUE_TEXT) {
		TRY(run_step(r, of.text.size / 64));
		*out = character_at(of, which.integer);
	}
	return OK;
}

static RESULT bound(int64_t *out, struct value part, int64_t count, int64_t absent, int64_t low,
		    int64_t high)
{
	*out = absent;
	if (part.kind == VALUE_UNDEFINED || part.kind == VALUE_NONE)
		return OK;
	if (part.kind != VALUE_INTEGER)
		return failure(ERR_FORMAT, "a slice's bound that is %s", value_name(part.kind));
	*out = part.integer < 0 ? part.integer + count : part.integer;
	*out = *out < low ? low : *out > high ? high : *out;
	return OK;
}

RESULT evaluate_slice(struct value *out, struct run *r, struct value of, const struct value part[3])
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);
	int64_t start, stop, step = part[2].kind == VALUE_INTEGER ? part[2].integer : 1;
	struct list *items, *chosen = list_new(r);
	int64_t count, low = step < 0 ? -1 : 0;

	if (of.kind != VALUE_LIST && of.kind != VALUE_TEXT)
		return failure(ERR_FORMAT, "a slice of %s", value_name(of.kind));
	TRY(value_items(&items, r, of));
	count = (int64_t)items->count;
	if (step == 0 || step < -count - 1)
		step = step ? -count - 1 : 0;
	if (step == 0)
		return failure(ERR_FORMAT, "a slice of step 0");
	step = step > count + 1 ? count + 1 : step;
	TRY(bound(&start, part[0], count, step < 0 ? count - 1 : 0, low, count + low));
	TRY(bound(&stop, part[1], count, step < 0 ? -1 : count, low, count + low));
	for (; step < 0 ? start > stop : start < stop; start += step) {
		TRY(list_add(r, chosen, items->items[start]));
		if (of.kind == VALUE_TEXT)
			text_write(&text, items->items[start]);
	}
	*out = value_list(chosen);
	if (of.kind == VALUE_LIST)
		return OK;
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}
