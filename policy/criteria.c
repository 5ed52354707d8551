/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/criteria.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/criteria_read.h"

enum { CRITERIA_VERSION = 1 };

static const char *const effect_names[] = {[EFFECT_APPROVE] = "approve",
					   [EFFECT_REFER] = "refer",
					   [EFFECT_DENY] = "deny",
					   [EFFECT_EXTERNAL] = "external"};

const char *effect_name(enum effect effect)
{
	return effect_names[effect];
}

bool effect_parse(enum effect *out, struct slice text)
{
	for (size_t i = 0; i < sizeof effect_names / sizeof effect_names[0]; i++) {
		if (slice_equal(text, slice_of_string(effect_names[i]))) {
			*out = (enum effect)i;
			return true;
		}
	}
	return false;
}

/* --- faults ------------------------------------------------------------------------------- */

static bool is_before(struct json_place a, struct json_place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* They are kept in the order of the text: an author reads from above. */
static void add_fault(struct criteria_faults *faults, const struct criteria_fault *fault)
{
	size_t at = faults->count;

	if (faults->count == CRITERIA_MAX_FAULTS) {
		faults->left_off++;
		return;
	}
	for (; at > 0 && is_before(fault->place, faults->list[at - 1].place); at--)
		faults->list[at] = faults->list[at - 1];
	faults->list[at] = *fault;
	faults->count++;
}

void criteria_fault(struct criteria_reading *r, const struct json_step *at, const char *format, ...)
{
	struct criteria_fault fault = {.place = json_place_find(r->text, at)};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(fault.text, sizeof fault.text, format, arguments);
	va_end(arguments);
	add_fault(r->faults, &fault);
}

/* --- members ------------------------------------------------------------------------------ */

void criteria_only(struct criteria_reading *r, const struct json_step *at, const json_t *object,
		   const char *const names[])
{
	const char *name;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		struct json_step step = {.up = at, .name = name};
		size_t i = 0;

		while (names[i] && strcmp(names[i], name) != 0)
			i++;
		if (!names[i])
			criteria_fault(r, &step, "\"%.80s\" is not known here", name);
	}
}

struct slice criteria_text(struct criteria_reading *r, const struct json_step *at,
			   const json_t *value, size_t max)
{
	struct slice text = S("");

	if (json_is_string(value))
		text = slice_of(json_string_value(value), json_string_length(value));
	if (slice_trim(text).size && text.size <= max)
		return arena_copy(r->arena, text);
	criteria_fault(r, at, "a text of 1 to %zu bytes is expected", max);
	return S("");
}

static struct slice member_text(struct criteria_reading *r, const struct json_step *at,
				const json_t *object, const char *name, size_t max)
{
	struct json_step step = {.up = at, .name = name};
	const json_t *value = json_object_get(object, name);

	if (value)
		return criteria_text(r, &step, value, max);
	criteria_fault(r, at, "\"%s\" is missing", name);
	return S("");
}

static bool id_is_plain(struct slice id)
{
	for (size_t i = 0; i < id.size; i++) {
		uint8_t c = id.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' &&
		    c != '.')
			return false;
	}
	return true;
}

/* --- rules -------------------------------------------------------------------------------- */

static void read_effect(struct criteria_rule *rule, struct criteria_reading *r,
			const struct json_step *at, const json_t *value)
{
	struct json_step step = {.up = at, .name = "effect"};
	struct slice name = member_text(r, at, value, "effect", CRITERIA_MAX_NAME);

	if (name.size && !effect_parse(&rule->effect, name))
		criteria_fault(r, &step,
			       "unknown effect \"%.*s\": it is approve, refer, deny or external",
			       SLICE_PRINT(slice_part(name, 0, 40)));
}

static void read_failure_effect(struct criteria_rule *rule, struct criteria_reading *r,
				const struct json_step *at, const json_t *object)
{
	struct json_step step = {.up = at, .name = "on_failure"};
	const json_t *value = json_object_get(object, "on_failure");
	struct slice name = S("refer");

	if (value)
		name = criteria_text(r, &step, value, CRITERIA_MAX_NAME);
	if (!effect_parse(&rule->on_failure, name) ||
	    (rule->on_failure != EFFECT_REFER && rule->on_failure != EFFECT_DENY))
		criteria_fault(r, &step,
			       "it is refer or deny: who is not answered does not approve");
}

static void read_timeout(struct criteria_rule *rule, struct criteria_reading *r,
			 const struct json_step *at, const json_t *object)
{
	struct json_step step = {.up = at, .name = "timeout_seconds"};
	const json_t *value = json_object_get(object, "timeout_seconds");

	rule->timeout_seconds = 3;
	if (!value)
		return;
	rule->timeout_seconds = json_is_integer(value) ? json_integer_value(value) : 0;
	if (rule->timeout_seconds < 1 || rule->timeout_seconds > CRITERIA_MAX_EXTERNAL_SECONDS)
		criteria_fault(r, &step, "a number from 1 to %d is expected",
			       CRITERIA_MAX_EXTERNAL_SECONDS);
}

static void read_external(struct criteria_rule *rule, struct criteria_reading *r,
			  const struct json_step *at, const json_t *value)
{
	static const char *const members[] = {"url", "on_failure", "timeout_seconds", NULL};
	struct json_step step = {.up = at, .name = "external"};
	struct json_step url = {.up = &step, .name = "url"};
	const json_t *object = json_object_get(value, "external");

	if (rule->effect != EFFECT_EXTERNAL) {
		if (object)
			criteria_fault(r, &step, "only a rule of effect external asks somebody");
		return;
	}
	if (!json_is_object(object)) {
		criteria_fault(r, object ? &step : at,
			       "\"external\" must be an object that names the \"url\" to ask");
		return;
	}
	criteria_only(r, &step, object, members);
	rule->url = member_text(r, &step, object, "url", CRITERIA_MAX_NAME);
	if (rule->url.size && !slice_starts_with(rule->url, S("https://")))
		criteria_fault(r, &url, "the address must begin with https://");
	read_failure_effect(rule, r, &step, object);
	read_timeout(rule, r, &step, object);
}

static void read_when(struct criteria_rule *rule, struct criteria_reading *r,
		      const struct json_step *at, const json_t *value)
{
	struct json_step step = {.up = at, .name = "when"};
	const json_t *when = json_object_get(value, "when");

	if (when)
		criteria_read_condition(&rule->when, r, &step, when, 1);
	else
		criteria_fault(r, at, "\"when\" is missing: the rule's condition");
}

static void read_id(struct criteria_rule *rule, struct criteria_reading *r,
		    const struct json_step *at, const json_t *value)
{
	struct json_step step = {.up = at, .name = "id"};

	rule->id = member_text(r, at, value, "id", CRITERIA_MAX_ID);
	if (!id_is_plain(rule->id))
		criteria_fault(r, &step, "an id is made of a-z, 0-9, \"-\", \"_\" and \".\"");
}

static void read_rule(struct criteria_rule *rule, struct criteria_reading *r,
		      const struct json_step *at, const json_t *value)
{
	static const char *const members[] = {"id", "effect", "when", "text", "external", NULL};

	if (!json_is_object(value)) {
		criteria_fault(r, at, "a rule is an object");
		return;
	}
	criteria_only(r, at, value, members);
	read_id(rule, r, at, value);
	read_effect(rule, r, at, value);
	rule->text = member_text(r, at, value, "text", CRITERIA_MAX_WORDS);
	read_external(rule, r, at, value);
	read_when(rule, r, at, value);
}

/* Twice the same id, and more external rules than may be asked. */
static void check_rules(struct criteria *c, struct criteria_reading *r, const struct json_step *at)
{
	size_t external = 0;

	for (size_t i = 0; i < c->rule_count; i++) {
		struct json_step element = {.up = at, .index = i};
		struct json_step id = {.up = &element, .name = "id"};
		size_t k = 0;

		while (k < i && !slice_equal(c->rules[k].id, c->rules[i].id))
			k++;
		if (k < i && c->rules[i].id.size)
			criteria_fault(r, &id, "duplicate id \"%.*s\": rule %zu has it, too",
				       SLICE_PRINT(c->rules[i].id), k + 1);
		external += c->rules[i].effect == EFFECT_EXTERNAL;
		if (c->rules[i].effect == EFFECT_EXTERNAL && external == CRITERIA_MAX_EXTERNAL + 1)
			criteria_fault(r, &element, "at most %d rules may be external",
				       CRITERIA_MAX_EXTERNAL);
	}
}

static void read_rules(struct criteria *c, struct criteria_reading *r, const json_t *root)
{
	struct json_step step = {.name = "rules"};
	const json_t *rules = json_object_get(root, "rules");
	size_t count = json_array_size(rules);

	if (!count || count > CRITERIA_MAX_RULES) {
		criteria_fault(r, rules ? &step : NULL, "\"rules\" must be a list of 1 to %d rules",
			       CRITERIA_MAX_RULES);
		return;
	}
	c->rules = arena_alloc(r->arena, count * sizeof *c->rules);
	c->rule_count = count;
	for (size_t i = 0; i < count; i++) {
		struct json_step element = {.up = &step, .index = i};

		read_rule(&c->rules[i], r, &element, json_array_get(rules, i));
	}
	check_rules(c, r, &step);
}

/* --- the document ------------------------------------------------------------------------- */

static void read_fallback(struct criteria *c, struct criteria_reading *r, const json_t *root)
{
	struct json_step step = {.name = "default"};
	const json_t *value = json_object_get(root, "default");
	struct slice name = S("refer");

	if (value)
		name = criteria_text(r, &step, value, CRITERIA_MAX_NAME);
	if (!effect_parse(&c->fallback, name) ||
	    (c->fallback != EFFECT_REFER && c->fallback != EFFECT_DENY))
		criteria_fault(
			r, &step,
			"the default is refer or deny: approving needs a rule that says why");
}

static void read_root(struct criteria *c, struct criteria_reading *r, const json_t *root)
{
	static const char *const members[] = {"v", "name", "decides", "rules", "default", NULL};
	struct json_step version = {.name = "v"}, decides = {.name = "decides"};
	const json_t *value = json_object_get(root, "v");

	if (!json_is_object(root)) {
		criteria_fault(r, NULL, "criteria are an object");
		return;
	}
	criteria_only(r, NULL, root, members);
	if (!json_is_integer(value) || json_integer_value(value) != CRITERIA_VERSION)
		criteria_fault(r, value ? &version : NULL, "\"v\" must be %d", CRITERIA_VERSION);
	c->name = member_text(r, NULL, root, "name", CRITERIA_MAX_NAME);
	value = json_object_get(root, "decides");
	if (value && !json_is_boolean(value))
		criteria_fault(r, &decides, "true or false is expected");
	c->decides = json_is_true(value);
	read_fallback(c, r, root);
	read_rules(c, r, root);
}

static enum err refuse(const struct criteria_faults *faults)
{
	const struct criteria_fault *first = &faults->list[0];

	return failure(ERR_FORMAT, "criteria: line %u, column %u: %s", first->place.line,
		       first->place.column, first->text);
}

static enum err keep_document(struct criteria *c, struct arena *arena, const json_t *root)
{
	/* An escape of two signs may be written as one of six. */
	AUTO(buf_free) struct buf text = buf_new(4 * CRITERIA_MAX_TEXT);

	TRY(json_write_canonical(&text, root));
	TRY(buf_done(&text));
	c->document = arena_copy(arena, buf_slice(&text));
	c->sha256 = digest_of(c->document);
	return OK;
}

typedef void lint_fn(struct criteria *criteria, struct criteria_reading *r);

static enum err read_whole(struct criteria *out, struct arena *arena, struct slice text,
			   size_t most, struct criteria_faults *faults, lint_fn *lint)
{
	struct criteria_reading r = {.text = text, .arena = arena, .faults = faults};
	AUTO(json_auto) json_t *root = NULL;
	struct criteria_fault fault = {.place = {1, 1}};
	enum err result;

	*out = (struct criteria){0};
	*faults = (struct criteria_faults){.count = 0};
	result = json_read_at(&root, text, most, &fault.place);
	if (result != OK) {
		(void)snprintf(fault.text, sizeof fault.text, "%s", failure_text());
		add_fault(faults, &fault);
		return result;
	}
	read_root(out, &r, root);
	out->condition_count = r.conditions;
	if (!faults->count && lint)
		lint(out, &r);
	if (faults->count)
		return refuse(faults);
	return keep_document(out, arena, root);
}

enum err criteria_parse(struct criteria *out, struct arena *arena, struct slice text,
			struct criteria_faults *faults)
{
	return read_whole(out, arena, text, CRITERIA_MAX_TEXT, faults, criteria_lint);
}

enum err criteria_load(struct criteria *out, struct arena *arena, struct slice document)
{
	struct criteria_faults *faults = arena_alloc(arena, sizeof *faults);

	/* An escape of two signs may have become one of six. */
	return read_whole(out, arena, document, (size_t)4 * CRITERIA_MAX_TEXT, faults, NULL);
}
