/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/form.h"

static const char *const type_names[] = {
#define FORM_NAME(type, name) name,
	FORM_TYPES(FORM_NAME)
#undef FORM_NAME
};

enum { TYPE_COUNT = sizeof type_names / sizeof type_names[0] };

const char *form_type_name(enum form_type type)
{
	return type_names[type];
}

/* Labels stand in failures: cut, since one may be a whole sentence. */
#define LABEL_PRINT(label) SLICE_PRINT(slice_part(label, 0, 100))

static enum err read_text(struct slice *out, struct arena *arena, const json_t *card,
			  const char *name)
{
	TRY(json_get_text_or(out, card, name, S("")));
	if (out->size > FORM_MAX_TEXT)
		return failure(ERR_LIMIT, "\"%s\" has %zu bytes, at most %d are taken", name,
			       out->size, FORM_MAX_TEXT);
	*out = arena_copy(arena, *out);
	return OK;
}

static enum err check_label(struct slice label)
{
	if (slice_trim(label).size == 0 || label.size > FORM_MAX_LABEL)
		return failure(ERR_FORMAT, "\"extra_gated_fields\": a label has 1 to %d bytes",
			       FORM_MAX_LABEL);
	for (size_t i = 0; i < label.size; i++)
		if (label.data[i] < 0x20 && label.data[i] != '\n')
			return failure(ERR_FORMAT,
				       "\"extra_gated_fields\": a label has a control character");
	return OK;
}

static enum err read_type(enum form_type *out, struct slice label, struct slice name)
{
	for (int i = 0; i < TYPE_COUNT; i++) {
		if (slice_equal(name, slice_of_string(type_names[i]))) {
			*out = (enum form_type)i;
			return OK;
		}
	}
	return failure(
		ERR_FORMAT,
		"field \"%.*s\": its type is \"%.*s\"; text, checkbox, date_picker, country, "
		"ip_location or select is expected",
		LABEL_PRINT(label), SLICE_PRINT(slice_part(name, 0, 40)));
}

/* "Research", or {"label","value"}. */
static enum err read_option(struct form_option *out, const struct form_field *field,
			    const json_t *option)
{
	if (json_is_string(option)) {
		out->label = out->value = slice_of(json_string_value(option),
						   json_string_length(option));
	} else if (json_is_object(option)) {
		TRY(json_get_text(&out->value, option, "value"));
		TRY(json_get_text_or(&out->label, option, "label", out->value));
	}
	if (out->value.size == 0 || out->value.size > FORM_MAX_LABEL ||
	    out->label.size > FORM_MAX_LABEL)
		return failure(ERR_FORMAT,
			       "field \"%.*s\": an option is a text of 1 to %d bytes, or {label, "
			       "value}",
			       LABEL_PRINT(field->label), FORM_MAX_LABEL);
	return OK;
}

static bool has_option(const struct form_field *field, struct slice value)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (slice_equal(field->options[i].value, value))
			return true;
	return false;
}

static enum err read_options(struct form_field *out, struct arena *arena, const json_t *options)
{
	size_t count = json_array_size(options);

	if (count == 0 || count > FORM_MAX_OPTIONS)
		return failure(ERR_FORMAT, "field \"%.*s\": a select has 1 to %d options",
			       LABEL_PRINT(out->label), FORM_MAX_OPTIONS);
	out->options = arena_alloc(arena, count * sizeof *out->options);
	for (size_t i = 0; i < count; i++) {
		struct form_option option = {.value = S("")};

		TRY(read_option(&option, out, json_array_get(options, i)));
		if (has_option(out, option.value))
			return failure(ERR_FORMAT, "field \"%.*s\": option \"%.*s\" is there twice",
				       LABEL_PRINT(out->label), LABEL_PRINT(option.value));
		option.label = arena_copy(arena, option.label);
		option.value = arena_copy(arena, option.value);
		out->options[out->option_count++] = option;
	}
	return OK;
}

/* "text", or {"type","required","options"}; `label` stands beside it or in it. */
static enum err read_field(struct form_field *out, struct arena *arena, struct slice label,
			   const json_t *field)
{
	static const char *const known[] = {"label", "type", "required", "options", NULL};
	const json_t *options = json_object_get(field, "options");
	struct slice type = S("");

	*out = (struct form_field){.label = arena_copy(arena, label), .required = true};
	TRY(check_label(label));
	if (json_is_string(field)) {
		type = slice_of_string(json_string_value(field));
	} else if (json_is_object(field)) {
		TRY(json_only(field, known));
		TRY(json_get_text(&type, field, "type"));
		TRY(json_get_bool_or(&out->required, field, "required", true));
	}
	TRY(read_type(&out->type, label, type));
	if (out->type == FORM_SELECT)
		return read_options(out, arena, options);
	if (options)
		return failure(ERR_FORMAT, "field \"%.*s\": only a select has options",
			       LABEL_PRINT(label));
	return OK;
}

static enum err add_field(struct form *form, struct arena *arena, struct slice label,
			  const json_t *field)
{
	for (size_t i = 0; i < form->count; i++)
		if (slice_equal(form->fields[i].label, label))
			return failure(ERR_FORMAT, "field \"%.*s\" is there twice",
				       LABEL_PRINT(label));
	return read_field(&form->fields[form->count++], arena, label, field);
}

/* Jansson's iterators want it without const, and change nothing. */
static enum err read_fields(struct form *out, struct arena *arena, json_t *fields)
{
	size_t count = json_is_array(fields) ? json_array_size(fields) : json_object_size(fields);
	const char *name;
	json_t *field;

	if (!fields || json_is_null(fields))
		return OK;
	if (!json_is_array(fields) && !json_is_object(fields))
		return failure(ERR_FORMAT, "\"extra_gated_fields\" is {label: type}");
	if (count > FORM_MAX_FIELDS)
		return failure(ERR_LIMIT,
			       "\"extra_gated_fields\" has %zu fields, at most %d are "
			       "taken",
			       count, FORM_MAX_FIELDS);
	out->fields = arena_alloc(arena, (count + 1) * sizeof *out->fields);
	for (size_t i = 0; i < json_array_size(fields); i++) {
		struct slice label;

		field = json_array_get(fields, i);
		TRY(json_get_text(&label, field, "label"));
		TRY(add_field(out, arena, label, field));
	}
	json_object_foreach(fields, name, field)
		TRY(add_field(out, arena, slice_of_string(name), field));
	return OK;
}

enum err form_read(struct form *out, struct arena *arena, const json_t *card)
{
	static const char *const known[] = {"extra_gated_prompt",
					    "extra_gated_heading",
					    "extra_gated_description",
					    "extra_gated_button_content",
					    "extra_gated_eu_disallowed",
					    "extra_gated_fields",
					    NULL};

	*out = (struct form){.count = 0};
	TRY(json_only(card, known));
	TRY(read_text(&out->prompt, arena, card, "extra_gated_prompt"));
	TRY(read_text(&out->heading, arena, card, "extra_gated_heading"));
	TRY(read_text(&out->description, arena, card, "extra_gated_description"));
	TRY(read_text(&out->button_content, arena, card, "extra_gated_button_content"));
	TRY(json_get_bool_or(&out->eu_disallowed, card, "extra_gated_eu_disallowed", false));
	return read_fields(out, arena, json_object_get(card, "extra_gated_fields"));
}

bool form_is_empty(const struct form *form)
{
	return form->count == 0 && form->prompt.size == 0 && form->heading.size == 0 &&
	       form->description.size == 0 && form->button_content.size == 0 &&
	       !form->eu_disallowed;
}

bool form_is_demanding(const struct form *form)
{
	for (size_t i = 0; i < form->count; i++)
		if (form->fields[i].required)
			return true;
	return false;
}

static json_t *describe_field(const struct form_field *field)
{
	json_t *one = json_object_new();
	json_t *options = json_array_new();

	json_put_text(one, "type", slice_of_string(form_type_name(field->type)));
	if (!field->required)
		json_put_bool(one, "required", false);
	for (size_t i = 0; i < field->option_count; i++) {
		const struct form_option *o = &field->options[i];
		json_t *option;

		if (slice_equal(o->label, o->value)) {
			json_push_text(options, o->value);
			continue;
		}
		option = json_object_new();
		json_put_text(option, "label", o->label);
		json_put_text(option, "value", o->value);
		json_push(options, option);
	}
	if (field->option_count)
		json_put(one, "options", options);
	else
		json_decref(options);
	return one;
}

static void put_if_any(json_t *object, const char *name, struct slice text)
{
	if (text.size)
		json_put_text(object, name, text);
}

static json_t *describe_texts(const struct form *form)
{
	json_t *card = json_object_new();

	put_if_any(card, "extra_gated_prompt", form->prompt);
	put_if_any(card, "extra_gated_heading", form->heading);
	put_if_any(card, "extra_gated_description", form->description);
	put_if_any(card, "extra_gated_button_content", form->button_content);
	if (form->eu_disallowed)
		json_put_bool(card, "extra_gated_eu_disallowed", true);
	return card;
}

enum err form_write(struct buf *out, const struct form *form)
{
	AUTO(json_auto) json_t *document = describe_texts(form);
	json_t *fields = json_array_new();

	for (size_t i = 0; i < form->count; i++) {
		json_t *one = describe_field(&form->fields[i]);

		json_put_text(one, "label", form->fields[i].label);
		json_push(fields, one);
	}
	json_put(document, "extra_gated_fields", fields);
	return json_write_canonical(out, document);
}
