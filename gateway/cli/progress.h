/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - a bar on standard error while bytes move; silent where that is no terminal. */
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
	bool is_visible;
};

struct progress progress_begin(const char *what, uint64_t total);
void progress_add(struct progress *p, uint64_t bytes);
void progress_end(struct progress *p); /* the line is done */

/* The line itself, for `elapsed_ms` so far:
 * "sealing model.safetensors  [#####     ]  50%  1.5 of 3.0 GB  210 MB/s" */
void progress_line(char out[PROGRESS_LINE], const struct progress *p, int64_t elapsed_ms);

#endif
