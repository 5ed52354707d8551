/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - what the routes share. `struct api` is made once and is the same for all workers;
 * `struct route_context` belongs to one worker thread and holds its database connections.
 */
#ifndef GATEWAY_API_API_H
#define GATEWAY_API_API_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/token.h"
#include "gateway/api/clock_watch.h"
#include "gateway/api/metrics.h"
#include "gateway/api/recorder.h"
#include "gateway/api/signin/hashing.h"
#include "gateway/edge/exchange.h"
#include "gateway/proc/rpc.h"
#include "schema/audit/event.h"
#include "schema/store/access.h"
#include "schema/store/audit.h"
#include "schema/store/credential.h"
#include "schema/wire/keeper.h"

enum {
	API_CALL_MS = 15000,    /* an answer of keeper, scribe or porter */
	API_LOAD_MS = 600000,   /* an engine loads a model */
	API_LICENSE_DAYS = 365, /* of a license whose approval says nothing else */
	API_TOKEN_DAYS = 365,
	API_MAX_JSON = 256 * 1024, /* bodies of /api/v1 */
	API_MAX_DAYS = 3650,
	API_MAX_REASON = 2000,
	API_MAX_WORKERS = 256,
	API_AUDITORS = 4,
	API_COUNT_MS = 60000,
	API_STATE_MS = 1000, /* how old what we know of the log's state may be */
};

/* The keeper's public keys, as last heard. */
struct api_keys {
	uint32_t generation; /* of the keeper that told them; 0: none yet */
	struct token_key token;
	uint8_t license_public[32];
	char log_vkey[WIRE_MAX_VKEY + 1];
	char escrow[WIRE_MAX_RECIPIENT + 1];
	char visa_jwks[WIRE_MAX_JWKS + 1]; /* that visas of ours are signed with */
};

struct api {
	const struct settings *settings;
	unsigned index; /* which edge this is */
	struct rpc *rpc;
	const struct process *process;
	int log_directory; /* read-only: checkpoint, tile/... */
	struct releases *releases;
	struct upload_keys *upload_keys;
	struct slots *slots;
	struct country_table *countries; /* of addresses; NULL: the operator has none */
	struct client_authorities client_authorities; /* of gateway.client_ca */
	struct passes *passes;
	struct running *running;
	struct hashing hashing;       /* passwords */
	struct oidc *oidc;            /* identity providers */
	struct witnesses *witnesses;  /* of the log; NULL: none */
	struct cuts *cuts;            /* what runs, and on whose right */
	struct lease *lease;          /* of what this edge may rely on */
	struct quota *quota;          /* uses that are still to be settled */
	struct facts *facts;          /* what decisions rest on, while it surely holds */
	struct recorder *recorder;    /* of what single calls leave in the log */
	_Atomic int imports;          /* that are running */
	_Atomic int exports;          /* of the log, that are running */
	_Atomic int lives;            /* auditors who watch the log as it grows */
	_Atomic int64_t sweep_due_ms; /* when seal_sweep has work again */
	uint8_t capability_key[32];   /* of upload addresses, derived from the TLS key */
	pthread_mutex_t keys_lock;
	struct api_keys keys;         /* under keys_lock */
	_Atomic int64_t state_due_ms; /* when the log's state is asked for again */
	atomic_bool is_read_only;
	atomic_bool is_full;          /* no room on a disk that entries need */
	atomic_uint refused_full;     /* calls, since the log was told of it last */
	_Atomic int64_t count_due_ms; /* when strangers' calls are told again */
	atomic_uint anonymous_calls, refused_tokens;
	struct metrics metrics;
	struct clock_watch clock; /* the thread of the jobs looks */
	/* Role sallyport_auditor: reads the log's payloads, nothing else. Few, since the database
	 * has only so many connections; who finds none waits. */
	pthread_mutex_t auditors_lock;
	pthread_cond_t auditors_changed;
	struct store *auditors[API_AUDITORS];
	size_t auditor_count;
	pthread_mutex_t workers_lock;
	struct route_context *workers[API_MAX_WORKERS]; /* prepared, not yet taken */
	size_t worker_count;
	struct store *lease_store;           /* until the lease has it */
	struct store *release_store;         /* until the releases have it */
	struct route_context *jobs_context;  /* until the jobs have it */
	struct route_context *slots_context; /* until the slots have it */
};

struct route_context {
	struct api *api;
	struct store *store; /* role sallyport_edge */
};

/* Before the sandbox, which then forbids to read password files: one context for each worker, one
 * for the jobs, and the connection of the lease. */
RESULT api_workers_prepare(struct api *api, size_t count);

/* A connection of the auditor's role; give it back. */
struct store *api_auditor_take(struct api *api);
void api_auditor_return(struct api *api, struct store *auditor);

/* For facts_options: what this edge's lease has confirmed. `context` is the struct api. */
uint64_t api_epoch(const void *context);

/* For edge_options: shared is the struct api. */
struct route_context *api_worker_new(void *shared);
void api_worker_free(struct route_context *context);

/* The keeper's keys, asked for anew when the keeper is another process than before.
 * ERR_UNAVAILABLE: no keeper, or it is sealed. */
RESULT api_keys_get(struct api_keys *out, struct api *api);

/* Ask the keeper, against an entry. ERR_UNAVAILABLE also if the entry is of an earlier life of the
 * keeper, or too old by now: the act needs a new one. */
RESULT api_ask_keeper(struct rpc_reply *out, struct api *api, enum wire_type type,
		      struct slice body);

/* Wait until the event stands under a published checkpoint (class A). ERR_UNAVAILABLE. */
RESULT api_publish(struct api *api, const uint8_t event[WIRE_ID]);

/* May entries be written? ERR_UNAVAILABLE: the gateway is read-only (a restored backup), or a disk
 * that entries need is full; this is at most a second old. Routes that lead to an entry ask before
 * they do anything. */
RESULT api_may_log(struct exchange *x, struct route_context *context);

/* The end of a class A act: its entry joins the transaction, the whole is committed, and the entry
 * published. If that fails, the act stands, and its entry follows. */
RESULT api_commit(struct route_context *context, struct audit_event *event);

/* The same, and the answer names the entry as its X-Audit-Receipt: once an answer. */
RESULT api_finish(struct exchange *x, struct route_context *context, struct audit_event *event);

/* End the event, insert it (in the current transaction, if there is one). */
RESULT api_log(struct store *store, struct audit_event *event);

/* The same for an event of a single call (class B), committed together with those of others:
 * durable when it returns; with it the sums of use, if any. Not for kinds that notices tell of. */
RESULT api_record(struct api *api, struct audit_event *event, const struct store_usage *usage);
/* The same, where there are many callers and nobody waits for it: recorder_linger. */
RESULT api_record_late(struct api *api, struct audit_event *event, const struct store_usage *usage);
/* What api_record and authorize_log end in: waits, and counts how long. */
RESULT api_write(struct api *api, const struct store_record *record);

/* Small things every route needs. */
const char *api_uuid(struct arena *arena, const uint8_t id[16]); /* text form */
const char *api_time(struct arena *arena, int64_t ms);           /* RFC 3339 */
const char *api_hex(struct arena *arena, struct slice bytes);
const char *api_base64(struct arena *arena, struct slice bytes);
RESULT api_param_uuid(uint8_t out[16], const struct exchange *x, const char *name);
struct slice api_query(struct exchange *x, const char *name); /* "" if absent or broken */

/* The body as one JSON object; refuses with the reason. NULL: it has answered. */
json_t *api_body(struct exchange *x);

/* The same, where nothing in it is needed and it may be left out. */
json_t *api_body_or_none(struct exchange *x);

/* "reason" of such a body: ERR_FORMAT if it is longer than API_MAX_REASON. */
RESULT api_reason(struct slice *out, const json_t *body);

#endif
