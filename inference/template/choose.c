/* SPDX-License-Identifier: Apache-2.0 */
/* choose.c - filters that choose and order items, and the tests they choose by. */
#include "inference/template/builtins.h"
#include "inference/template/characters.h"

RESULT value_attribute(struct value *out, struct run *r, struct value of, struct value path)
{
	struct slice rest = path.text, part;
	uint64_t index;

	*out = of;
	if (path.kind == VALUE_INTEGER)
		return evaluate_index(out, r, of, path);
	if (path.kind != VALUE_TEXT)
		return failure(ERR_FORMAT, "an attribute that is %s", value_name(path.kind));
	for (bool more = true; more;) {
		struct value which;

		more = slice_cut(rest, '.', &part, &rest);
		which = slice_to_u64(part, INT32_MAX, &index) && out->kind == VALUE_LIST
				? value_integer((int64_t)index)
				: value_text(part);
		TRY(evaluate_index(out, r, *out, which));
	}
	return OK;
}

static RESULT passes(bool *out, struct run *r, struct value item, struct value test,
		     struct value value)
{
	struct list *values = list_new(r);
	const struct arguments given = {values, dict_new(r)};
	const struct builtin *b;
	struct value answer;

	*out = value_truth(item);
	if (test.kind == VALUE_UNDEFINED)
		return OK;
	b = test.kind == VALUE_TEXT ? builtin_find(BUILTIN_TESTS, test.text) : NULL;
	if (!b)
		return failure(ERR_UNSUPPORTED, "choosing by a test that is not understood");
	if (value.kind != VALUE_UNDEFINED)
		TRY(list_add(r, values, value));
	TRY(builtin_call(&answer, r, b, item, &given));
	*out = value_truth(answer);
	return OK;
}

/* Items that pass, or that do not; `argument` is test and value, behind an attribute or not. */
static RESULT choose(struct value *out, struct run *r, const struct call *c, bool by_attribute,
		     bool wanted)
{
	const struct value *argument = c->argument + (by_attribute ? 1 : 0);
	struct list *items, *kept = list_new(r);

	TRY(value_items(&items, r, c->self));
	for (size_t i = 0; i < items->count; i++) {
		struct value v = items->items[i];
		bool pass;

		if (by_attribute)
			TRY(value_attribute(&v, r, v, c->argument[0]));
		TRY(passes(&pass, r, v, argument[0], argument[1]));
		if (pass == wanted)
			TRY(list_add(r, kept, items->items[i]));
	}
	*out = value_list(kept);
	return OK;
}

RESULT filter_select(struct value *out, struct run *r, const struct call *c)
{
	return choose(out, r, c, false, true);
}

RESULT filter_reject(struct value *out, struct run *r, const struct call *c)
{
	return choose(out, r, c, false, false);
}

RESULT filter_selectattr(struct value *out, struct run *r, const struct call *c)
{
	return choose(out, r, c, true, true);
}

RESULT filter_rejectattr(struct value *out, struct run *r, const struct call *c)
{
	return choose(out, r, c, true, false);
}

struct order {
	struct value attribute;
	bool reverse, case_sensitive;
};

static RESULT in_order(bool *out, struct run *r, struct value a, struct value b,
		       const struct order *by)
{
	int order;

	TRY(run_step(r, 1));
	if (by->attribute.kind > VALUE_NONE) {
		TRY(value_attribute(&a, r, a, by->attribute));
		TRY(value_attribute(&b, r, b, by->attribute));
	}
	TRY(value_compare(&order, r, a, b, by->case_sensitive));
	*out = by->reverse ? order >= 0 : order <= 0;
	return OK;
}

/* Merges two sorted runs [low, middle) and [middle, high); equals keep their order. */
static RESULT merge(struct run *r, struct value *to, const struct value *from, const size_t at[3],
		    const struct order *by)
{
	size_t i = at[0], j = at[1];

	for (size_t k = at[0]; k < at[2]; k++) {
		bool left = j >= at[2];

		if (!left && i < at[1])
			TRY(in_order(&left, r, from[i], from[j], by));
		to[k] = left ? from[i++] : from[j++];
	}
	return OK;
}

static RESULT sort(struct value *out, struct run *r, const struct list *items,
		   const struct order *by)
{
	struct list *two[2] = {list_new(r), list_new(r)};
	size_t count = items->count;

	for (size_t i = 0; i < count; i++) {
		TRY(list_add(r, two[0], items->items[i]));
		TRY(list_add(r, two[1], items->items[i]));
	}
	for (size_t width = 1; width < count; width *= 2) {
		struct list *from = two[0];

		for (size_t low = 0; low < count; low += 2 * width) {
			size_t middle = low + width < count ? low + width : count;
			size_t high = middle + width < count ? middle + width : count;
			const size_t at[3] = {low, middle, high};

			TRY(merge(r, two[1]->items, from->items, at, by));
		}
		two[0] = two[1];
		two[1] = from;
	}
	*out = value_list(two[0]);
	return OK;
}

RESULT filter_sort(struct value *out, struct run *r, const struct call *c)
{
	const struct order by = {c->argument[2], value_truth(c->argument[0]),
				 value_truth(c->argument[1])};
	struct list *items;

	TRY(value_items(&items, r, c->self));
	return sort(out, r, items, &by);
}

RESULT filter_dictsort(struct value *out, struct run *r, const struct call *c)
{
	struct value by_value = c->argument[1], pairs;
	bool second = by_value.kind == VALUE_TEXT && slice_equal(by_value.text, S("value"));
	const struct order by = {value_integer(second), value_truth(c->argument[2]),
				 value_truth(c->argument[0])};

	TRY(dict_items(&pairs, r, c));
	return sort(out, r, pairs.list, &by);
}
