/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/visa_conditions.h"

#include "crypto/visa.h"

static enum err misunderstood(const char *what)
{
	return failure(ERR_UNSUPPORTED,
		       "visa: its conditions are not understood here (%s), so it cannot count",
		       what);
}

static enum err read_match(struct visa_match *out, struct arena *a, const json_t *clause,
			   const char *name)
{
	static const struct {
		const char *prefix;
		enum visa_match_kind kind;
	} kinds[] = {
		{"const:", VISA_MATCH_CONST},
		{"pattern:", VISA_MATCH_PATTERN},
		{"split_pattern:", VISA_MATCH_SPLIT},
	};
	struct slice text;

	*out = (struct visa_match){VISA_MATCH_ANY, S("")};
	if (!json_object_get(clause, name))
		return OK;
	if (json_get_text(&text, clause, name) != OK || text.size > VISA_MATCH_MAX)
		return misunderstood("a match that is no text, or too long");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct slice prefix = slice_of_string(kinds[i].prefix);

		if (!slice_starts_with(text, prefix))
			continue;
		out->kind = kinds[i].kind;
		out->text = arena_copy(a, slice_part(text, prefix.size, text.size));
		return OK;
	}
	return misunderstood("a match is const:, pattern: or split_pattern:");
}

static enum err read_clause(struct visa_clause *out, struct arena *a, const json_t *clause)
{
	static const char *const names[] = {"type", "value", "source", "by", NULL};
	struct slice type;

	if (!json_is_object(clause) || json_only(clause, names) != OK)
		return misunderstood("a clause has type, value, source and by, nothing else");
	if (json_get_text(&type, clause, "type") != OK || type.size == 0 ||
	    type.size > VISA_MATCH_MAX)
		return misunderstood("a clause without a type");
	out->type = arena_copy(a, type);
	TRY(read_match(&out->value, a, clause, "value"));
	TRY(read_match(&out->source, a, clause, "source"));
	TRY(read_match(&out->by, a, clause, "by"));
	if (out->value.kind == VISA_MATCH_ANY && out->source.kind == VISA_MATCH_ANY &&
	    out->by.kind == VISA_MATCH_ANY)
		return misunderstood("a clause that matches nothing of a visa");
	return OK;
}

static enum err read_alternative(struct visa_alternative *out, struct arena *a, const json_t *list)
{
	size_t count = json_array_size(list);
	struct visa_clause *clauses;

	if (!json_is_array(list) || count == 0 || count > VISA_CLAUSES_MAX)
		return misunderstood("an alternative is a list of 1 to 16 clauses");
	clauses = arena_alloc(a, count * sizeof *clauses);
	for (size_t i = 0; i < count; i++)
		TRY(read_clause(&clauses[i], a, json_array_get(list, i)));
	*out = (struct visa_alternative){clauses, count};
	return OK;
}

enum err visa_conditions_read(struct visa_conditions *out, struct arena *a, const json_t *value)
{
	size_t count = json_array_size(value);
	struct visa_alternative *alternatives;

	*out = (struct visa_conditions){NULL, 0};
	if (!value || json_is_null(value))
		return OK;
	if (!json_is_array(value) || count > VISA_ALTERNATIVES_MAX)
		return misunderstood("they are a list of at most 16 alternatives");
	if (count == 0)
		return OK;
	alternatives = arena_alloc(a, count * sizeof *alternatives);
	for (size_t i = 0; i < count; i++)
		TRY(read_alternative(&alternatives[i], a, json_array_get(value, i)));
	*out = (struct visa_conditions){alternatives, count};
	return OK;
}

/* The last * takes one byte more each time what follows it does not fit: at most text times
 * pattern steps, both short. A ? is a character, not a byte of one. */
static bool is_like(struct slice pattern, struct slice text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, kept = 0;

	while (t < text.size) {
		if (p < pattern.size && pattern.data[p] == '*') {
			star = p++;
			kept = t;
		} else if (p < pattern.size && pattern.data[p] == '?') {
			p++;
			t++;
			while (t < text.size && (text.data[t] & 0xc0) == 0x80)
				t++;
		} else if (p < pattern.size && pattern.data[p] == text.data[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++kept;
		} else {
			return false;
		}
	}
	while (p < pattern.size && pattern.data[p] == '*')
		p++;
	return p == pattern.size;
}

static bool has_part_like(struct slice pattern, struct slice text)
{
	struct slice part;
	bool more = true;

	while (more) {
		more = slice_cut(text, ';', &part, &text);
		if (is_like(pattern, part))
			return true;
	}
	return false;
}

bool visa_match_holds(const struct visa_match *match, struct slice text)
{
	switch (match->kind) {
	case VISA_MATCH_ANY:
		return true;
	case VISA_MATCH_CONST:
		return slice_equal(match->text, text);
	case VISA_MATCH_PATTERN:
		return is_like(match->text, text);
	case VISA_MATCH_SPLIT:
		return has_part_like(match->text, text);
	}
	return false;
}

static bool clause_holds(const struct visa_clause *c, const struct visa *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (others[i].conditions.count == 0 && slice_equal(c->type, others[i].type) &&
		    visa_match_holds(&c->value, others[i].value) &&
		    visa_match_holds(&c->source, others[i].source) &&
		    visa_match_holds(&c->by, others[i].by))
			return true;
	return false;
}

static bool alternative_holds(const struct visa_alternative *alternative, const struct visa *others,
			      size_t count)
{
	for (size_t i = 0; i < alternative->count; i++)
		if (!clause_holds(&alternative->clauses[i], others, count))
			return false;
	return true;
}

bool visa_conditions_hold(const struct visa_conditions *conditions, const struct visa *others,
			  size_t count)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (alternative_holds(&conditions->alternatives[i], others, count))
			return true;
	return conditions->count == 0;
}
