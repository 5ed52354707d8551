/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper signs about licenses beside licenses: only what it makes itself of a logged text.
 */
#include "tests/unit/gateway/keeper/scene.h"

#include "crypto/license_file.h"
#include "crypto/license_jwt.h"

/* An entry of this kind that names the text, and the question that goes with it. */
static struct wire_document_sign ask_document(struct scene *s, const char *kind, struct slice text)
{
	AUTO(buf_free) struct buf hex = buf_new(100);
	struct wire_document_sign ask = {.text = text, .license = buf_slice(&s->document)};
	struct digest digest = digest_of(text);
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	text_write_hex(&hex, digest_slice(&digest));
	PAYLOAD(s, "{\"license\":\"%s\",\"sha256\":\"%s\"}", id, buf_string(&hex));
	append(s, kind);
	memcpy(ask.event, s->entry.id, WIRE_ID);
	memcpy(ask.signature, s->signature, SIGN_SIGNATURE);
	return ask;
}

static struct slice status_text(struct buf *out)
{
	assert_ok(license_status_write(out, S("https://localhost/s"), WALL_MS / 1000, S("abc")));
	return buf_slice(out);
}

static struct slice export_text(struct buf *out)
{
	struct license_export e = {.issuer = S("https://localhost"),
				   .issued_seconds = WALL_MS / 1000,
				   .status_uri = S("https://localhost/s")};

	assert_ok(license_export_write(out, &e));
	return buf_slice(out);
}

static void a_list_of_states_is_signed_once_for_its_entry(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_MAX), input = buf_new(LICENSE_JWT_MAX);
	struct wire_document_sign ask = ask_document(s, "status.publish", status_text(&text));
	struct keeper_facts facts;
	uint8_t signature[SIGN_SIGNATURE];

	keeper_facts(s->keeper, &facts);
	assert_ok(keeper_document_sign(s->keeper, &ask, s->now, signature));
	assert_ok(license_jws_input(&input, S("statuslist+jwt"), facts.license_public,
				    buf_slice(&text)));
	assert_true(sign_is_valid(facts.license_public, buf_slice(&input), signature));
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_CONFLICT);
}

static void what_the_entry_does_not_name_is_not_signed(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_MAX), other = buf_new(LICENSE_JWT_MAX);
	struct wire_document_sign ask = ask_document(s, "status.publish", status_text(&text));
	uint8_t signature[SIGN_SIGNATURE];

	assert_ok(license_status_write(&other, S("https://localhost/t"), WALL_MS / 1000, S("abc")));
	ask.text = buf_slice(&other);
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_DENIED);
	ask = ask_document(s, "token.create", buf_slice(&text));
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_DENIED);
	ask = ask_document(s, "status.publish", S("{\"sub\":\"anything\"}"));
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_FORMAT);
	ask = ask_document(s, "status.publish", export_text(&other));
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_FORMAT);
}

static void a_license_is_exported_while_it_is_in_force(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf text = buf_new(LICENSE_JWT_MAX);
	struct wire_document_sign ask = ask_document(s, "license.export", export_text(&text));
	struct rules_time late = s->now;
	uint8_t signature[SIGN_SIGNATURE];
	char id[TEXT_UUID];

	late.wall_ms += 300 * 1000; /* the export says that it was made now */
	assert_err(keeper_document_sign(s->keeper, &ask, late, signature), ERR_DENIED);
	ask.signature[3] ^= 1;
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_FORGED);
	ask.signature[3] ^= 1;
	assert_ok(keeper_document_sign(s->keeper, &ask, s->now, signature));

	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.suspend");
	ask = ask_document(s, "license.export", buf_slice(&text));
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_DENIED);
	assert_string_equal(keeper_code(s->keeper), "LICENSE_SUSPENDED");
}

static void a_checkout_neither_outlives_its_license_nor_names_another_entry(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf text = buf_new(LICENSE_CHECKOUT_MAX);
	struct license_checkout c = {.document = buf_slice(&s->document),
				     .issued_ms = WALL_MS,
				     .expires_ms = s->license.expires_ms + 1,
				     .recipient = S("ed25519:AAAA"),
				     .status_uri = S("https://localhost/s")};
	struct wire_document_sign ask;
	uint8_t signature[SIGN_SIGNATURE];

	memcpy(c.signature, s->signature, SIGN_SIGNATURE);
	assert_ok(license_checkout_write(&text, &c));
	ask = ask_document(s, "license.checkout", buf_slice(&text));
	assert_err(keeper_document_sign(s->keeper, &ask, s->now, signature), ERR_DENIED);
	assert_non_null(strstr(failure_text(), "another entry"));
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_new, scene_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCENE(a_list_of_states_is_signed_once_for_its_entry),
		WITH_SCENE(what_the_entry_does_not_name_is_not_signed),
		WITH_SCENE(a_license_is_exported_while_it_is_in_force),
		WITH_SCENE(a_checkout_neither_outlives_its_license_nor_names_another_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
