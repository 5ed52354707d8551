/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_search.h - auditors look for events: pages, counts. Published events only, in the order of
 * the tree. A place is an event's number in the tree * 65536; since events are only ever added
 * behind the last place, a page begun at one is the same page tomorrow. Role sallyport_auditor.
 */
#ifndef SCHEMA_STORE_AUDIT_SEARCH_H
#define SCHEMA_STORE_AUDIT_SEARCH_H

#include "schema/store/audit.h"

enum {
	STORE_AUDIT_MAX_EXPORT = 1000, /* events of a page of an export */
	STORE_AUDIT_MAX_GROUPS = 10000,
	STORE_AUDIT_WALK = 4000,     /* events a page looks at, at least, where no index tells */
	STORE_AUDIT_WALK_LIST = 500, /* if it is merged: of each class */
	STORE_AUDIT_CATCH_UP = 2000,
	STORE_AUDIT_PLACES = 65536, /* for each number of the tree */
};

/* All that is given must hold. Empty, none and 0 match any. */
struct store_audit_filter {
	struct slice actor;       /* name or id */
	struct slice institution; /* name or id: whose member the actor was when it happened */
	struct slice region;      /* country of such an institution, "DE" */
	struct slice model;       /* "ns/name", or "ns/<star>" */
	uint8_t license[STORE_ID];
	struct slice right;
	struct slice decision;  /* "allow" or "deny" */
	struct slice code;      /* "OK", "NOT_GRANTED" ... */
	struct slice kinds;     /* whole names, comma-separated; one of them */
	struct slice address;   /* a range as address_range_write() leaves it */
	struct slice text;      /* stands in the payload, whatever the case of its letters */
	int64_t from_ms, to_ms; /* [from, to) */
	bool is_narrow;         /* only events about these models: */
	struct slice models;    /* names, or "ns/<star>", comma-separated; empty: none */
};

/* Where to look: the places of published events that can lie in the filter's time. */
struct store_audit_bounds {
	int64_t first, end;    /* [first, end) */
	uint64_t published;    /* size of the newest checkpoint */
	uint64_t is_behind_by; /* published entries that cannot be found yet */
};

/* Takes in what was numbered since, up to STORE_AUDIT_CATCH_UP entries, so that what an auditor
 * has seen done is found. */
RESULT store_audit_bounds(struct store *s, struct store_audit_bounds *out,
			  const struct store_audit_filter *filter);

/* For a job: take in up to `most` more entries; *left: how many there are still. */
RESULT store_audit_catch_up(struct store *s, uint64_t *left, unsigned most);

struct store_found {
	struct store_event event; /* payload empty: erased */
	int64_t place;
	struct slice address;
	int64_t tokens, bytes;
};

struct store_audit_page {
	struct store_found *events; /* in the arena */
	size_t count;
	bool has_more;
	int64_t cursor; /* of the next page, if has_more */
};

struct store_audit_query {
	struct store_audit_filter filter;
	struct store_audit_bounds bounds;
	bool is_forward; /* the oldest first */
	bool has_cursor;
	int64_t cursor; /* the place before the first wanted, in the order asked for */
	unsigned limit; /* 1..STORE_AUDIT_MAX_EXPORT */
};

/* A page may hold fewer events than `limit`, or none, and yet have a next one: a text, and what no
 * index tells of two filters together, is looked for in so many events a page. */
RESULT store_audit_find(struct store *s, struct arena *arena, struct store_audit_page *out,
			const struct store_audit_query *query);

#define STORE_AUDIT_GROUPINGS(X) \
	X(DAY, "day") \
	X(HOUR, "hour") \
	X(MODEL, "model") \
	X(INSTITUTION, "institution") \
	X(REGION, "region") \
	X(PERSON, "person") \
	X(LICENSE, "license") \
	X(RIGHT, "right") \
	X(KIND, "kind") \
	X(DECISION, "decision") \
	X(CODE, "code")

#define STORE_AUDIT_ENUM(name, text) STORE_AUDIT_BY_##name,
enum store_audit_by { STORE_AUDIT_GROUPINGS(STORE_AUDIT_ENUM) };
#undef STORE_AUDIT_ENUM

/* False: there is no such grouping. */
bool store_audit_by_of(enum store_audit_by *out, struct slice name);

struct store_audit_group {
	struct slice key; /* empty: events that have none */
	struct slice id;  /* of a person or an institution */
	int64_t count, tokens, bytes;
};

/* The largest groups first; of times, the earliest. Texts are not looked for: ERR_UNSUPPORTED.
 * An event whose actor was of two institutions counts for both,
 * and twice for a region that both are of; of persons without any for none. */
RESULT store_audit_summary(struct store *s, struct arena *arena, struct store_audit_group **out,
			   size_t *count, const struct store_audit_query *query,
			   enum store_audit_by by);

#endif
