/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONS = SHAPES_WHOLE_DIGITS + SHAPES_FRACTION_DIGITS + 1 };

/* Digits and exponent of "-1.5e+07" and its like: the shortest text that reads as the number. */
static void write_shortest(char *out, size_t size, double value)
{
	for (int precision = 0; precision < 17; precision++) {
		(void)snprintf(out, size, "%.*e", precision, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

static void write_number(char *out, size_t size, const json_t *number)
{
	if (json_is_integer(number))
		(void)snprintf(out, size, "%lld", (long long)json_integer_value(number));
	else
		write_shortest(out, size, json_real_value(number));
}

enum err decimal_read(struct decimal *out, const json_t *number)
{
	char text[64] = "";
	uint8_t digits[32];
	const char *p = text;
	long count = 0, point = -1, first = 0;

	write_number(text, sizeof text, number);
	*out = (struct decimal){.negative = *p == '-'};
	for (p += out->negative; *p && *p != 'e'; p++)
		if (*p == '.')
			point = count;
		else
			digits[count++] = (uint8_t)(*p - '0');
	point = (point < 0 ? count : point) + (*p == 'e' ? strtol(p + 1, NULL, 10) : 0);
	while (count > 0 && digits[count - 1] == 0)
		count--;
	while (first < count && digits[first] == 0)
		first++;
	if (first == count) { /* zero, of either sign */
		*out = (struct decimal){.whole_count = 1};
		return OK;
	}
	if (point - first > SHAPES_WHOLE_DIGITS || count - point > SHAPES_FRACTION_DIGITS)
		return failure(ERR_UNSUPPORTED,
			       "a number with more than %d digits before the point or %d behind it",
			       SHAPES_WHOLE_DIGITS, SHAPES_FRACTION_DIGITS);
	for (long i = first < point ? first : point; i < point; i++)
		out->whole[out->whole_count++] = i < count ? digits[i] : 0;
	if (out->whole_count == 0)
		out->whole_count = 1;
	for (long i = point; i < count; i++)
		out->fraction[out->fraction_count++] = i >= first ? digits[i] : 0;
	return OK;
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
	if (a->whole_count != b->whole_count)
		return a->whole_count < b->whole_count ? -1 : 1;
	for (size_t i = 0; i < a->whole_count; i++)
		if (a->whole[i] != b->whole[i])
			return a->whole[i] < b->whole[i] ? -1 : 1;
	for (size_t i = 0; i < SHAPES_FRACTION_DIGITS; i++)
		if (a->fraction[i] != b->fraction[i])
			return a->fraction[i] < b->fraction[i] ? -1 : 1;
	return 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

/* Numbers without a sign. Those that a bound still touches go digit by digit; all others are free,
 * and share their nodes. */
struct digits {
	struct automaton *a;
	const struct number_range *range; /* of magnitudes: not below 0; it has a low end */
	uint32_t end;
	uint32_t more;                           /* any digits behind the point; 0: not made */
	uint32_t whole[SHAPES_WHOLE_DIGITS + 1]; /* so many digits, and a fraction; 0: not made */
	size_t whole_count;                      /* digits before the point, of those made now */
	uint32_t nodes[POSITIONS][2][2];         /* by position and the bounds that it touches */
};

/* The digit of a bound at a position behind or before the point. */
static uint8_t digit_at(const struct digits *d, const struct decimal *bound, size_t position)
{
	if (position < d->whole_count)
		return bound->whole[position];
	position -= d->whole_count;
	return position < bound->fraction_count ? bound->fraction[position] : 0;
}

/* Is there nothing but zeros from here on? Then what touches the bound is the bound. */
static bool is_zero_from(const struct digits *d, const struct decimal *bound, size_t position)
{
	for (; position < d->whole_count + SHAPES_FRACTION_DIGITS; position++)
		if (digit_at(d, bound, position) != 0)
			return false;
	return true;
}

static bool may_stop(const struct digits *d, size_t position, bool at_low, bool at_high)
{
	const struct number_range *r = d->range;

	if (at_low && (!is_zero_from(d, &r->low, position) || r->low_is_open))
		return false;
	return !(at_high && r->high_is_open && is_zero_from(d, &r->high, position));
}

/* Digits behind the point, no matter which. */
static uint32_t more_node(struct digits *d)
{
	if (d->more == 0) {
		d->more = automaton_node(d->a);
		automaton_skip(d->a, shapes_run(d->a, d->more, '0', '9', 0, SHAPES_FRACTION_DIGITS),
			       d->end);
	}
	return d->more;
}

/* `count` digits before the point, no matter which, and what may follow them. */
static uint32_t whole_node(struct digits *d, size_t count)
{
	uint32_t at, point;

	if (d->whole[count] != 0)
		return d->whole[count];
	at = automaton_node(d->a);
	d->whole[count] = at;
	if (count > 0) {
		automaton_byte(d->a, at, '0', '9', whole_node(d, count - 1));
		return at;
	}
	automaton_skip(d->a, at, d->end);
	if (!d->range->whole_only) {
		point = automaton_text(d->a, at, S("."));
		automaton_byte(d->a, point, '0', '9', more_node(d));
	}
	return at;
}

static uint32_t free_node(struct digits *d, size_t position)
{
	return position <= d->whole_count ? whole_node(d, d->whole_count - position) : more_node(d);
}

/* The node at a position where a bound is touched, with all that may follow it. */
static uint32_t digit_node(struct digits *d, size_t position, bool at_low, bool at_high)
{
	uint32_t *made = &d->nodes[position][at_low][at_high];
	uint8_t least = at_low ? digit_at(d, &d->range->low, position) : 0;
	uint8_t most = at_high ? digit_at(d, &d->range->high, position) : 9;
	uint32_t at;

	if (!at_low && !at_high)
		return free_node(d, position);
	if (*made != 0)
		return *made;
	at = automaton_node(d->a);
	*made = at;
	if (position >= d->whole_count && may_stop(d, position, at_low, at_high))
		automaton_skip(d->a, at, d->end);
	if (position == d->whole_count + SHAPES_FRACTION_DIGITS ||
	    (position == d->whole_count && d->range->whole_only))
		return at;
	if (position == d->whole_count)
		at = automaton_text(d->a, at, S("."));
	if (position == 0 && d->whole_count > 1 && least == 0)
		least = 1;
	for (uint8_t digit = least; digit <= most; digit++) {
		bool still_low = at_low && digit == digit_at(d, &d->range->low, position);
		bool still_high = at_high && digit == most;
		uint8_t last = digit;

		if (!still_low && !still_high)
			last = at_high ? most - 1 : most; /* all these are free */
		automaton_byte(d->a, at, '0' + digit, '0' + last,
			       digit_node(d, position + 1, still_low, still_high));
		digit = last;
	}
	return *made;
}

/* With one digit, or from `first` to `last`, that begin with no zero. */
static void add_free(struct digits *d, uint32_t from, size_t first, size_t last)
{
	for (size_t n = first; n <= last; n++)
		automaton_byte(d->a, from, n == 1 ? '0' : '1', '9', whole_node(d, n - 1));
}

static void add_magnitudes(struct automaton *a, uint32_t from, uint32_t to,
			   const struct number_range *range)
{
	struct digits d = {.a = a, .range = range, .end = to};
	size_t least = range->low.whole_count;
	size_t most = range->has_high ? range->high.whole_count : SHAPES_WHOLE_DIGITS + 1;

	if (most < least)
		return;
	d.whole_count = least;
	automaton_skip(a, from, digit_node(&d, 0, true, least == most));
	add_free(&d, from, least + 1, most - 1);
	if (least == most || !range->has_high)
		return;
	memset(d.nodes, 0, sizeof d.nodes);
	d.whole_count = most;
	automaton_skip(a, from, digit_node(&d, 0, false, true));
}

uint32_t number_append(struct automaton *a, uint32_t from, const struct number_range *range)
{
	static const struct decimal zero = {.whole_count = 1};
	struct number_range positive = *range, negative = *range;
	uint32_t to = automaton_node(a);

	if (!range->has_low || range->low.negative) {
		positive.low = zero;
		positive.low_is_open = false;
		/* Turned around; -0 is 0 and written so. */
		negative.has_high = range->has_low;
		negative.high = range->low;
		negative.high_is_open = range->low_is_open;
		negative.low = range->has_high && range->high.negative ? range->high : zero;
		negative.low_is_open = range->has_high && range->high.negative ? range->high_is_open
									       : true;
		add_magnitudes(a, automaton_text(a, from, S("-")), to, &negative);
	}
	if (!range->has_high || !range->high.negative)
		add_magnitudes(a, from, to, &positive);
	return to;
}
