/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/notice/notice_text.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/notice/notice_kinds.h"

/* The names that stand in words, and the room for those that are made of ids. */
struct words {
	struct notice_names names;
	char request[TEXT_UUID], license[TEXT_UUID];
};

static bool is_none(const uint8_t id[STORE_ID])
{
	static const uint8_t none[STORE_ID];

	return memcmp(id, none, STORE_ID) == 0;
}

static void read_words(struct words *out, const struct store_message *m)
{
	*out = (struct words){.names = {.model = m->notice.model, .person = m->person_name}};
	if (!is_none(m->notice.request)) {
		text_uuid(out->request, m->notice.request);
		out->names.request = slice_of_string(out->request);
	}
	if (!is_none(m->notice.license)) {
		text_uuid(out->license, m->notice.license);
		out->names.license = slice_of_string(out->license);
	}
}

void notice_write_subject(struct buf *out, const struct store_message *m)
{
	struct words words;

	read_words(&words, m);
	notice_write(out, notice_kind_of(m->notice.kind)->title, &words.names);
}

static void write_link(struct buf *out, const struct store_message *m, struct slice url)
{
	struct words words;

	read_words(&words, m);
	buf_write(out, url);
	notice_write(out, notice_kind_of(m->notice.kind)->path, &words.names);
}

static bool is_about_recipient(const struct store_message *m)
{
	return !is_none(m->recipient) && memcmp(m->recipient, m->notice.person, STORE_ID) == 0;
}

void notice_write_text(struct buf *out, const struct store_message *m, struct slice url)
{
	const struct notice_kind *kind = notice_kind_of(m->notice.kind);
	const char *next = is_about_recipient(m) || !kind->office[0] ? kind->next : kind->office;
	struct words words;
	char at[CLOCK_TEXT];

	read_words(&words, m);
	clock_text(at, m->notice.at_ms);
	notice_write(out, kind->sentence, &words.names);
	if (m->notice.detail.size) {
		buf_write_string(out, "\n");
		buf_write(out, m->notice.detail);
	}
	buf_write_string(out, next[0] ? "\n\n" : "\n");
	notice_write(out, next, &words.names);
	buf_write_string(out, "\n\nSee:  ");
	write_link(out, m, url);
	buf_write_string(out, "\nWhen: ");
	buf_write_string(out, at);
	buf_write_string(out, "\nWho:  ");
	buf_write(out, m->actor_name.size ? m->actor_name : S("the gateway"));
	buf_write_string(out, "\nWhat: ");
	buf_write(out, m->notice.kind);
	buf_write_string(out, "\n\nWhich of these you get by mail you choose at ");
	buf_write(out, url);
	buf_write_string(out, "/api/v1/notifications\n");
}

static void put_id(json_t *object, const char *name, const uint8_t id[STORE_ID])
{
	char text[TEXT_UUID];

	if (is_none(id))
		return;
	text_uuid(text, id);
	json_put_text(object, name, slice_of_string(text));
}

static void put_person(json_t *data, const char *member, const uint8_t id[STORE_ID],
		       struct slice name)
{
	json_t *person;

	if (is_none(id))
		return;
	person = json_object_new();
	put_id(person, "id", id);
	json_put_text(person, "name", name);
	json_put(data, member, person);
}

static json_t *describe(const struct store_message *m, struct slice link)
{
	json_t *data = json_object_new();

	put_id(data, "notice", m->notice.id);
	if (m->notice.model.size)
		json_put_text(data, "model", m->notice.model);
	put_person(data, "person", m->notice.person, m->person_name);
	put_person(data, "actor", m->notice.actor, m->actor_name);
	put_id(data, "request", m->notice.request);
	put_id(data, "license", m->notice.license);
	if (m->notice.detail.size)
		json_put_text(data, "detail", m->notice.detail);
	json_put_text(data, "href", link);
	return data;
}

enum err notice_write_event(struct buf *out, const struct store_message *m, struct slice url)
{
	AUTO(json_auto) json_t *event = json_object_new();
	AUTO(buf_free) struct buf link = buf_new(NOTICE_TEXT_MAX);
	char at[CLOCK_TEXT];

	write_link(&link, m, url);
	TRY(buf_done(&link));
	clock_text(at, m->notice.at_ms);
	json_put_text(event, "type", m->notice.kind);
	json_put_text(event, "timestamp", slice_of_string(at));
	json_put(event, "data", describe(m, buf_slice(&link)));
	return json_write_canonical(out, event);
}

void notice_write_headers(struct buf *out, const struct store_message *m, struct slice body,
			  int64_t now_seconds)
{
	char id[TEXT_UUID], head[TEXT_UUID + 40];
	struct digest mac;

	text_uuid(id, m->id);
	snprintf(head, sizeof head, "%s.%lld.", id, (long long)now_seconds);
	mac = digest_hmac(slice_of(m->secret, STORE_SECRET), slice_of_string(head), body);
	buf_write_string(out, "Content-Type: application/json\nwebhook-id: ");
	buf_write_string(out, id);
	snprintf(head, sizeof head, "\nwebhook-timestamp: %lld", (long long)now_seconds);
	buf_write_string(out, head);
	buf_write_string(out, "\nwebhook-signature: v1,");
	text_write_base64(out, digest_slice(&mac), TEXT_BASE64);
	buf_write_string(out, "\n");
}

void notice_write_secret(struct buf *out, const uint8_t secret[STORE_SECRET])
{
	buf_write_string(out, "whsec_");
	text_write_base64(out, slice_of(secret, STORE_SECRET), TEXT_BASE64);
}

int64_t notice_wait_ms(int64_t attempts)
{
	static const int seconds[] = {5, 30, 120, 600, 1800, 3600, 7200, 10800};
	int64_t last = sizeof seconds / sizeof seconds[0] - 1;
	int64_t step = attempts < 1 ? 0 : attempts - 1 > last ? last : attempts - 1;

	return (int64_t)seconds[step] * 1000;
}
