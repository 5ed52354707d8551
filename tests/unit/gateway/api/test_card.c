/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/model/card.h"

static struct arena arena;

static int forget(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* The form between two lines "---", as a README.md has it. */
static enum err read_front(struct form *out, const char *yaml)
{
	return card_read_form(
		out, &arena,
		slice_of_string(arena_printf(&arena, "---\n%s\n---\n# A model\n", yaml)));
}

static void the_example_of_the_hubs_manual_is_read(void **state)
{
	static const char yaml[] =
		"license: other\n"
		"extra_gated_prompt: \"You agree to not use the model to do bad things.\"\n"
		"extra_gated_heading: >-\n  Acknowledge the license\n  to accept it\n"
		"extra_gated_eu_disallowed: true\n"
		"tags: [a, b]\n"
		"extra_gated_fields:\n"
		"  Company: text\n"
		"  Country: country\n"
		"  Specific date: date_picker\n"
		"  geo: ip_location\n"
		"  I want to use this model for:\n"
		"    type: select\n"
		"    options: \n"
		"      - Research\n"
		"      - 42\n"
		"      - label: Other\n"
		"        value: other\n"
		"  Comments: {type: text, required: false}\n"
		"  I agree to use this model for non-commercial use ONLY: checkbox\n";
	struct form form;

	(void)state;
	assert_ok(read_front(&form, yaml));
	assert_slice(form.prompt, "You agree to not use the model to do bad things.");
	assert_slice(form.heading, "Acknowledge the license to accept it");
	assert_true(form.eu_disallowed);
	assert_int_equal(form.count, 7);
	assert_slice(form.fields[4].label, "I want to use this model for");
	assert_int_equal(form.fields[4].option_count, 3);
	assert_slice(form.fields[4].options[1].value, "42");
	assert_slice(form.fields[4].options[2].label, "Other");
	assert_false(form.fields[5].required);
	assert_int_equal(form.fields[6].type, FORM_CHECKBOX);
	assert_true(form.fields[6].required);
}

static void a_card_that_asks_nothing_has_the_empty_form_however_broken(void **state)
{
	static const char *const cards[] = {
		"",
		"# A model\n",
		"---\n",
		"---\nlicense: mit\n",
		"---\nlicense: [\n---\n",
		"---\n---\nextra_gated_prompt: behind it\n",
		"text\n---\nextra_gated_prompt: not in front\n---\n",
		"---\nlicense: &a mit\nother: *a\n---\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++) {
		struct form form;

		assert_ok(card_read_form(&form, &arena, slice_of_string(cards[i])));
		if (!form_is_empty(&form))
			fail_msg("%s: a form", cards[i]);
	}
}

static void a_form_that_cannot_be_read_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *yaml, *said;
	} rows[] = {
		{"a: 1\nextra_gated_fields: [", "line"},
		{"a: 1\nextra_gated_prompt: &x text", "line 3: anchors"},
		{"a: &x 1\nextra_gated_prompt: *x", "line 2: anchors"},
		{"a: {<<: *x}\nextra_gated_prompt: x", "anchors"},
		{"extra_gated_prompt: !!binary eA==", "line 2: tags"},
		{"extra_gated_fields: {A: text, A: text}", "line 2: a key is there twice"},
		{"extra_gated_prompt: a\nextra_gated_prompt: b", "line 3: a key is there twice"},
		{"extra_gated_fields: {? [a] : text}", "a key is a text"},
		{"extra_gated_fields: {A: number}", "field \"A\""},
		{"extra_gated_prompt: \"a\\0b\"", "NUL"},
		{"extra_gated_other: x", "extra_gated_other"},
		{"- extra_gated_prompt", "not a list of"},
		{"extra_gated_fields: [[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]", "too deep"},
		{"a: [[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]\nextra_gated_prompt: x", "too deep"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct form form;

		if (read_front(&form, rows[i].yaml) == OK)
			fail_msg("%s was taken", rows[i].yaml);
		if (!strstr(failure_text(), rows[i].said))
			fail_msg("%s: %s", rows[i].yaml, failure_text());
	}
}

static void line_ends_of_windows_and_a_mark_of_order_are_fine(void **state)
{
	struct form form;

	(void)state;
	assert_ok(card_read_form(&form, &arena,
				 S("\xef\xbb\xbf---\r\nextra_gated_heading: Hello\r\n---\r\n")));
	assert_slice(form.heading, "Hello");
}

/* What would be billions of nodes if it were followed is refused at its first anchor; what is
 * merely long, at its ceiling. */
static void front_matter_has_ceilings(void **state)
{
	static char text[CARD_MAX_FRONT + 100];
	struct form form;
	size_t used;

	(void)state;
	assert_err(read_front(&form, "a: &a [x,x]\nb: &b [*a,*a]\nextra_gated_fields: [*b,*b]"),
		   ERR_FORMAT);
	used = (size_t)snprintf(text, sizeof text, "---\nextra_gated_prompt: x\nt: [");
	for (int i = 0; i < CARD_MAX_EVENTS; i++, used += 2)
		memcpy(text + used, "x,", 2);
	memcpy(text + used, "x]\n---\n", 8);
	assert_err(card_read_form(&form, &arena, slice_of_string(text)), ERR_LIMIT);
	memset(text + 30, 'x', CARD_MAX_FRONT);
	memcpy(text + 30 + CARD_MAX_FRONT, "\n---\n", 6);
	assert_err(card_read_form(&form, &arena, slice_of_string(text)), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_hubs_manual_is_read),
		cmocka_unit_test(a_card_that_asks_nothing_has_the_empty_form_however_broken),
		cmocka_unit_test(a_form_that_cannot_be_read_is_refused_with_its_line),
		cmocka_unit_test(line_ends_of_windows_and_a_mark_of_order_are_fine),
		cmocka_unit_test(front_matter_has_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
