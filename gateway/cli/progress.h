/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - how far it is, on standard error, while bytes move: a bar on a terminal; elsewhere
 * a plain line every few seconds, and none for what takes less.
 */
#ifndef GATEWAY_CLI_PROGRESS_H
#define GATEWAY_CLI_PROGRESS_H

#include "crypto/base/slice.h"

enum { PROGRESS_LINE = 256 };

struct progress {
	const char *what; /* "sealing model.safetensors"; borrowed */
	uint64_t total;
	uint64_t done;
	int64_t began_ms;
	int64_t shown_ms;
	bool is_visible; /* a bar; else lines */
	bool is_shown;   /* the bar stands there now */
};

struct progress progress_begin(const char *what, uint64_t total);
void progress_add(struct progress *p, uint64_t bytes);
void progress_end(struct progress *p); /* the line is done */

/* A line of its own, above the bar if there is one. */
void progress_say(struct progress *p, const char *text);

/* One of several files is done: a line of its own where there is no bar. */
void progress_file(struct progress *p, const char *path, uint64_t bytes);

void progress_note(struct progress *p, const char *path, const char *what); /* "path: what" */

/* The line itself, for `elapsed_ms` so far:
 * "sealing model.safetensors  [#####     ]  50%  1.5 of 3.0 GB  210 MB/s" */
void progress_line(char out[PROGRESS_LINE], const struct progress *p, int64_t elapsed_ms);

enum { PROGRESS_AMOUNT = 24 };
void progress_amount(char out[PROGRESS_AMOUNT], double bytes); /* "1.5 GB" */

#endif
