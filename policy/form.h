/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - what a model asks of those who ask for it: the fields of a Hub card (extra_gated_*),
 * read from JSON, and written as canonical JSON, whose SHA-256 names the form. Pure. A field is
 * required, as on the Hub's page, unless it says "required": false.
 */
#ifndef POLICY_FORM_H
#define POLICY_FORM_H

#include "crypto/base/arena.h"
#include "crypto/json.h"

enum {
	FORM_MAX_FIELDS = 64,
	FORM_MAX_OPTIONS = 128,         /* of one field */
	FORM_MAX_LABEL = 500,           /* bytes; whole sentences of consent are labels */
	FORM_MAX_TEXT = 96 * 1024,      /* of one text: licenses stand in extra_gated_prompt */
	FORM_MAX_DOCUMENT = 192 * 1024, /* as canonical JSON */
};

/* type, its name in a card */
#define FORM_TYPES(X) \
	X(TEXT, "text") \
	X(CHECKBOX, "checkbox") \
	X(DATE, "date_picker") \
	X(COUNTRY, "country") \
	X(IP_LOCATION, "ip_location") \
	X(SELECT, "select")

#define FORM_ENUM(type, name) FORM_##type,
enum form_type { FORM_TYPES(FORM_ENUM) };
#undef FORM_ENUM

const char *form_type_name(enum form_type type);

struct form_option {
	struct slice label, value; /* what is shown, what is answered; often the same */
};

struct form_field {
	struct slice label; /* its name: answers are given under it */
	enum form_type type;
	bool required;
	struct form_option *options; /* of a select */
	size_t option_count;
};

/* Texts are empty where the card has none. */
struct form {
	struct slice prompt, heading, description, button_content;
	bool eu_disallowed;
	struct form_field *fields;
	size_t count;
};

/*
 * From an object whose members are extra_gated_*, and no others. extra_gated_fields is an object
 * {label: type or {"type",...}} as in a card, or an array of {"label","type",...} as form_write
 * writes it. Texts and lists are the arena's. ERR_FORMAT, ERR_LIMIT say which member.
 */
RESULT form_read(struct form *out, struct arena *arena, const json_t *card);

/* Nothing is said and nothing asked. */
bool form_is_empty(const struct form *form);

/* Must something be filled in? */
bool form_is_demanding(const struct form *form);

/* Canonical JSON, the fields as an array, so that their order stays. */
RESULT form_write(struct buf *out, const struct form *form);

#endif
