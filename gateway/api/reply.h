/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.h - answers, in the three dialects our clients speak: problem+json (RFC 9457) under
 * /api/v1 and by default, the Hub's {"error"} with X-Error-* headers on the Hub surface, and
 * OpenAI's error object under /v1 and for /tokenize. Which one, the path decides; handlers only
 * name the code.
 */
#ifndef GATEWAY_API_REPLY_H
#define GATEWAY_API_REPLY_H

#include <jansson.h>

#include "crypto/base/buf.h"
#include "gateway/edge/exchange.h"
#include "policy/decide.h"

/* Takes `body` over. */
void reply_json(struct exchange *x, unsigned status, json_t *body);
void reply_list(struct exchange *x, const char *name, json_t *list); /* 200 {name: list}, too */
void reply_text(struct exchange *x, unsigned status, const char *type, struct slice text);
void reply_empty(struct exchange *x, unsigned status);

/* A refusal: the code's status, and this sentence (NULL: the code's own). `param` is the field at
 * fault (OpenAI's error.param), NULL for none. */
void reply_code(struct exchange *x, enum code code, const char *sentence, const char *param);

/* 429, with what the Hub's Python client reads to know how long to wait. `at_once`: how many of
 * these may run at a time; the client is to come again in a second. */
void reply_busy(struct exchange *x, const char *sentence, unsigned at_once);

/* 503 with the seconds to wait: MODEL_NOT_READY. */
void reply_not_ready(struct exchange *x, const char *sentence, unsigned seconds);

/* 429 with the seconds to wait. */
void reply_later(struct exchange *x, const char *sentence, int64_t seconds);

/* A denied decision: as reply_code, with what is missing and where to get it. `model` may be
 * empty. On the Hub surface this is GatedRepo with X-HF-Warning, which its clients show. */
void reply_denied(struct exchange *x, const struct decision *decision, struct slice model);

/* A recalled revision: MODEL_DISABLED, with what the recall says; on the Hub surface in
 * X-HF-Warning, since its clients know a disabled model by one exact message. */
void reply_recalled(struct exchange *x, struct slice reason);

/* Refused since a quota has not enough left: how much of it is, and in wait_seconds (0: never) it
 * begins anew. `model` may be empty. Its RateLimit headers are the caller's. */
void reply_quota(struct exchange *x, const struct decision *decision,
		 const struct quota_fact *quota, struct slice model, int64_t wait_seconds);

/* Does the asker expect the Hub's answers and headers? */
bool reply_speaks_hub(const struct exchange *x);

/* [{"need","href"}]: what a denied decision lacks, and where to get it. */
json_t *reply_missing(const struct decision *decision);

/* What a failure of our own modules means to a client: kind -> code, failure_text() -> sentence. */
void reply_failure(struct exchange *x, enum err kind);

/* The same as an object, for an answer about several things: {"code","status","detail"}. */
json_t *reply_describe_failure(enum err kind);

/* The Hub's own refusals: RepoNotFound, RevisionNotFound, EntryNotFound. */
void reply_hub(struct exchange *x, unsigned status, const char *error_code, const char *sentence);

/* The body of an answer that no route made (400, 404, 405, 503 ...): pure, runs on the loop. A
 * problem, and with it the "error" that the clients of that path look for. */
void reply_write_problem(struct buf *out, unsigned status, const char *reason,
			 const char *request_id, struct slice path);

#endif
