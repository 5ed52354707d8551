/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.h - file keys in porters. One release serves all ranges that one client asks of one
 * file under one license for ten minutes: the keeper gives the key once, the porter keeps it
 * under a handle, and this table remembers which porter and which handle. A release ends when its
 * time is over, when it is withdrawn, or soon after the whole file was sent; a download.end entry
 * then tells what was sent on it. Several edges have a table each.
 */
#ifndef GATEWAY_API_DOWNLOAD_RELEASE_H
#define GATEWAY_API_DOWNLOAD_RELEASE_H

#include "gateway/api/authorize.h"

enum {
	RELEASE_MAX = 4096,
	RELEASE_WHOLE_MS = 2000, /* one whose file was sent whole ends when it is idle so long */
};

struct releases;

struct release {
	unsigned porter;
	uint64_t handle;
	uint8_t event[WIRE_ID]; /* the key.release entry */
	unsigned row;           /* of the table */
};

struct releases *releases_new(void);
void releases_free(struct releases *r);

/* A thread that ends releases and writes their entries; after the sandbox. Stopping, it writes all
 * that are open: when the last transfer has ended. */
RESULT releases_start(struct api *api);
void releases_stop(struct api *api);

/* The release for the grant's file: one that still holds (the decision is recorded), or a new one,
 * decided, logged and published before the keeper is asked. Who asks for one that is being made
 * waits for it. The caller leaves it when the transfer has ended. ERR_DENIED: it was dropped
 * meanwhile. */
RESULT release_file(struct release *out, struct exchange *x, struct route_context *context,
		    const struct grant *grant);

/* So many bytes were sent, from `first` on; 0: the transfer came to nothing. */
void release_leave(struct api *api, const struct release *release, uint64_t first, uint64_t sent);

/* Forget what a license (or a model, to anybody) released: running transfers end, one that is being
 * made comes to nothing, the next asks anew. */
void releases_drop_license(struct api *api, const uint8_t license[STORE_ID]);
void releases_drop_model(struct api *api, const uint8_t model[STORE_ID]);
void releases_drop_revision(struct api *api, const uint8_t subject[STORE_ID]);
void releases_drop_all(struct api *api);

/* A porter that is up, in turn. ERR_UNAVAILABLE: none is. */
RESULT release_pick_porter(unsigned *out, struct api *api);

#endif
