/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - notices on their way: spread to persons and webhooks, taken to be sent, tried again.
 * One that is taken comes back by itself when whoever took it does not say how it went: it is sent
 * at least once, and has the same id each time.
 */
#ifndef SCHEMA_STORE_MESSAGE_H
#define SCHEMA_STORE_MESSAGE_H

#include "schema/store/notice.h"

enum { STORE_SECRET = 32, STORE_MESSAGE_MAX_PROBLEM = 500 };

/* Notices that nobody is named for yet, the oldest first. */
RESULT store_notice_new(struct store *s, struct arena *arena, struct store_notice **out,
			size_t *count, int64_t most);

/* Who gets it. */
struct store_spread {
	uint8_t notice[STORE_ID];
	bool to_person, to_actor, to_holders; /* whom it is about; though they did it; licensees */
	struct slice offices; /* comma-separated: whose holders (on its model) get it */
	bool has_mail;        /* there is a mail server: else webhooks only */
};

/* All its messages, once; the notice is not new any more. What has been overtaken (a license that
 * was never issued, or is renewed, as revoked) goes to nobody. */
RESULT store_notice_spread(struct store *s, const struct store_spread *spread);

struct store_message {
	uint8_t id[STORE_ID];
	int64_t attempts;           /* with this one */
	struct store_notice notice; /* its person is whom it is about, wherever that stood */
	struct slice person_name, actor_name; /* may be empty */
	uint8_t recipient[STORE_ID];          /* none: a webhook */
	struct slice email;
	uint8_t webhook[STORE_ID]; /* none: mail */
	struct slice url;
	uint8_t secret[STORE_SECRET];
};

/* Up to `most` that are due, of each webhook one at most; they come back in two minutes. */
RESULT store_message_take(struct store *s, struct arena *arena, struct store_message **out,
			  size_t *count, int64_t most);

struct store_outcome {
	bool is_sent;
	bool is_hopeless; /* no other try can end otherwise */
	int64_t wait_ms;  /* until the next try */
	unsigned status;  /* as the other side gave it; 0: none */
	struct slice problem;
};

/* How it went. *has_failed: it will not be tried again. */
RESULT store_message_done(struct store *s, const struct store_message *message,
			  const struct store_outcome *outcome, bool *has_failed);

/* An endpoint to which nothing has come through for most of twelve hours is used no more (or at
 * once). *is_changed: it was in use. */
RESULT store_webhook_disable(struct store *s, const uint8_t id[STORE_ID], bool at_once,
			     bool *is_changed);

/* Notices of more than `days` days ago, with their messages, are forgotten. */
RESULT store_notice_sweep(struct store *s, int64_t days);

struct store_webhook {
	uint8_t id[STORE_ID];
	struct slice url;
	uint8_t secret[STORE_SECRET]; /* in only */
	struct slice kinds;           /* comma-separated */
	struct slice model;           /* may be empty */
	struct slice state;           /* active, disabled; out only */
	int64_t failing_ms;           /* since; 0: it is not */
	int64_t created_ms;
	uint8_t created_by[STORE_ID];
};

RESULT store_webhook_add(struct store *s, const struct store_webhook *webhook);
RESULT store_webhook_list(struct store *s, struct arena *arena, struct store_webhook **out,
			  size_t *count);
RESULT store_webhook_get(struct store *s, struct arena *arena, struct store_webhook *out,
			 const uint8_t id[STORE_ID]);
RESULT store_webhook_remove(struct store *s, const uint8_t id[STORE_ID]);

struct store_sent { /* one message to a webhook, as its log tells it */
	uint8_t id[STORE_ID];
	struct slice kind, state, problem;
	int64_t attempts, status, changed_ms, next_ms;
};

/* The last hundred, the newest first. */
RESULT store_webhook_log(struct store *s, struct arena *arena, struct store_sent **out,
			 size_t *count, const uint8_t id[STORE_ID]);

struct store_choice {
	struct slice kind; /* a pattern: notice_kinds.h */
	bool mail;
};

/* What this person wants by mail, in place of what was said before. */
RESULT store_choice_set(struct store *s, const uint8_t person[STORE_ID],
			const struct store_choice *choices, size_t count);
RESULT store_choice_list(struct store *s, struct arena *arena, struct store_choice **out,
			 size_t *count, const uint8_t person[STORE_ID]);

#endif
