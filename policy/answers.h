/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers.h - what a person answers to a model's form, checked by the type of each field. Pure.
 * What an address says of a country is never guessed: without a table of the operator it is not
 * known, and a form that needs it is refused.
 */
#ifndef POLICY_ANSWERS_H
#define POLICY_ANSWERS_H

#include "policy/form.h"

enum {
	ANSWER_MAX = 2000,        /* bytes of one */
	ANSWERS_MAX = 128 * 1024, /* of all, as canonical JSON */
};

/*
 * `answers` is {label: value}: a text for each field, true or false for a checkbox, as texts too,
 * since forms of HTML know nothing else ("on"). NULL: none were given. `address_country` is what
 * the operator's table says of the address, "" if there is none. Writes canonical JSON with
 * ip_location filled in and what was left empty left out. ERR_FORMAT names the field; ERR_DENIED:
 * from where the form may not be answered.
 */
RESULT answers_check(struct buf *out, const struct form *form, json_t *answers,
		     struct slice address_country);

#endif
