/* SPDX-License-Identifier: Apache-2.0 */
/* recorder_none.c - in the place of recorder.c in bench_edge_unlogged, the peer of
 * bench_first_token.py: an edge whose single calls leave nothing in the log. Never installed. */
#include <stdlib.h>

#include "gateway/api/recorder.h"

struct recorder {
	struct store *stores[RECORDER_CONNECTIONS];
};

struct recorder *recorder_new(struct store *const stores[RECORDER_CONNECTIONS])
{
	struct recorder *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	for (size_t i = 0; i < RECORDER_CONNECTIONS; i++)
		r->stores[i] = stores[i];
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RECORDER_CONNECTIONS; i++)
		store_free(r->stores[i]);
	free(r);
}

enum err recorder_write(struct recorder *r, const struct store_record *record)
{
	(void)r;
	(void)record;
	return OK;
}
