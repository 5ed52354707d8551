/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_file.h - one file of a revision comes down into its part, ".sallyport-part-<id>": resumed
 * where it ends, tried again with growing pauses, checked from its first byte to its last. The id
 * is of path and content, so that a part never goes on as something else. A part gets its final
 * name elsewhere (pull.c), once every file of the revision is right.
 */
#ifndef GATEWAY_CLI_PULL_FILE_H
#define GATEWAY_CLI_PULL_FILE_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/digest.h"
#include "gateway/cli/client.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/tree.h"

enum { PULL_PART_ID = 32, PULL_PART_NAME = sizeof TREE_PART_PREFIX + PULL_PART_ID };

struct pull_item {
	const struct tree_file *file;
	char part[PULL_PART_NAME];
	bool is_there;        /* under its final name, and right */
	struct digest sha256; /* of what is there or in the part */
};

/* What the connections of a pull share. */
struct pull_shared {
	int dir;
	const char *model;    /* encoded */
	const char *revision; /* 40 digits */
	pthread_mutex_t lock; /* of progress and received */
	struct progress progress;
	uint64_t received;
	atomic_bool is_stopped; /* another connection failed */
};

/* One connection: used by one thread. */
struct pull_line {
	struct pull_shared *shared;
	struct client *client;
	struct arena arena;
	uint8_t *piece;
};

void pull_item_init(struct pull_item *out, const struct tree_file *file);

/* ERR_FORGED: what came is not what the revision lists; ERR_DENIED; ERR_UNAVAILABLE and its like
 * after about a minute without a byte. */
RESULT pull_file_fetch(struct pull_line *line, struct pull_item *item);

#endif
