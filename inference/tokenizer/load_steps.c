/* SPDX-License-Identifier: Apache-2.0 */
/* load_steps.c - "normalizer" and "pre_tokenizer" of a tokenizer.json, as primitive steps. */
#include "inference/tokenizer/load.h"

/* The expression that GPT-2 was made with, and ByteLevel since. */
#define BYTE_LEVEL_WORDS \
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

static enum err too_many(void)
{
	return failure(ERR_LIMIT, LOAD_FILE ": more than %d steps", TOKENIZER_MAX_STEPS);
}

static enum err add_normal(struct tokenizer *t, struct normal_step **out, enum normal_kind kind)
{
	if (t->normal_count == TOKENIZER_MAX_STEPS)
		return too_many();
	*out = &t->normal_steps[t->normal_count++];
	(*out)->kind = kind;
	return OK;
}

static enum err load_bert(struct tokenizer *t, const json_t *component)
{
	struct normal_step *step = NULL;
	bool cleans, parts, lowers, strips;

	TRY(load_flag(&cleans, component, "clean_text", true));
	TRY(load_flag(&parts, component, "handle_chinese_chars", true));
	TRY(load_flag(&lowers, component, "lowercase", true));
	TRY(load_flag(&strips, component, "strip_accents", lowers));
	if (cleans)
		TRY(add_normal(t, &step, NORMAL_BERT_CLEAN));
	if (parts)
		TRY(add_normal(t, &step, NORMAL_BERT_HAN));
	if (strips) {
		TRY(add_normal(t, &step, NORMAL_FORM));
		step->form = UNICODE_NFD;
		TRY(add_normal(t, &step, NORMAL_BERT_ACCENTS));
	}
	return lowers ? add_normal(t, &step, NORMAL_LOWERCASE) : OK;
}

static enum err load_replace(struct tokenizer *t, const json_t *component)
{
	struct normal_step *step = NULL;

	TRY(add_normal(t, &step, NORMAL_REPLACE));
	TRY(load_pattern(t, &step->from, &step->regex, component));
	if (step->regex)
		step->kind = NORMAL_REPLACE_REGEX;
	return load_text(t, &step->to, json_object_get(component, "content"), "content");
}

static enum err load_strip(struct tokenizer *t, const json_t *component)
{
	struct normal_step *step = NULL;

	TRY(add_normal(t, &step, NORMAL_STRIP));
	TRY(load_flag(&step->strips_left, component, "strip_left", false));
	return load_flag(&step->strips_right, component, "strip_right", false);
}

static enum err load_charsmap(struct tokenizer *t, const json_t *component)
{
	const json_t *value = json_object_get(component, "precompiled_charsmap");
	struct normal_step *step = NULL;

	if (!json_is_string(value))
		return load_not_known("precompiled_charsmap", value ? value : component);
	TRY(add_normal(t, &step, NORMAL_CHARSMAP));
	return charsmap_new(&step->charsmap,
			    slice_of(json_string_value(value), json_string_length(value)));
}

static enum err load_normal(struct tokenizer *t, const json_t *component)
{
	static const char *const forms[] = {"NFC", "NFD", "NFKC", "NFKD"};
	struct normal_step *step = NULL;

	for (unsigned i = 0; i < 4; i++) {
		if (!load_is_type(component, forms[i]))
			continue;
		TRY(add_normal(t, &step, NORMAL_FORM));
		step->form = (enum unicode_form)i;
		return OK;
	}
	if (load_is_type(component, "Lowercase"))
		return add_normal(t, &step, NORMAL_LOWERCASE);
	if (load_is_type(component, "StripAccents"))
		return add_normal(t, &step, NORMAL_STRIP_ACCENTS);
	if (load_is_type(component, "Prepend")) {
		TRY(add_normal(t, &step, NORMAL_PREPEND));
		return load_text(t, &step->to, json_object_get(component, "prepend"), "prepend");
	}
	if (load_is_type(component, "Replace"))
		return load_replace(t, component);
	if (load_is_type(component, "Strip"))
		return load_strip(t, component);
	if (load_is_type(component, "BertNormalizer"))
		return load_bert(t, component);
	if (load_is_type(component, "Precompiled"))
		return load_charsmap(t, component);
	return load_not_known_type("the normalizer", component);
}

enum err load_normalizer(struct tokenizer *t, const json_t *component)
{
	const json_t *steps[TOKENIZER_MAX_STEPS];
	size_t count;

	TRY(load_list(steps, &count, component, "normalizers"));
	for (size_t i = 0; i < count; i++)
		TRY(load_normal(t, steps[i]));
	return OK;
}

static enum err add_pre(struct tokenizer *t, struct pre_step **out, enum pre_kind kind)
{
	if (t->pre_count == TOKENIZER_MAX_STEPS)
		return too_many();
	*out = &t->pre_steps[t->pre_count++];
	(*out)->kind = kind;
	return OK;
}

static enum err add_class(struct tokenizer *t, unicode_class *is_one, enum pre_behavior behavior)
{
	struct pre_step *step = NULL;

	TRY(add_pre(t, &step, PRE_SPLIT));
	step->find = FIND_CLASS;
	step->is_one = is_one;
	step->behavior = behavior;
	return OK;
}

static enum err load_byte_level(struct tokenizer *t, const json_t *component)
{
	struct pre_step *step = NULL;
	bool spaces, splits;

	TRY(load_flag(&spaces, component, "add_prefix_space", true));
	TRY(load_flag(&splits, component, "use_regex", true));
	if (spaces)
		TRY(add_pre(t, &step, PRE_SPACE));
	if (splits) {
		TRY(add_pre(t, &step, PRE_SPLIT));
		step->behavior = SPLIT_ISOLATED;
		TRY(regex_new(&step->regex, S(BYTE_LEVEL_WORDS)));
	}
	return add_pre(t, &step, PRE_BYTES);
}

static enum err load_behavior(enum pre_behavior *out, const json_t *component)
{
	static const char *const names[] = {"Removed", "Isolated", "MergedWithPrevious",
					    "MergedWithNext", "Contiguous"};
	const json_t *value = json_object_get(component, "behavior");
	const char *name = json_string_value(value);

	for (unsigned i = 0; name && i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum pre_behavior)i;
			return OK;
		}
	return load_not_known("behavior", value ? value : component);
}

static enum err load_split(struct tokenizer *t, const json_t *component)
{
	struct pre_step *step = NULL;

	TRY(add_pre(t, &step, PRE_SPLIT));
	TRY(load_pattern(t, &step->text, &step->regex, component));
	step->find = step->regex ? FIND_REGEX : FIND_TEXT;
	TRY(load_flag(&step->inverts, component, "invert", false));
	return load_behavior(&step->behavior, component);
}

/* Older files have "add_prefix_space", newer "prepend_scheme". */
static enum err load_scheme(enum pre_scheme *out, const json_t *component)
{
	static const char *const names[] = {"always", "first", "never"};
	const json_t *value = json_object_get(component, "prepend_scheme");
	const char *name = json_string_value(value);
	bool spaces;

	TRY(load_flag(&spaces, component, "add_prefix_space", true));
	*out = spaces ? SCHEME_ALWAYS : SCHEME_NEVER;
	if (load_is_absent(value))
		return OK;
	for (unsigned i = 0; name && i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum pre_scheme)i;
			return OK;
		}
	return load_not_known("prepend_scheme", value);
}

static enum err load_metaspace(struct tokenizer *t, const json_t *component)
{
	struct pre_step *step = NULL;
	struct slice text;
	bool splits;

	TRY(load_text(t, &text, json_object_get(component, "replacement"), "replacement"));
	TRY(load_flag(&splits, component, "split", true));
	if (text.size == 0 || text.size != unicode_size(text.data[0]))
		return failure(ERR_FORMAT, LOAD_FILE ": \"replacement\" is not one character");
	TRY(add_pre(t, &step, PRE_METASPACE));
	step->text = text;
	TRY(load_scheme(&step->scheme, component));
	if (!splits)
		return OK;
	TRY(add_pre(t, &step, PRE_SPLIT));
	step->find = FIND_TEXT;
	step->text = text;
	step->behavior = SPLIT_MERGED_WITH_NEXT;
	return OK;
}

static enum err load_digits(struct tokenizer *t, const json_t *component)
{
	bool single;

	TRY(load_flag(&single, component, "individual_digits", false));
	return add_class(t, unicode_is_number, single ? SPLIT_ISOLATED : SPLIT_CONTIGUOUS);
}

static enum err load_punctuation(struct tokenizer *t, const json_t *component)
{
	enum pre_behavior behavior = SPLIT_ISOLATED;

	if (!load_is_absent(json_object_get(component, "behavior")))
		TRY(load_behavior(&behavior, component));
	return add_class(t, unicode_is_punctuation, behavior);
}

static enum err load_bert_words(struct tokenizer *t, const json_t *component)
{
	(void)component;
	TRY(add_class(t, unicode_is_space, SPLIT_REMOVED));
	return add_class(t, unicode_is_punctuation, SPLIT_ISOLATED);
}

static enum err load_white_space(struct tokenizer *t, const json_t *component)
{
	(void)component;
	return add_class(t, unicode_is_space, SPLIT_REMOVED);
}

static enum err load_words(struct tokenizer *t, const json_t *component)
{
	struct pre_step *step = NULL;

	(void)component;
	TRY(add_pre(t, &step, PRE_SPLIT));
	step->find = FIND_WORDS;
	step->behavior = SPLIT_REMOVED;
	step->inverts = true;
	return OK;
}

static enum err load_pre(struct tokenizer *t, const json_t *component)
{
	static const struct {
		const char *type;
		enum err (*load)(struct tokenizer *t, const json_t *component);
	} rows[] = {
		{"ByteLevel", load_byte_level},        {"Split", load_split},
		{"Metaspace", load_metaspace},         {"Digits", load_digits},
		{"Punctuation", load_punctuation},     {"BertPreTokenizer", load_bert_words},
		{"WhitespaceSplit", load_white_space}, {"Whitespace", load_words},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (load_is_type(component, rows[i].type))
			return rows[i].load(t, component);
	return load_not_known_type("the pre-tokenizer", component);
}

enum err load_pre_tokenizer(struct tokenizer *t, const json_t *component)
{
	const json_t *steps[TOKENIZER_MAX_STEPS];
	size_t count;

	TRY(load_list(steps, &count, component, "pretokenizers"));
	for (size_t i = 0; i < count; i++)
		TRY(load_pre(t, steps[i]));
	return OK;
}
