/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.h - file keys in porters. One release serves all ranges that one client asks of one
 * file under one license for ten minutes: the keeper gives the key once, the porter keeps it
 * under a handle, and this table remembers which porter and which handle.
 */
#ifndef GATEWAY_API_RELEASE_H
#define GATEWAY_API_RELEASE_H

#include "gateway/api/authorize.h"

enum { RELEASE_SECONDS = 600, RELEASE_MAX = 4096 };

struct releases;

struct release {
	unsigned porter;
	uint64_t handle;
	uint8_t event[WIRE_ID]; /* the key.release entry */
};

struct releases *releases_new(void);
void releases_free(struct releases *r);

/* The release for the grant's file: one that still holds (the decision is recorded), or a new one,
 * decided, logged and published before the keeper is asked. Who asks for one that is being made
 * waits for it. ERR_DENIED: it was dropped meanwhile. */
RESULT release_file(struct release *out, struct exchange *x, struct route_context *context,
		    const struct grant *grant);

/* Forget what a license (or a model, to anybody) released: running transfers end, one that is being
 * made comes to nothing, the next asks anew. */
void releases_drop_license(struct api *api, const uint8_t license[STORE_ID]);
void releases_drop_model(struct api *api, const uint8_t model[STORE_ID]);

/* A porter that is up, in turn. ERR_UNAVAILABLE: none is. */
RESULT release_pick_porter(unsigned *out, struct api *api);

#endif
