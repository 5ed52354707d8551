/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.c - matching with a ceiling. PCRE2 bounds backtracking (match limit), but not how far a
 * plain repeat scans; on a long text a bad expression could read all of it again from each place.
 * So each match sees a window only, and PCRE2 says when it would have looked beyond (hard partial
 * matching): then the window doubles. Windows are paid from one budget per text, linear in its
 * size. What a window says without looking beyond it is what the whole text would have said.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "inference/tokenizer/regex.h"

#include <assert.h>
#include <pcre2.h>
#include <stdlib.h>

enum {
	WINDOW = 64,        /* bytes, at first */
	STEPS_A_BYTE = 256, /* of the budget; real expressions take about 16 */
	LIMIT_A_BYTE = 16,  /* of backtracking within a window */
	HEAP_KIB = 64 << 10,
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_context_free(r->context);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r);
}

enum err regex_new(struct regex **out, struct slice pattern)
{
	AUTO(regex_auto) struct regex *r = NULL;
	AUTO(buf_free) struct buf translated = buf_new(16 * REGEX_MAX_PATTERN);
	pcre2_compile_context *context;
	int error;
	size_t offset;
	uint32_t may_be_empty;

	TRY(regex_translate(&translated, pattern));
	r = calloc(1, sizeof *r);
	context = pcre2_compile_context_create(NULL);
	assert(r && context);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(context, 32);
	r->code = pcre2_compile(translated.data, translated.size,
				PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C,
				&error, &offset, context);
	pcre2_compile_context_free(context);
	if (!r->code)
		return failure(
			ERR_UNSUPPORTED,
			"tokenizer.json: the expression \"%.80s\" (error %d at byte %zu) is not "
			"known to this engine",
			buf_string(&translated), error, offset);
	pcre2_pattern_info(r->code, PCRE2_INFO_MATCHEMPTY, &may_be_empty);
	if (may_be_empty)
		return failure(ERR_UNSUPPORTED,
			       "tokenizer.json: the expression \"%.80s\" may match an empty text: "
			       "that is not known to this engine",
			       buf_string(&translated));
	r->data = pcre2_match_data_create(1, NULL);
	r->context = pcre2_match_context_create(NULL);
	assert(r->data && r->context);
	pcre2_set_heap_limit(r->context, HEAP_KIB);
	*out = r;
	r = NULL; /* given away */
	return OK;
}

struct regex_walk regex_begin(const struct regex *r, struct slice text)
{
	return (struct regex_walk){
		.regex = r, .text = text, .steps = 65536 + STEPS_A_BYTE * (uint64_t)text.size};
}

static enum err too_many(void)
{
	return failure(ERR_LIMIT,
		       "prompt: the tokenizer's regular expression takes too many steps");
}

/* One try with the text as far as `end`. */
static int match_window(struct regex_walk *w, size_t from, size_t end)
{
	const struct regex *r = w->regex;
	uint32_t options = PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT;

	pcre2_set_match_limit(r->context, (uint32_t)(1000 + LIMIT_A_BYTE * (end - from)));
	if (end < w->text.size)
		options |= PCRE2_PARTIAL_HARD;
	return pcre2_match(r->code, w->text.data, end, from, options, r->data, r->context);
}

static size_t window_end(const struct regex_walk *w, size_t from, size_t window)
{
	size_t end = window < w->text.size - from ? from + window : w->text.size;

	while (end < w->text.size && (w->text.data[end] & 0xc0) == 0x80)
		end++;
	return end;
}

/* Nothing begins before `from`: a match, or (not found) nothing in the rest of the text. */
enum err regex_next(struct regex_walk *w)
{
	size_t from = w->at;
	size_t window = WINDOW;

	w->found = false;
	while (from < w->text.size) {
		size_t end = window_end(w, from, window);
		int result;

		if (w->steps < end - from)
			return too_many();
		w->steps -= end - from;
		result = match_window(w, from, end);
		if (result >= 0) {
			const size_t *ends = pcre2_get_ovector_pointer(w->regex->data);

			w->found = true;
			w->start = ends[0];
			w->end = w->at = ends[1];
			return OK;
		}
		if (result == PCRE2_ERROR_PARTIAL) {
			window *= 2;
		} else if (result == PCRE2_ERROR_NOMATCH) {
			from = end; /* and none begins within the window */
			window = WINDOW;
		} else {
			return too_many();
		}
	}
	w->at = w->text.size;
	return OK;
}
