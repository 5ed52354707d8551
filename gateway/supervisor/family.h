/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.h - the children: started, joined by channels, restarted, stopped.
 *
 *            spawn              READY             exit
 *   WAITING ------> STARTING ----------> RUNNING ------> WAITING (100 ms, doubling up to 30 s;
 *      ^                |                                   from the start again after 60 s
 *      +----------------+  exit                             of health; an engine that leaves
 *                                                           in order is back at once)
 *   any of them -- family_stop --> GONE
 */
#ifndef GATEWAY_SUPERVISOR_FAMILY_H
#define GATEWAY_SUPERVISOR_FAMILY_H

#include <poll.h>
#include <sys/types.h>

#include "gateway/proc/channel.h"
#include "gateway/proc/settings.h"
#include "gateway/supervisor/listener.h"

enum {
	FAMILY_MAX = 3 + 3 * ROLE_MAX_INDEX, /* keeper, scribe, courier; edges, porters, engines */
	FAMILY_STOP_SPARE_MS = 2000, /* for edges, after their streams: what they have to write */
	FAMILY_BACKOFF_FIRST_MS = 100,
	FAMILY_BACKOFF_MOST_MS = 30 * 1000,
	FAMILY_HEALTHY_MS = 60 * 1000,
	FAMILY_CLOSED_MS = 5000,   /* from the end of its channel to that of the process */
	FAMILY_START_ATTEMPTS = 5, /* of one child, until all have been ready once */
};

enum child_state { CHILD_WAITING, CHILD_STARTING, CHILD_RUNNING, CHILD_GONE };

struct child {
	enum role role;
	unsigned index;
	enum child_state state;
	pid_t pid;              /* 0: none */
	struct channel control; /* our end */
	int64_t started_ms;
	int64_t start_at_ms; /* WAITING: when */
	int64_t backoff_ms;  /* the next delay */
	int64_t end_by_ms;   /* it has closed its channel: when it is killed; 0: it has not */
	unsigned failures;   /* exits in a row before READY */
	bool is_at_work;     /* an engine: it wants cores */
};

struct family {
	const struct settings *settings;
	const char *config_path;
	int programs[ROLE_COUNT];          /* -1: none */
	const struct listeners *listeners; /* one for each edge */
	bool was_ready;                    /* all RUNNING at the same time, once */
	size_t count;
	struct child children[FAMILY_MAX];
	struct channel_inbox *inbox;
};

/* Fills the table and opens the programs; nothing is started. The strings, the settings and the
 * listeners are borrowed. */
RESULT family_init(struct family *f, const struct settings *s, const char *config_path,
		   const char *program_directory, const struct listeners *listeners);
void family_clear(struct family *f); /* after family_stop */

/* Starts every child whose time has come. */
RESULT family_start_due(struct family *f);

/* How long poll may sleep until the next child is due; -1: none is. */
int family_wait_ms(const struct family *f);

/* The control channels for poll, and what to do when one of them is readable. */
size_t family_list(const struct family *f, struct pollfd *out);
void family_receive(struct family *f, int fd);

/* Sets when a child that ended with this wait status is started again: family_reap does so. */
void family_plan_return(struct child *c, int status, int64_t now_ms);

/* Collects every child that ended, tells its peers, and plans its return. ERR_UNAVAILABLE: a
 * child fails to start again and again before the family was ever whole. */
RESULT family_reap(struct family *f);

/* True once: when the last child has said READY for the first time. */
bool family_became_ready(struct family *f);

/* STOP to the edges, which have drain_seconds, then to the rest; who does not leave is killed.
 * When it returns there is no child. */
void family_stop(struct family *f);

#endif
