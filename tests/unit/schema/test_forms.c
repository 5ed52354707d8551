/* SPDX-License-Identifier: Apache-2.0 */
/* Forms version by version, answers, and requests as the Hub sees them, against a real PostgreSQL.
 */
#include "crypto/base/buf.h"
#include "crypto/base/clock.h"
#include "schema/store/form.h"
#include "schema/store/hub_request.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define MODEL "00000000-0000-7000-8000-00000000000b"
#define PERSON "00000000-0000-7000-8000-0000000000a"
#define REQUEST "00000000-0000-7000-8000-0000000000c"

static const uint8_t model[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x0b};
static struct postgres postgres;
static struct store *edge;
static struct arena arena;

static void run(const char *sql)
{
	assert_true(postgres_run(&postgres, sql, NULL));
}

static void id_of(uint8_t out[STORE_ID], uint8_t kind, uint8_t number)
{
	memset(out, 0, STORE_ID);
	out[6] = 0x70;
	out[8] = 0x80;
	out[15] = (uint8_t)(kind << 4 | number);
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_forms");
	edge = postgres_connect(&postgres, "sallyport_edge");
	run("INSERT INTO model (id, name, gate, created_at) VALUES ('" MODEL "', 'a/b', 'manual', "
	    "now());"
	    "INSERT INTO person (id, name, email, created_at) SELECT ('" PERSON "' || i)::uuid, "
	    "'person-' || i, 'p' || i || '@example.org', now() FROM generate_series(1, 5) i;"
	    "INSERT INTO access_request (id, model, person, state, intended_use, rights, "
	    "created_at, changed_at) SELECT ('" REQUEST "' || i)::uuid, '" MODEL "', ('" PERSON
	    "' || i)::uuid, "
	    "(ARRAY['submitted', 'approved', 'denied', 'returned', 'approved'])[i], 'x', "
	    "'{weights:read}', now() + i * interval '1 s', now() FROM generate_series(1, 5) i;"
	    "INSERT INTO license (id, model, person, request, rights, not_before, expires_at, "
	    "document, signature, issued_at, changed_at, state) SELECT gen_random_uuid(), "
	    "'" MODEL "', ('" PERSON "' || i)::uuid, ('" REQUEST "' || i)::uuid, "
	    "'{weights:read}', now(), now() + interval '1 day', '{}', "
	    "decode(repeat('00', 64), 'hex'), now(), now(), "
	    "CASE i WHEN 2 THEN 'active' ELSE 'revoked' END FROM unnest(ARRAY[2, 5]) i");
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static int64_t add(const char *source, const char *document)
{
	static const uint8_t nobody[STORE_ID];
	bool is_card = strcmp(source, "card") == 0;
	struct store_form form = {.source = slice_of_string(source),
				  .revision = is_card ? S("r") : S(""),
				  .document = slice_of_string(document),
				  .at_ms = clock_now_ms()};
	int64_t version;

	assert_ok(store_form_add(edge, &version, &form, model, nobody));
	return version;
}

static void assert_form(const char *document)
{
	struct store_form form;

	assert_ok(store_form_current(edge, &arena, &form, model));
	assert_slice(form.document, document);
}

static void the_form_of_the_api_wins_until_it_is_taken_away(void **state)
{
	struct store_form form;

	(void)state;
	assert_err(store_form_current(edge, &arena, &form, model), ERR_NOT_FOUND);
	assert_int_equal(add("card", "{\"a\":1}"), 1);
	assert_int_equal(add("card", "{\"a\":1}"), 0); /* it says the same */
	assert_form("{\"a\":1}");
	assert_int_equal(add("api", "{\"b\":1}"), 2);
	assert_int_equal(add("card", "{\"a\":2}"), 3);
	assert_form("{\"b\":1}");
	assert_int_equal(add("api", ""), 4);
	assert_form("{\"a\":2}");
	assert_int_equal(add("card", ""), 5);
	assert_int_equal(add("card", ""), 0);
	assert_err(store_form_current(edge, &arena, &form, model), ERR_NOT_FOUND);
}

static void answers_name_a_form_that_there_is(void **state)
{
	struct store_answers answers = {.version = 1, .fields = S("{}")};
	uint8_t request[STORE_ID];

	(void)state;
	id_of(request, 0xc, 1);
	assert_ok(store_answers_set(edge, &answers, request));
	answers.version = 99;
	assert_err(store_answers_set(edge, &answers, request), ERR_NOT_FOUND);
	assert_ok(store_answers_get(edge, &arena, &answers, request));
	assert_int_equal(answers.version, 1);
	assert_slice(answers.fields, "{}");
}

static void assert_page(const struct store_hub_question *q, const char *names)
{
	AUTO(buf_free) struct buf found = buf_new(1000);
	struct store_hub_request *list;
	size_t count;

	assert_ok(store_hub_request_page(edge, &arena, &list, &count, q, clock_now_ms()));
	for (size_t i = 0; i < count; i++)
		buf_printf(&found, "%.*s:%.*s ", SLICE_PRINT(list[i].person.name),
			   SLICE_PRINT(list[i].status));
	assert_string_equal(buf_string(&found), names);
}

static void accepted_is_who_has_a_license_in_force(void **state)
{
	struct store_hub_question q = {.search = S(""), .limit = 10};

	(void)state;
	memcpy(q.model, model, STORE_ID);
	assert_page(&q, "person-5:rejected person-3:rejected person-2:accepted person-1:pending ");
	q.status = S("rejected");
	assert_page(&q, "person-5:rejected person-3:rejected ");
	q.search = S("P3@EXAMPLE");
	assert_page(&q, "person-3:rejected ");
	q.search = S("%");
	assert_page(&q, "");
}

static void pages_go_on_behind_a_request_and_back_before_it(void **state)
{
	struct store_hub_question q = {.search = S(""), .limit = 2};

	(void)state;
	memcpy(q.model, model, STORE_ID);
	assert_page(&q, "person-5:rejected person-3:rejected ");
	id_of(q.after, 0xc, 3);
	assert_page(&q, "person-2:accepted person-1:pending ");
	memset(q.after, 0, STORE_ID);
	id_of(q.before, 0xc, 1);
	assert_page(&q, "person-3:rejected person-2:accepted ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_of_the_api_wins_until_it_is_taken_away),
		cmocka_unit_test(answers_name_a_form_that_there_is),
		cmocka_unit_test(accepted_is_who_has_a_license_in_force),
		cmocka_unit_test(pages_go_on_behind_a_request_and_back_before_it),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
