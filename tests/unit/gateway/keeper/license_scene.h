/* SPDX-License-Identifier: Apache-2.0 */
/* license_scene.h - an edge that wishes for licenses, of a keeper with an approver: alice. */
#ifndef TESTS_UNIT_GATEWAY_KEEPER_LICENSE_SCENE_H
#define TESTS_UNIT_GATEWAY_KEEPER_LICENSE_SCENE_H

#include "tests/unit/gateway/keeper/approval_scene.h"

#define CAROL "00000000-0000-0000-0000-0000000000ca"

enum { DAY_MS = 86400 * 1000 };

static struct signer alice, bob;

/* A license as an edge would have it signed. */
struct wish {
	struct license license;
	struct buf document;
	struct wire_license_sign ask;
};

static inline void enroll_by_hand(struct scene *s, const struct signer *who)
{
	uint8_t person[WIRE_ID];

	signer_id(who, person);
	assert_ok(keeper_recover_approver(s->keeper, who->public, person));
}

static inline int signed_scene_new(void **state)
{
	assert_int_equal(scene_new(state), 0);
	alice = signer_new(ALICE, 0xa1);
	bob = signer_new(BOB, 0xb0);
	enroll_by_hand(*state, &alice);
	return 0;
}

static inline int signed_scene_free(void **state)
{
	signer_clear(&alice);
	signer_clear(&bob);
	return scene_free(state);
}

static inline struct license plain_license(const struct scene *s)
{
	struct license l = {.model = S("org/model"),
			    .rights = {S("infer:generate"), S("weights:read")},
			    .right_count = 2,
			    .not_before_ms = s->now.wall_ms,
			    .issued_ms = s->now.wall_ms,
			    .expires_ms = s->now.wall_ms + 30LL * DAY_MS};

	assert_ok(text_read_uuid(l.person, S(CAROL)));
	assert_ok(text_read_hex(l.terms.bytes, DIGEST_SIZE, S(TERMS)));
	l.request[15] = 0x77;
	return l;
}

/* An entry whose id the caller has chosen. */
static inline void append_as(struct scene *s, const char *kind, const uint8_t id[WIRE_ID])
{
	char made[TEXT_UUID], wanted[TEXT_UUID];

	entry_make(&s->entry, kind);
	text_uuid(made, s->entry.id);
	text_uuid(wanted, id);
	memcpy(strstr(s->entry.leaf, made), wanted, TEXT_UUID - 1);
	memcpy(s->entry.id, id, WIRE_ID);
	assert_ok(offer(s, &s->entry));
}

/* The edge gives it an id and writes the entry, as it may for any license. */
static inline void wish_make(struct wish *w, struct scene *s, const struct license *l)
{
	AUTO(buf_free) struct buf hex = buf_new(100);
	struct digest digest;
	char id[TEXT_UUID];

	w->license = *l;
	w->ask = (struct wire_license_sign){.approval_count = 0};
	random_uuid(w->license.id, 1);
	random_uuid(w->license.entry, 1);
	w->document = buf_new(LICENSE_MAX);
	assert_ok(license_write(&w->document, &w->license));
	digest = digest_of(buf_slice(&w->document));
	text_write_hex(&hex, digest_slice(&digest));
	text_uuid(id, w->license.id);
	PAYLOAD(s, "{\"license\":\"%s\",\"license_sha256\":\"%s\"}", id, buf_string(&hex));
	append_as(s, "license.issue", w->license.entry);
	memcpy(w->ask.event, w->license.entry, WIRE_ID);
	w->ask.document = buf_slice(&w->document);
}

static inline void wish_clear(struct wish *w)
{
	buf_free(&w->document);
}

static inline void wish_with(struct wish *w, const struct approved *a)
{
	w->ask.approvals[w->ask.approval_count++] = a->approval;
}

static inline enum err try_sign(struct scene *s, const struct wish *w)
{
	enum err checked = keeper_license_check(s->keeper, &w->ask, s->now);
	enum err result = keeper_license_sign(s->keeper, &w->ask, s->now, s->signature);

	assert_string_equal(err_name(checked), err_name(result));
	if (result == OK)
		assert_true(sign_is_valid_in(LICENSE_DOMAIN, s->license_key, w->ask.document,
					     s->signature));
	return result;
}

/* What the approver is shown and signs: a license of the same form, without ids. */
static inline json_t *subject_of(const struct license *l)
{
	AUTO(buf_free) struct buf document = buf_new(LICENSE_MAX);
	json_t *subject;

	assert_ok(license_write(&document, l));
	assert_ok(approval_subject_of_license(&subject, buf_slice(&document)));
	return subject;
}

static inline void approve(struct approved *out, const struct scene *s, const struct signer *by,
			   const struct license *l)
{
	AUTO(json_auto) json_t *subject = subject_of(l);

	approve_as(out, by, GATEWAY, APPROVAL_LICENSE, s->now.wall_ms, subject);
}

static inline void move_person(struct license *l)
{
	l->person[0] ^= 1;
}

static inline void move_model(struct license *l)
{
	l->model = S("org/other");
}

static inline void move_request(struct license *l)
{
	l->request[0] ^= 1;
}

static inline void move_terms(struct license *l)
{
	l->terms.bytes[0] ^= 1;
}

static inline void add_right(struct license *l)
{
	l->rights[l->right_count++] = S("internals:read");
}

static inline void last_longer(struct license *l)
{
	l->expires_ms++;
}

static inline void begin_earlier(struct license *l)
{
	l->not_before_ms--;
}

#endif
