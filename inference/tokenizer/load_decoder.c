/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_decoder.c - the "decoder" of a tokenizer.json, if it can be done token by token: Replace as
 * often as wanted; one of ByteFallback, ByteLevel, WordPiece and Metaspace; Fuse; Strip of the
 * beginning. Other orders are refused.
 */
#include "inference/tokenizer/load.h"

static enum err load_replace(struct tokenizer *t, const json_t *component)
{
	struct normal_step *step = &t->decode_steps[t->decode_count++];

	step->kind = NORMAL_REPLACE;
	TRY(load_pattern(t, &step->from, &step->regex, component));
	if (step->regex)
		step->kind = NORMAL_REPLACE_REGEX;
	return load_text(t, &step->to, json_object_get(component, "content"), "content");
}

static enum err load_strip(struct tokenizer *t, const json_t *component)
{
	uint64_t start;
	uint64_t stop;

	TRY(json_read_integer(&start, json_object_get(component, "start"), 16, LOAD_FILE, "start"));
	TRY(json_read_integer(&stop, json_object_get(component, "stop"), 16, LOAD_FILE, "stop"));
	if (stop != 0) /* the end of a text that is still being written */
		return load_not_known("the decoder", component);
	TRY(load_text(t, &t->strip, json_object_get(component, "content"), "content"));
	t->strip_count = t->strip.size > 0 ? (size_t)start : 0;
	return OK;
}

static enum err load_metaspace(struct tokenizer *t, const json_t *component)
{
	const json_t *scheme = json_object_get(component, "prepend_scheme");
	const char *name = json_string_value(scheme);

	t->decoder = DECODER_METASPACE;
	TRY(load_text(t, &t->marker, json_object_get(component, "replacement"), "replacement"));
	TRY(load_flag(&t->drops_first, component, "add_prefix_space", true));
	if (!load_is_absent(scheme))
		t->drops_first = !name || strcmp(name, "never") != 0;
	return OK;
}

/* The one that says what a token is. */
static enum err load_core(struct tokenizer *t, const json_t *component, bool *is_known)
{
	*is_known = true;
	if (load_is_type(component, "ByteFallback")) {
		t->decodes_bytes = true;
		return OK;
	}
	if (load_is_type(component, "ByteLevel")) {
		t->decoder = DECODER_BYTES;
		return OK;
	}
	if (load_is_type(component, "Metaspace"))
		return load_metaspace(t, component);
	if (load_is_type(component, "WordPiece")) {
		t->decoder = DECODER_WORDPIECE;
		TRY(load_flag(&t->cleans, component, "cleanup", true));
		return load_text(t, &t->marker, json_object_get(component, "prefix"), "prefix");
	}
	*is_known = false;
	return OK;
}

enum err load_decoder(struct tokenizer *t, const json_t *component)
{
	const json_t *steps[TOKENIZER_MAX_STEPS];
	bool is_known = false;
	size_t count;
	size_t i = 0;

	TRY(load_list(steps, &count, component, "decoders"));
	t->decoder = load_is_absent(component) ? DECODER_JOIN : DECODER_PLAIN;
	for (; i < count && load_is_type(steps[i], "Replace"); i++)
		TRY(load_replace(t, steps[i]));
	if (i < count)
		TRY(load_core(t, steps[i], &is_known));
	i += is_known;
	if (i < count && load_is_type(steps[i], "Fuse")) {
		i++;
		if (i < count && load_is_type(steps[i], "Strip"))
			TRY(load_strip(t, steps[i++]));
	}
	return i == count ? OK : load_not_known_type("the decoder", steps[i]);
}
