/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload_keys.h - the file keys of unfinished uploads, in porters that seal their parts. A porter
 * gets one against a key.create entry when the upload begins, and against a key.resume entry
 * whenever another porter (or a fresh one, or this one after ten minutes) goes on with it. This
 * table remembers which porter has which key under which handle.
 */
#ifndef GATEWAY_API_UPLOAD_UPLOAD_KEYS_H
#define GATEWAY_API_UPLOAD_UPLOAD_KEYS_H

#include "gateway/api/api.h"
#include "schema/store/upload.h"

enum { UPLOAD_KEYS_MAX = 512, UPLOAD_KEYS_SECONDS = 600 };

struct upload_keys;

struct upload_key {
	unsigned porter;
	uint64_t handle;
};

struct upload_keys *upload_keys_new(void);
void upload_keys_free(struct upload_keys *k); /* NULL is fine */

/* A porter, in turn, that has the key by now. */
RESULT upload_key_get(struct upload_key *out, struct exchange *x, struct route_context *context,
		      const struct store_upload *upload);

/* What key.create gave away, so that it need not be resumed at once. */
void upload_key_remember(struct api *api, const uint8_t upload[STORE_ID],
			 const struct upload_key *key);

/* The upload is over: porters forget its key. */
void upload_keys_drop(struct api *api, const uint8_t upload[STORE_ID]);

#endif
