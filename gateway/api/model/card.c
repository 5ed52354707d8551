/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/model/card.h"

#include <yaml.h>

#define MENTION "extra_gated_"

/* The card being read, event by event. */
struct card {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; the next call replaces it */
	bool has_event;
	size_t count, depth;
};

static void card_clear(struct card *c)
{
	if (c->has_event)
		yaml_event_delete(&c->event);
	yaml_parser_delete(&c->parser);
}

static bool mentions_form(struct slice text)
{
	struct slice wanted = S(MENTION);

	for (size_t i = 0; i + wanted.size <= text.size; i++)
		if (text.data[i] == wanted.data[0] &&
		    memcmp(text.data + i, wanted.data, wanted.size) == 0)
			return true;
	return false;
}

/* A line without its end, in front of *rest. */
static struct slice take_line(struct slice *rest)
{
	struct slice line;

	slice_cut(*rest, '\n', &line, rest);
	return slice_ends_with(line, S("\r")) ? slice_part(line, 0, line.size - 1) : line;
}

/* What stands between the first line "---" and the next; empty without both. */
static struct slice front_matter(struct slice readme)
{
	struct slice rest = slice_starts_with(readme, S("\xef\xbb\xbf"))
				    ? slice_part(readme, 3, readme.size)
				    : readme;
	const uint8_t *begin;

	if (!slice_equal(take_line(&rest), S("---")))
		return S("");
	begin = rest.data;
	while (rest.size) {
		const uint8_t *end = rest.data;

		if (slice_equal(take_line(&rest), S("---")))
			return slice_of(begin, (size_t)(end - begin));
	}
	return S("");
}

/* Lines are those of the file: the front matter begins with its second. */
static enum err refuse(const struct card *c, const char *why)
{
	return failure(ERR_FORMAT, "README.md, line %zu: %s", c->event.start_mark.line + 2, why);
}

/* What would make the text mean more than it shows. */
static enum err check_event(const struct card *c)
{
	const yaml_event_t *e = &c->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (e->type == YAML_ALIAS_EVENT || anchor)
		return refuse(c, "anchors and aliases (& and *) are not taken");
	return tag ? refuse(c, "tags (!) are not taken") : OK;
}

static enum err next(struct card *c)
{
	if (c->has_event)
		yaml_event_delete(&c->event);
	c->has_event = false;
	if (++c->count > CARD_MAX_EVENTS)
		return failure(ERR_LIMIT, "README.md: the front matter has more than %d parts",
			       CARD_MAX_EVENTS);
	if (!yaml_parser_parse(&c->parser, &c->event))
		return failure(ERR_FORMAT, "README.md, line %zu: no YAML: %s",
			       c->parser.problem_mark.line + 2,
			       c->parser.problem ? c->parser.problem : "unreadable");
	c->has_event = true;
	return check_event(c);
}

static bool begins(const struct card *c)
{
	return c->event.type == YAML_MAPPING_START_EVENT ||
	       c->event.type == YAML_SEQUENCE_START_EVENT;
}

static bool ends(const struct card *c)
{
	return c->event.type == YAML_MAPPING_END_EVENT || c->event.type == YAML_SEQUENCE_END_EVENT;
}

static struct slice scalar_of(const struct card *c)
{
	return slice_of(c->event.data.scalar.value, c->event.data.scalar.length);
}

/* Past the value whose first event is the current one. */
static enum err skip(struct card *c)
{
	size_t depth = 0;

	for (;;) {
		depth += begins(c);
		depth -= ends(c);
		if (depth > CARD_MAX_DEPTH)
			return refuse(c, "too deep");
		if (depth == 0)
			return OK;
		TRY(next(c));
	}
}

static enum err text_of(json_t **out, const struct card *c)
{
	struct slice text = scalar_of(c);

	if (slice_find(text, 0) < text.size || !slice_is_utf8(text))
		return refuse(c, "a text has a NUL, or is not UTF-8");
	*out = json_stringn((const char *)text.data, text.size);
	return OK;
}

/* As the core schema of YAML 1.2 has it, but for numbers: they stay the text that they are. */
static enum err value_of_scalar(json_t **out, const struct card *c)
{
	struct slice text = scalar_of(c);
	bool is_plain = c->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (is_plain && slice_equal_ignoring_case(text, S("true")))
		*out = json_true();
	else if (is_plain && slice_equal_ignoring_case(text, S("false")))
		*out = json_false();
	else if (is_plain && (text.size == 0 || slice_equal(text, S("~")) ||
			      slice_equal_ignoring_case(text, S("null"))))
		*out = json_null();
	else
		return text_of(out, c);
	return OK;
}

/* The current event is a key: as a JSON string, since it outlives the event. */
static enum err key_of(json_t **out, const struct card *c)
{
	if (c->event.type != YAML_SCALAR_EVENT)
		return refuse(c, "a key is a text");
	if (c->event.data.scalar.length > FORM_MAX_LABEL)
		return refuse(c, "a key is too long");
	return text_of(out, c);
}

/* The key before a value, if it stands in a mapping: then the value is the current event. */
static enum err take_key(json_t **key, struct card *c, const json_t *into)
{
	if (!json_is_object(into))
		return OK;
	TRY(key_of(key, c));
	if (json_object_get(into, json_string_value(*key)))
		return refuse(c, "a key is there twice");
	return next(c);
}

/* The value whose first event is the current one; recursive, CARD_MAX_DEPTH at most. */
static enum err value_of(json_t **out, struct card *c)
{
	AUTO(json_auto) json_t *value = NULL;

	if (c->event.type == YAML_SCALAR_EVENT)
		return value_of_scalar(out, c);
	if (!begins(c))
		return refuse(c, "a value is missing");
	if (++c->depth > CARD_MAX_DEPTH)
		return refuse(c, "too deep");
	value = c->event.type == YAML_MAPPING_START_EVENT ? json_object_new() : json_array_new();
	for (;;) {
		AUTO(json_auto) json_t *key = NULL;
		json_t *one = NULL;

		TRY(next(c));
		if (ends(c))
			break;
		TRY(take_key(&key, c, value));
		TRY(value_of(&one, c));
		if (key)
			json_put(value, json_string_value(key), one);
		else
			json_push(value, one);
	}
	c->depth--;
	*out = value;
	value = NULL; /* given away */
	return OK;
}

/* One member of the card's mapping, whose key is the current event. */
static enum err take_member(json_t *out, struct card *c)
{
	AUTO(json_auto) json_t *key = NULL;
	json_t *value = NULL;

	TRY(key_of(&key, c));
	TRY(next(c));
	if (!slice_starts_with(slice_of_string(json_string_value(key)), S(MENTION)))
		return skip(c);
	if (json_object_get(out, json_string_value(key)))
		return refuse(c, "a key is there twice");
	TRY(value_of(&value, c));
	json_put(out, json_string_value(key), value);
	return OK;
}

/* One document, a mapping. */
static enum err read_front(json_t *out, struct card *c)
{
	while (!c->has_event || c->event.type == YAML_STREAM_START_EVENT ||
	       c->event.type == YAML_DOCUMENT_START_EVENT)
		TRY(next(c));
	if (c->event.type != YAML_MAPPING_START_EVENT)
		return refuse(c, "the front matter is not a list of \"key: value\"");
	for (;;) {
		TRY(next(c));
		if (ends(c))
			break;
		TRY(take_member(out, c));
	}
	TRY(next(c)); /* the end of the document; then nothing more */
	TRY(next(c));
	return c->event.type == YAML_STREAM_END_EVENT ? OK : refuse(c, "a second document begins");
}

static enum err read_card(json_t *out, struct slice front)
{
	AUTO(card_clear) struct card c = {.has_event = false};

	if (!yaml_parser_initialize(&c.parser))
		return failure(ERR_LIMIT, "README.md: no memory for its front matter");
	yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&c.parser, front.data, front.size);
	return read_front(out, &c);
}

enum err card_read_form(struct form *out, struct arena *arena, struct slice readme)
{
	struct slice front = front_matter(readme);
	AUTO(json_auto) json_t *card = json_object_new();
	enum err result;

	*out = (struct form){.count = 0};
	if (!mentions_form(front))
		return OK;
	if (front.size > CARD_MAX_FRONT)
		return failure(ERR_LIMIT,
			       "README.md: its front matter has %zu bytes, at most %d are taken",
			       front.size, CARD_MAX_FRONT);
	TRY(read_card(card, front));
	result = form_read(out, arena, card);
	if (result != OK)
		return failure(result, "README.md: %s",
			       arena_string(arena, slice_of_string(failure_text())));
	return OK;
}
