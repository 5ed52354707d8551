/* SPDX-License-Identifier: Apache-2.0 */
/* approval_scene.h - a keeper with approvers, what they sign, and what an edge makes of it. */
#ifndef TESTS_UNIT_GATEWAY_KEEPER_APPROVAL_SCENE_H
#define TESTS_UNIT_GATEWAY_KEEPER_APPROVAL_SCENE_H

#include "crypto/approval.h"
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/sign.h"
#include "tests/unit/gateway/keeper/scene.h"

#define GATEWAY "test/log"
#define ALICE "00000000-0000-0000-0000-0000000000a1"
#define BOB "00000000-0000-0000-0000-0000000000b0"
#define TERMS "0000000000000000000000000000000000000000000000000000000000000011"

/* A person with a key. */
struct signer {
	const char *person;
	struct sign_key *key;
	uint8_t public[SIGN_PUBLIC];
	char text[64]; /* base64 of it */
};

/* A statement and its signature. */
struct approved {
	struct buf statement;
	struct wire_approval approval;
};

static inline struct signer signer_new(const char *person, uint8_t seed)
{
	AUTO(buf_free) struct buf text = buf_new(64);
	uint8_t bytes[SIGN_SEED];
	struct signer s = {.person = person};

	memset(bytes, seed, sizeof bytes);
	assert_ok(sign_key_from_seed(&s.key, slice_of(bytes, sizeof bytes)));
	sign_key_public(s.key, s.public);
	text_write_base64(&text, slice_of(s.public, SIGN_PUBLIC), TEXT_BASE64);
	snprintf(s.text, sizeof s.text, "%s", buf_string(&text));
	return s;
}

static inline void signer_clear(struct signer *s)
{
	sign_key_free(s->key);
}

static inline void signer_id(const struct signer *s, uint8_t person[WIRE_ID])
{
	assert_ok(text_read_uuid(person, slice_of_string(s->person)));
}

static inline json_t *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline json_t *json_of(const char *format, ...)
{
	char text[4096];
	json_t *value = NULL;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	assert_ok(json_read(&value, slice_of_string(text), sizeof text));
	return value;
}

static inline void approve_as(struct approved *out, const struct signer *by, const char *gateway,
			      const char *kind, int64_t at_ms, const json_t *subject)
{
	struct approval a = {slice_of_string(kind), slice_of_string(gateway), at_ms};

	out->statement = buf_new(APPROVAL_MAX);
	assert_ok(approval_write(&out->statement, &a, subject));
	memcpy(out->approval.key, by->public, SIGN_PUBLIC);
	out->approval.statement = buf_slice(&out->statement);
	sign_make_in(APPROVAL_DOMAIN, by->key, out->approval.statement, out->approval.signature);
}

static inline void approved_clear(struct approved *a)
{
	buf_free(&a->statement);
}

/* "approvals" as an entry carries them. */
static inline void put_approvals(json_t *payload, const struct approved *list, size_t count)
{
	json_t *array = json_array_new();

	for (size_t i = 0; i < count; i++) {
		AUTO(buf_free) struct buf key = buf_new(64);
		AUTO(buf_free) struct buf sig = buf_new(128);
		json_t *one = json_object_new();

		text_write_base64(&key, slice_of(list[i].approval.key, SIGN_PUBLIC), TEXT_BASE64);
		text_write_base64(&sig, slice_of(list[i].approval.signature, SIGN_SIGNATURE),
				  TEXT_BASE64);
		json_put_text(one, "key", buf_slice(&key));
		json_put_text(one, "sig", buf_slice(&sig));
		json_put_text(one, "statement", list[i].approval.statement);
		json_push(array, one);
	}
	json_put(payload, "approvals", array);
}

/* An act as an entry with its approvals; whether the keeper would follow it, asked before. */
static inline enum err act(struct scene *s, const char *kind, const json_t *subject,
			   const struct approved *list, size_t count)
{
	AUTO(json_auto) json_t *payload = json_deep_copy(subject);
	AUTO(buf_free) struct buf text = buf_new(sizeof s->entry.payload);
	struct wire_approver_check ask = {.kind = slice_of_string(kind)};
	enum err allowed;

	put_approvals(payload, list, count);
	assert_ok(json_write_canonical(&text, payload));
	ask.payload = buf_slice(&text);
	allowed = keeper_approver_check(s->keeper, &ask, s->now);
	snprintf(s->entry.payload, sizeof s->entry.payload, "%s", buf_string(&text));
	append(s, kind); /* whatever the answer was: a broken edge writes what it likes */
	return allowed;
}

#endif
