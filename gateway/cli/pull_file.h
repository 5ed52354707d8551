/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_file.h - one file of a revision comes down into its part, ".sallyport-part-<id>", in pieces
 * that several connections fetch at a time; ".sallyport-part-<id>.map" tells how far each is
 * (pull_map.h). Pieces are tried again with growing pauses, hashed in order as they become whole,
 * and the file's hash decides. The id is of path and content, so that a part never goes on as
 * something else. A part gets its final name elsewhere (pull.c), once every file is right.
 */
#ifndef GATEWAY_CLI_PULL_FILE_H
#define GATEWAY_CLI_PULL_FILE_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/bulk.h"
#include "gateway/cli/client.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/pull_map.h"
#include "gateway/cli/tree.h"

enum { PULL_PART_ID = 32, PULL_PART_NAME = sizeof TREE_PART_PREFIX + PULL_PART_ID + 4 };

enum pull_state {
	PULL_MISSING, /* nothing is open */
	PULL_OPEN,    /* its part and its map are */
	PULL_THERE,   /* under its final name, and right */
	PULL_READY,   /* whole and right, in its part */
};

/* Who claims what, and when it is hashed, pull_work.c decides; the fields for that are its own. */
struct pull_item {
	const struct tree_file *file;
	enum pull_state state;
	char part[PULL_PART_NAME];
	char map_name[PULL_PART_NAME];
	int fd, map_fd;
	struct pull_map map;
	struct bulk *bulk;
	struct digest sha256; /* of what is there, or in the part */
	bool is_foreign;      /* another file has its name, and no pull put it there */
	bool was_begun;       /* an earlier run left a part */
	bool is_hashing;
	bool *claimed; /* of each piece */
	size_t hashed; /* pieces */
};

/* What the connections of a pull share. */
struct pull_shared {
	int dir;
	const char *model;    /* encoded */
	const char *revision; /* 40 digits */
	const json_t *record; /* place_record_read */
	uint64_t limit_rate;  /* bytes a second of each connection; 0: none */
	pthread_mutex_t lock; /* of progress, received, retries, and in pull_work.c of the items */
	pthread_cond_t changed;
	struct progress progress;
	uint64_t received;
	unsigned retries;
	atomic_bool is_stopped;      /* another connection failed */
	client_stop_fn *interrupted; /* Ctrl-C; may be NULL */
};

/* One connection: used by one thread. */
struct pull_line {
	struct pull_shared *shared;
	struct client *client;
	struct arena arena;
	uint8_t *piece;
};

void pull_item_init(struct pull_item *out, const struct tree_file *file);
void pull_item_clear(struct pull_item *item);

/* What stands under the file's final name: sets THERE, or is_foreign. */
RESULT pull_item_look(struct pull_line *line, struct pull_item *item);

/* Bytes that earlier runs have not brought: reads what their map says. */
uint64_t pull_item_missing(const struct pull_shared *s, struct pull_item *item);

/* MISSING -> OPEN: the part, and what its map says. */
RESULT pull_item_open(const struct pull_shared *s, struct pull_item *item);

/* The rest of a piece. ERR_FORGED: what comes is not what the revision lists; ERR_DENIED;
 * ERR_UNAVAILABLE and its like after about a minute without a byte. */
RESULT pull_item_fetch(struct pull_line *line, struct pull_item *item, size_t index);

/* The next piece, in order. */
RESULT pull_item_hash(struct pull_line *line, struct pull_item *item, size_t index);

/* All pieces are hashed: is it what the log says? Then it is kept, and nothing is open any more. */
RESULT pull_item_finish(struct pull_item *item, bool *good);

/* It is not: nothing of it is left. *again: an earlier run's part was damaged, and it begins anew;
 * else ERR_FORGED. */
RESULT pull_item_reject(struct pull_item *item, bool *again);

#endif
