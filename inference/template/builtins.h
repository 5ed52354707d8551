/* SPDX-License-Identifier: Apache-2.0 */
/* builtins.h - functions that stand in more than one table of run.h, or in another file's. */
#ifndef INFERENCE_TEMPLATE_BUILTINS_H
#define INFERENCE_TEMPLATE_BUILTINS_H

#include "inference/template/run.h"

/* texts.c: of strings, as filters and as methods */
builtin_fn text_capitalize, text_indent, text_lower, text_replace, text_strip, text_title,
	text_upper;

/* choose.c: which items, and in what order */
builtin_fn filter_dictsort, filter_reject, filter_rejectattr, filter_select, filter_selectattr,
	filter_sort;

/* functions.c */
builtin_fn dict_items;

/* `details.priority` or `0.name` of a value; undefined where there is none. */
RESULT value_attribute(struct value *out, struct run *r, struct value of, struct value path);

#endif
