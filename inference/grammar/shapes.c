/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/shapes.h"

#include "inference/grammar/utf8.h"

uint32_t shapes_run(struct automaton *a, uint32_t from, uint8_t low, uint8_t high, unsigned least,
		    unsigned most)
{
	uint32_t end = automaton_node(a);

	for (unsigned i = 0; i < most; i++) {
		uint32_t to = automaton_node(a);

		if (i >= least)
			automaton_skip(a, from, end);
		automaton_byte(a, from, low, high, to);
		from = to;
	}
	automaton_skip(a, from, end);
	return end;
}

static void make_space(struct shapes *s, uint32_t from, uint32_t to)
{
	uint32_t at = automaton_text(s->a, from, S("\n"));

	automaton_byte(s->a, from, ' ', ' ', to);
	for (int i = 0; i < 20; i++) {
		uint32_t next = automaton_node(s->a);

		automaton_skip(s->a, at, to);
		automaton_byte(s->a, at, ' ', ' ', next);
		automaton_byte(s->a, at, '\t', '\t', next);
		at = next;
	}
	automaton_skip(s->a, at, to);
}

static void hex(struct automaton *a, uint32_t from, uint32_t to)
{
	automaton_byte(a, from, '0', '9', to);
	automaton_byte(a, from, 'a', 'f', to);
	automaton_byte(a, from, 'A', 'F', to);
}

/* Two hexadecimal digits and on to `to`. */
static void two_hex(struct automaton *a, uint32_t from, uint32_t to)
{
	uint32_t middle = automaton_node(a);

	hex(a, from, middle);
	hex(a, middle, to);
}

/* \ud8xx to \udbxx must be followed by \udcxx to \udfxx, which stands nowhere else. */
static void escapes(struct automaton *a, uint32_t from, uint32_t to)
{
	uint32_t slash = automaton_text(a, from, S("\\"));
	uint32_t number = automaton_text(a, slash, S("u"));
	uint32_t second = automaton_node(a), rest = automaton_node(a);
	uint32_t after_d = automaton_node(a), pair = automaton_node(a), low = automaton_node(a);
	uint32_t low_rest = automaton_node(a);

	for (size_t i = 0; i < 8; i++)
		automaton_byte(a, slash, (uint8_t) "\"\\/bfnrt"[i], (uint8_t) "\"\\/bfnrt"[i], to);
	automaton_byte(a, number, '0', '9', second);
	automaton_byte(a, number, 'a', 'c', second);
	automaton_byte(a, number, 'A', 'C', second);
	automaton_byte(a, number, 'e', 'f', second);
	automaton_byte(a, number, 'E', 'F', second);
	hex(a, second, rest);
	automaton_byte(a, number, 'd', 'd', after_d);
	automaton_byte(a, number, 'D', 'D', after_d);
	automaton_byte(a, after_d, '0', '7', rest);
	two_hex(a, rest, to);
	automaton_byte(a, after_d, '8', '9', pair);
	automaton_byte(a, after_d, 'a', 'b', pair);
	automaton_byte(a, after_d, 'A', 'B', pair);
	two_hex(a, pair, low);
	low = automaton_text(a, low, S("\\u"));
	rest = automaton_node(a);
	automaton_byte(a, low, 'd', 'd', rest);
	automaton_byte(a, low, 'D', 'D', rest);
	automaton_byte(a, rest, 'c', 'f', low_rest);
	automaton_byte(a, rest, 'C', 'F', low_rest);
	two_hex(a, low_rest, to);
}

static void make_character(struct shapes *s, uint32_t from, uint32_t to)
{
	utf8_raw(s->a, from, to, ' ', '"' - 1);
	utf8_raw(s->a, from, to, '"' + 1, '\\' - 1);
	utf8_raw(s->a, from, to, '\\' + 1, UTF8_LAST);
	escapes(s->a, from, to);
}

static void make_string(struct shapes *s, uint32_t from, uint32_t to)
{
	uint32_t inside = automaton_text(s->a, from, S("\""));

	make_character(s, inside, inside);
	automaton_byte(s->a, inside, '"', '"', to);
}

static uint32_t whole(struct automaton *a, uint32_t from)
{
	uint32_t sign = automaton_node(a);
	uint32_t more = automaton_node(a);
	uint32_t end = automaton_node(a);

	automaton_skip(a, from, sign);
	automaton_byte(a, from, '-', '-', sign);
	automaton_byte(a, sign, '0', '0', end);
	automaton_byte(a, sign, '1', '9', more);
	automaton_skip(a, shapes_run(a, more, '0', '9', 0, SHAPES_WHOLE_DIGITS - 1), end);
	return end;
}

static void make_number(struct shapes *s, uint32_t from, uint32_t to)
{
	struct automaton *a = s->a;
	uint32_t at = whole(a, from);
	uint32_t behind = automaton_node(a);
	uint32_t exponent = automaton_node(a);
	uint32_t digits = automaton_node(a);
	uint32_t point = automaton_text(a, at, S("."));

	automaton_skip(a, at, behind);
	automaton_skip(a, shapes_run(a, point, '0', '9', 1, SHAPES_FRACTION_DIGITS), behind);
	automaton_skip(a, behind, to);
	automaton_byte(a, behind, 'e', 'e', exponent);
	automaton_byte(a, behind, 'E', 'E', exponent);
	automaton_skip(a, exponent, digits);
	automaton_byte(a, exponent, '+', '+', digits);
	automaton_byte(a, exponent, '-', '-', digits);
	automaton_skip(a, shapes_run(a, digits, '0', '9', 1, 2), to);
}

/* Open, elements with commas between, close: what closes an empty one must not follow a comma. */
static void make_list(struct automaton *a, struct shapes *s, uint32_t first, uint32_t to,
		      uint32_t element, uint8_t close)
{
	uint32_t inside = shapes_maybe_space(s, first);
	uint32_t behind = automaton_one(a, inside, element);
	uint32_t next = shapes_maybe_space(s, automaton_text(a, behind, S(",")));
	uint32_t last = shapes_maybe_space(s, behind);

	automaton_call(a, next, element, behind);
	automaton_byte(a, inside, close, close, to);
	automaton_byte(a, last, close, close, to);
}

static uint32_t member_rule(struct shapes *s)
{
	uint32_t rule = automaton_rule(s->a);
	uint32_t at = shapes_one(s, rule_start(s->a, rule), SHAPE_STRING);

	at = shapes_colon(s, at);
	automaton_call(s->a, at, shapes_rule(s, SHAPE_VALUE), rule_end(s->a, rule));
	return rule;
}

static void make_value(struct shapes *s, uint32_t from, uint32_t to)
{
	static const enum shape kinds[] = {SHAPE_STRING, SHAPE_NUMBER, SHAPE_BOOLEAN,
					   SHAPE_NULL,   SHAPE_ARRAY,  SHAPE_OBJECT};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		automaton_call(s->a, from, shapes_rule(s, kinds[i]), to);
}

static void make(struct shapes *s, enum shape shape, uint32_t from, uint32_t to)
{
	struct automaton *a = s->a;

	switch (shape) {
	case SHAPE_SPACE:
		make_space(s, from, to);
		break;
	case SHAPE_CHARACTER:
		make_character(s, from, to);
		break;
	case SHAPE_STRING:
		make_string(s, from, to);
		break;
	case SHAPE_INTEGER:
		automaton_skip(a, whole(a, from), to);
		break;
	case SHAPE_NUMBER:
		make_number(s, from, to);
		break;
	case SHAPE_BOOLEAN:
		automaton_skip(a, automaton_text(a, from, S("true")), to);
		automaton_skip(a, automaton_text(a, from, S("false")), to);
		break;
	case SHAPE_NULL:
		automaton_skip(a, automaton_text(a, from, S("null")), to);
		break;
	case SHAPE_ARRAY:
		make_list(a, s, automaton_text(a, from, S("[")), to, shapes_rule(s, SHAPE_VALUE),
			  ']');
		break;
	case SHAPE_OBJECT:
		make_list(a, s, automaton_text(a, from, S("{")), to, member_rule(s), '}');
		break;
	case SHAPE_VALUE:
		make_value(s, from, to);
		break;
	case SHAPE_NOTHING:
	case SHAPES:
		break;
	}
}

uint32_t shapes_rule(struct shapes *s, enum shape shape)
{
	uint32_t rule;

	if (s->rules[shape] != 0)
		return s->rules[shape] - 1;
	rule = automaton_rule(s->a);
	s->rules[shape] = rule + 1; /* before it is made: values hold values */
	make(s, shape, rule_start(s->a, rule), rule_end(s->a, rule));
	return rule;
}
