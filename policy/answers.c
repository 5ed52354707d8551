/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/answers.h"

#include "policy/countries.h"

/* What one field is checked against, and where its answer goes. */
struct answering {
	json_t *out;
	struct slice address_country;
};

static enum err refuse(const struct form_field *field, const char *why)
{
	return failure(ERR_FORMAT, "field \"%.*s\": %s",
		       SLICE_PRINT(slice_part(field->label, 0, 100)), why);
}

/* A label is shorter than FORM_MAX_LABEL and has no NUL. */
static void put(json_t *object, struct slice label, json_t *value)
{
	char name[FORM_MAX_LABEL + 1];

	memcpy(name, label.data, label.size);
	name[label.size] = 0;
	json_put(object, name, value);
}

static const json_t *get(const json_t *object, struct slice label)
{
	char name[FORM_MAX_LABEL + 1];

	memcpy(name, label.data, label.size);
	name[label.size] = 0;
	return json_object_get(object, name);
}

static bool has_only_text(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((text.data[i] < 0x20 && !strchr("\t\n\r", text.data[i])) ||
		    text.data[i] == 0x7f || text.data[i] == 0)
			return false;
	return slice_is_utf8(text);
}

static enum err check_text(const struct form_field *field, struct slice text)
{
	if (text.size > ANSWER_MAX)
		return refuse(field, "the answer is longer than 2000 bytes");
	return has_only_text(text) ? OK : refuse(field, "the answer has control characters");
}

static bool read_digits(unsigned *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text.data[i] - '0');
	}
	return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* A day of the calendar as ISO 8601 writes it: YYYY-MM-DD. */
static bool is_date(struct slice text)
{
	unsigned year = 0, month = 0, day = 0;

	return text.size == 10 && text.data[4] == '-' && text.data[7] == '-' &&
	       read_digits(&year, slice_part(text, 0, 4)) &&
	       read_digits(&month, slice_part(text, 5, 2)) &&
	       read_digits(&day, slice_part(text, 8, 2)) && year >= 1000 && month >= 1 &&
	       month <= 12 && day >= 1 && day <= days_of(year, month);
}

static bool is_option(const struct form_field *field, struct slice text)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (slice_equal(field->options[i].value, text))
			return true;
	return false;
}

/* true, or what a form of HTML sends for it. */
static enum err read_checkbox(bool *out, const struct form_field *field, const json_t *answer)
{
	struct slice text = slice_of_string(json_string_value(answer));

	*out = json_is_true(answer) || slice_equal(text, S("true")) || slice_equal(text, S("on"));
	if (*out || !answer || json_is_null(answer) || json_is_false(answer) ||
	    (json_is_string(answer) && (text.size == 0 || slice_equal(text, S("false")))))
		return OK;
	return refuse(field, "it is a checkbox: true or false is expected");
}

static enum err take_checkbox(struct answering *a, const struct form_field *field,
			      const json_t *answer)
{
	bool is_checked;

	TRY(read_checkbox(&is_checked, field, answer));
	if (field->required && !is_checked)
		return refuse(field, "it must be confirmed (true)");
	if (answer || is_checked)
		put(a->out, field->label, json_boolean(is_checked));
	return OK;
}

static enum err take_address(struct answering *a, const struct form_field *field,
			     const json_t *answer)
{
	if (answer)
		return refuse(field, "it is the country of the address you ask from, and not for "
				     "you to say");
	if (a->address_country.size) {
		put(a->out, field->label,
		    json_stringn((const char *)a->address_country.data, a->address_country.size));
		return OK;
	}
	if (!field->required)
		return OK;
	return refuse(field,
		      "the country of your address is not known here, and is not guessed; the "
		      "administrator can make this field \"required\": false");
}

static enum err check_kind(const struct form_field *field, struct slice text)
{
	switch (field->type) {
	case FORM_TEXT:
		return check_text(field, text);
	case FORM_DATE:
		return is_date(text) ? OK : refuse(field, "a date is expected, as 2026-02-28");
	case FORM_COUNTRY:
		return country_is_known(text)
			       ? OK
			       : refuse(field, "a country's code of two capitals is expected (ISO "
					       "3166-1), as DE");
	case FORM_SELECT:
		return is_option(field, text) ? OK
					      : refuse(field, "the answer is none of its options");
	case FORM_CHECKBOX:
	case FORM_IP_LOCATION:
		break;
	}
	return failure(ERR_INTERNAL, "form: a field of no known type");
}

static enum err take_text(struct answering *a, const struct form_field *field, const json_t *answer)
{
	struct slice text = slice_of(json_string_value(answer), json_string_length(answer));

	if (answer && !json_is_string(answer) && !json_is_null(answer))
		return refuse(field, "a text is expected");
	if (slice_trim(text).size == 0)
		return field->required ? refuse(field, "it is required, and has no answer") : OK;
	TRY(check_kind(field, text));
	put(a->out, field->label, json_stringn((const char *)text.data, text.size));
	return OK;
}

static enum err take(struct answering *a, const struct form_field *field, const json_t *answer)
{
	switch (field->type) {
	case FORM_CHECKBOX:
		return take_checkbox(a, field, answer);
	case FORM_IP_LOCATION:
		return take_address(a, field, answer);
	case FORM_TEXT:
	case FORM_DATE:
	case FORM_COUNTRY:
	case FORM_SELECT:
		return take_text(a, field, answer);
	}
	return failure(ERR_INTERNAL, "form: a field of no known type");
}

static bool has_field(const struct form *form, struct slice label)
{
	for (size_t i = 0; i < form->count; i++)
		if (slice_equal(form->fields[i].label, label))
			return true;
	return false;
}

/* An answer to what is not asked is a mistake that the person should know of. */
static enum err check_labels(const struct form *form, json_t *answers)
{
	const char *name;
	json_t *value;

	if (answers && !json_is_object(answers) && !json_is_null(answers))
		return failure(ERR_FORMAT, "\"fields\" is {label: answer}");
	json_object_foreach(answers, name, value) if (
		!has_field(form,
			   slice_of_string(name))) return failure(ERR_FORMAT,
								  "field \"%.100s\": the form of "
								  "this model has no such field",
								  name);
	return OK;
}

/* extra_gated_eu_disallowed: by the address, and by what the person says of themselves. */
static enum err check_union(const struct answering *a, const struct form *form)
{
	if (!form->eu_disallowed)
		return OK;
	if (a->address_country.size == 0)
		return failure(ERR_DENIED,
			       "this model is not given to the European Union, and the country of "
			       "your address is not known here");
	if (country_is_in_eu(a->address_country))
		return failure(ERR_DENIED, "this model is not given to the European Union");
	for (size_t i = 0; i < form->count; i++) {
		const char *text = json_string_value(get(a->out, form->fields[i].label));

		if (form->fields[i].type == FORM_COUNTRY && text &&
		    country_is_in_eu(slice_of_string(text)))
			return failure(ERR_DENIED, "this model is not given to the European Union");
	}
	return OK;
}

enum err answers_check(struct buf *out, const struct form *form, json_t *answers,
		       struct slice address_country)
{
	AUTO(json_auto) json_t *taken = json_object_new();
	struct answering a = {.out = taken, .address_country = address_country};

	TRY(check_labels(form, answers));
	for (size_t i = 0; i < form->count; i++)
		TRY(take(&a, &form->fields[i], get(answers, form->fields[i].label)));
	TRY(check_union(&a, form));
	TRY(json_write_canonical(out, taken));
	return buf_done(out);
}
