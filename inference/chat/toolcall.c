/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/chat/toolcall.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/chat/toolcall_tagged.h"

const struct toolcall_format TOOLCALL_FORMATS[] = {
	{"hermes", "<tool_call>", "</tool_call>", false, false, "\n", "arguments", false},
	{"mistral", "[TOOL_CALLS]", "", true, false, "[", "arguments", false},
	{"granite", "<|tool_call|>", "", true, false, "[", "arguments", false},
	{"llama", "<|python_tag|>", "", false, true, "", "parameters", false},
	{"tagged", "<tool_call>", "</tool_call>", false, false, "\n", "", true},
	{.name = NULL},
};

enum state { STATE_TEXT, STATE_OPEN, STATE_OBJECT, STATE_AFTER };

struct span {
	size_t start, end; /* in held; end 0: not there yet */
};

/* How far an object is understood: strings and brackets, and two members of the outermost. */
struct scan {
	size_t at; /* the next byte in held */
	unsigned depth;
	bool in_string, escaped, is_value;
	struct span key, name, arguments;
};

struct toolcall_reader {
	const struct toolcall_format *format;
	struct slice begin, end; /* of the format */
	json_t *tools;           /* or NULL */
	enum state state;
	bool has_begun; /* something of the answer was told */
	bool in_list;
	bool is_marked; /* there is no doubt that the object which is open is to be a call */
	unsigned calls;
	struct buf held; /* what is not told yet; while an object is open, from its marker on */
	size_t lead;     /* bytes of held before the marker: blanks */
	size_t opened;   /* bytes of held before the object: marker, blanks, bracket */
	struct scan scan;
	bool is_told;      /* the name of the object that is open */
	size_t told;       /* arguments before this are */
	toolcall_fn *tell; /* for the time of one write */
	void *context;
};

struct toolcall_reader *toolcall_new(const struct toolcall_format *format, bool is_open,
				     json_t *tools)
{
	struct toolcall_reader *r = calloc(1, sizeof *r);

	assert(r);
	r->format = format;
	r->begin = slice_of_string(format->begin);
	r->end = slice_of_string(format->end);
	r->held = buf_new(TOOLCALL_MAX_HELD);
	r->tools = json_incref(tools);
	r->state = is_open ? STATE_OPEN : STATE_TEXT;
	return r;
}

void toolcall_free(struct toolcall_reader *r)
{
	if (!r)
		return;
	buf_free(&r->held);
	json_decref(r->tools);
	free(r);
}

unsigned toolcall_count(const struct toolcall_reader *r)
{
	return r->calls;
}

bool toolcall_is_marker(const struct toolcall_reader *r, struct slice token)
{
	return slice_equal(token, r->begin) || (r->end.size && slice_equal(token, r->end));
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t blanks_from(struct slice text, size_t at)
{
	while (at < text.size && is_blank(text.data[at]))
		at++;
	return at;
}

static void tell_text(struct toolcall_reader *r, size_t size)
{
	struct slice text = slice_part(buf_slice(&r->held), 0, size);

	if (size == 0)
		return;
	r->has_begun = true;
	r->tell(r->context, TOOLCALL_TEXT, 0, text);
	buf_consume(&r->held, size);
}

/* Where `what` is found in a text, or where a beginning of it ends the text; else its size. */
static size_t find_or_begin(struct slice text, struct slice what)
{
	for (size_t at = 0; at < text.size; at++) {
		size_t size = text.size - at < what.size ? text.size - at : what.size;

		if (memcmp(text.data + at, what.data, size) == 0)
			return at;
	}
	return text.size;
}

static void open_object(struct toolcall_reader *r, size_t at, bool is_marked)
{
	r->scan = (struct scan){.at = at};
	r->is_marked = is_marked;
	r->is_told = false;
	r->state = STATE_OBJECT;
}

/* True if there may be more to do with what is held. Blanks before a call are no text. */
static bool step_text(struct toolcall_reader *r)
{
	struct slice text = buf_slice(&r->held);
	size_t at = find_or_begin(text, r->begin), first = blanks_from(text, 0);
	size_t end = at;

	if (r->format->is_bare && !r->has_begun && first < text.size && text.data[first] == '{') {
		r->lead = first;
		open_object(r, first, false);
		return true;
	}
	while (end > 0 && is_blank(text.data[end - 1]))
		end--;
	if (end == 0 && at + r->begin.size > text.size)
		return false; /* nothing but blanks, and maybe a beginning */
	tell_text(r, end);
	if (at + r->begin.size > text.size)
		return false;
	r->state = STATE_OPEN;
	r->lead = at - end;
	r->opened = r->lead + r->begin.size;
	return true;
}

/* It only began like a call: the marker (or the first sign) is text, and the rest is read anew. */
static bool give_up(struct toolcall_reader *r)
{
	struct slice rest = slice_part(buf_slice(&r->held), r->lead, r->held.size);
	size_t size = r->lead + (slice_starts_with(rest, r->begin) ? r->begin.size : 1);

	while (size < r->held.size && (r->held.data[size] & 0xc0) == 0x80)
		size++;
	r->state = STATE_TEXT;
	r->in_list = false;
	tell_text(r, size);
	return r->held.size > 0;
}

/* A call with tags is told when its end has come. */
static bool step_tagged(struct toolcall_reader *r, size_t at)
{
	struct slice text = buf_slice(&r->held), name;
	size_t end = find_or_begin(slice_part(text, at, text.size), r->end) + at;
	size_t same = slice_part(text, at, strlen(TOOLCALL_TAG)).size;
	json_t *arguments;
	char *dump;

	if (memcmp(text.data + at, TOOLCALL_TAG, same) != 0)
		return give_up(r);
	if (end + r->end.size > text.size)
		return false;
	if (!toolcall_read_tagged(&name, &arguments, slice_part(text, at, end - at), r->tools))
		return give_up(r);
	dump = json_dumps(arguments, JSON_COMPACT);
	assert(dump);
	r->tell(r->context, TOOLCALL_NAME, r->calls, name);
	r->tell(r->context, TOOLCALL_ARGUMENTS, r->calls, slice_of_string(dump));
	free(dump);
	json_decref(arguments);
	r->has_begun = true;
	r->calls++;
	buf_consume(&r->held, end);
	r->state = STATE_AFTER;
	return true;
}

static bool step_open(struct toolcall_reader *r)
{
	struct slice text = buf_slice(&r->held);
	size_t at = blanks_from(text, r->opened);

	if (at == text.size)
		return false;
	if (r->format->is_tagged)
		return step_tagged(r, at);
	if (r->format->is_list && !r->in_list && text.data[at] == '[') {
		r->in_list = true;
		r->opened = at + 1;
		return true;
	}
	if (text.data[at] != '{')
		return give_up(r);
	open_object(r, at, true);
	return true;
}

static bool span_is(const struct toolcall_reader *r, struct span s, const char *text)
{
	return slice_equal(slice_part(buf_slice(&r->held), s.start, s.end - s.start),
			   slice_of_string(text));
}

static struct span *member_of(struct toolcall_reader *r)
{
	struct scan *s = &r->scan;

	if (span_is(r, s->key, "\"name\""))
		return &s->name;
	if (span_is(r, s->key, "\"arguments\"") || span_is(r, s->key, "\"parameters\""))
		return &s->arguments;
	return NULL;
}

static void end_value(struct toolcall_reader *r, size_t end)
{
	struct span *member = member_of(r);

	if (member && member->start && !member->end)
		member->end = end;
}

static void begin_value(struct toolcall_reader *r, size_t start)
{
	struct span *member = r->scan.is_value ? member_of(r) : NULL;

	if (member && !member->start)
		member->start = start;
}

/* A byte outside of strings. */
static void scan_sign(struct toolcall_reader *r, uint8_t c, size_t at)
{
	struct scan *s = &r->scan;

	if (c == '{' || c == '[') {
		if (s->depth++ == 1)
			begin_value(r, at);
	} else if (c == '}' || c == ']') {
		s->depth--;
		if (s->depth == 1 && s->is_value)
			end_value(r, at + 1);
	} else if (s->depth == 1 && c == ':') {
		s->is_value = true;
	} else if (s->depth == 1 && c == ',') {
		s->is_value = false;
		s->key = (struct span){0};
	}
}

static void scan_string(struct toolcall_reader *r, uint8_t c, size_t at)
{
	struct scan *s = &r->scan;

	if (!s->in_string) {
		s->in_string = true;
		if (s->depth == 1 && s->is_value)
			begin_value(r, at);
		else if (s->depth == 1)
			s->key = (struct span){at, 0};
	} else if (s->escaped) {
		s->escaped = false;
	} else if (c == '\\') {
		s->escaped = true;
	} else if (c == '"') {
		s->in_string = false;
		if (s->depth == 1 && s->is_value)
			end_value(r, at + 1);
		else if (s->depth == 1)
			s->key.end = at + 1;
	}
}

/* True at the end of the object. */
static bool scan_on(struct toolcall_reader *r)
{
	struct scan *s = &r->scan;

	while (s->at < r->held.size) {
		uint8_t c = r->held.data[s->at];

		if (s->in_string || c == '"')
			scan_string(r, c, s->at);
		else
			scan_sign(r, c, s->at);
		s->at++;
		if (s->depth == 0)
			return true;
	}
	return false;
}

/* A JSON string's text; false if it is none. */
static bool tell_string(struct toolcall_reader *r, enum toolcall_part part, struct span span)
{
	json_t *text = json_loadb((const char *)r->held.data + span.start, span.end - span.start,
				  JSON_DECODE_ANY, NULL);
	bool is_text = json_is_string(text) && json_string_length(text) > 0;

	if (is_text)
		r->tell(r->context, part, r->calls,
			slice_of(json_string_value(text), json_string_length(text)));
	json_decref(text);
	return is_text;
}

/* What has become certain. Arguments that are written as one string are told when it is whole. */
static bool tell_object(struct toolcall_reader *r)
{
	const struct scan *s = &r->scan;
	size_t end = s->arguments.end ? s->arguments.end : s->at;

	if (!s->name.end || !s->arguments.start)
		return true;
	if (!r->is_told) {
		if (!tell_string(r, TOOLCALL_NAME, s->name))
			return false;
		r->is_told = true;
		r->has_begun = true;
		r->told = s->arguments.start;
	}
	if (r->held.data[s->arguments.start] == '"') {
		if (s->arguments.end && r->told < s->arguments.end)
			(void)tell_string(r, TOOLCALL_ARGUMENTS, s->arguments);
		r->told = s->arguments.end;
		return true;
	}
	if (end > r->told)
		r->tell(r->context, TOOLCALL_ARGUMENTS, r->calls,
			slice_part(buf_slice(&r->held), r->told, end - r->told));
	r->told = end;
	return true;
}

/* A call without arguments; behind a marker there is no doubt that it is one. */
static bool tell_without_arguments(struct toolcall_reader *r)
{
	if (!r->is_marked || !r->scan.name.end || r->scan.arguments.start ||
	    !tell_string(r, TOOLCALL_NAME, r->scan.name))
		return false;
	r->tell(r->context, TOOLCALL_ARGUMENTS, r->calls, S("{}"));
	r->has_begun = true;
	return true;
}

static bool step_object(struct toolcall_reader *r)
{
	bool is_whole = scan_on(r);

	if (!tell_object(r))
		return give_up(r);
	if (!is_whole)
		return false;
	if (!r->is_told && !tell_without_arguments(r))
		return give_up(r);
	buf_consume(&r->held, r->scan.at);
	r->calls++;
	r->state = STATE_AFTER;
	return true;
}

static bool step_after(struct toolcall_reader *r)
{
	struct slice text = buf_slice(&r->held), end = r->end;
	size_t at = blanks_from(text, 0), rest = text.size - at;
	bool is_next = r->in_list ? text.data && rest && text.data[at] == ','
				  : r->format->is_bare && rest && text.data[at] == ';';

	if (rest == 0 ||
	    (end.size && rest < end.size && memcmp(text.data + at, end.data, rest) == 0))
		return false;
	if (is_next || (r->format->is_bare && text.data[at] == '{')) {
		buf_consume(&r->held, at + is_next);
		r->lead = 0;
		r->opened = 0;
		r->state = STATE_OPEN;
		return true;
	}
	if (r->in_list && text.data[at] == ']')
		buf_consume(&r->held, at + 1);
	else if (end.size && slice_starts_with(slice_part(text, at, rest), end))
		buf_consume(&r->held, at + end.size);
	r->in_list = false;
	r->state = STATE_TEXT;
	return true;
}

static bool step(struct toolcall_reader *r)
{
	switch (r->state) {
	case STATE_TEXT:
		return step_text(r);
	case STATE_OPEN:
		return step_open(r);
	case STATE_OBJECT:
		return step_object(r);
	case STATE_AFTER:
		return step_after(r);
	}
	return false;
}

void toolcall_write(struct toolcall_reader *r, struct slice text, toolcall_fn *tell, void *context)
{
	r->tell = tell;
	r->context = context;
	buf_write(&r->held, text);
	while (step(r))
		;
	/* The ceiling: no answer of a model that is no attack comes near it. */
	if (r->held.overflow) {
		buf_reset(&r->held);
		r->state = STATE_TEXT;
	}
}

void toolcall_finish(struct toolcall_reader *r, toolcall_fn *tell, void *context)
{
	bool is_told = r->state == STATE_AFTER || (r->state == STATE_OBJECT && r->is_told);

	r->tell = tell;
	r->context = context;
	if (!is_told && (r->calls == 0 || blanks_from(buf_slice(&r->held), 0) < r->held.size))
		tell_text(r, r->held.size);
	buf_reset(&r->held);
}
