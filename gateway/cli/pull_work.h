/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_work.h - who does what in a pull: connections, a thread each, take the next piece that
 * nobody has, file after file; whoever makes the next piece in order whole hashes it, while the
 * others go on. The first failure stops all.
 */
#ifndef GATEWAY_CLI_PULL_WORK_H
#define GATEWAY_CLI_PULL_WORK_H

#include "gateway/cli/pull_file.h"

struct pull_work {
	struct pull_shared shared;
	struct client *client; /* what the connections are copies of; gets their refusal */
	struct pull_item *items;
	size_t count;
	size_t jobs;
	size_t next;       /* to be looked at */
	size_t first_open; /* all before it are THERE or READY */
	enum err result;   /* the first that was not OK, and its text */
	char why[FAILURE_MAX_TEXT];
};

/* pull_item_look at all of them. */
RESULT pull_work_look(struct pull_work *w);

/* Until each is THERE or READY. */
RESULT pull_work_fetch(struct pull_work *w);

#endif
