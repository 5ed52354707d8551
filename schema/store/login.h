/* SPDX-License-Identifier: Apache-2.0 */
/* login.h - sign-ins that are under way: at an identity provider, or on a device. */
#ifndef SCHEMA_STORE_LOGIN_H
#define SCHEMA_STORE_LOGIN_H

#include "schema/store/store.h"

enum { STORE_SHA256_BYTES = 32, STORE_MAX_LOGINS = 10000 };

/* On its way to a provider and back. */
struct store_oidc_login {
	uint8_t state_sha256[STORE_SHA256_BYTES];
	struct slice provider, nonce, verifier;
	bool has_code; /* an invitation came with it: */
	uint8_t code_sha256[STORE_SHA256_BYTES];
	struct slice back; /* a path of ours */
	int64_t expires_ms;
};

/* ERR_LIMIT: STORE_MAX_LOGINS are under way. */
RESULT store_oidc_begin(struct store *s, const struct store_oidc_login *login, int64_t now_ms);

/* Taken out: nobody comes back twice. ERR_NOT_FOUND. */
RESULT store_oidc_end(struct store *s, struct arena *arena, struct store_oidc_login *out,
		      const uint8_t state_sha256[STORE_SHA256_BYTES], struct slice provider,
		      int64_t now_ms);

/* A device that waits for its person. */
struct store_device {
	uint8_t device_sha256[STORE_SHA256_BYTES];
	struct slice user_code, client, address;
	struct slice state; /* pending, approved, denied, taken */
	uint8_t person[STORE_ID];
	struct slice rights, models, addresses; /* of the token it gets; comma-separated or empty */
	int64_t token_expires_ms;
	int64_t expires_ms;
	int64_t polled_ms; /* 0: not yet */
	int64_t interval_seconds;
};

RESULT store_device_begin(struct store *s, const struct store_device *device, int64_t now_ms);

/* By the code its person typed, while it waits. ERR_NOT_FOUND. */
RESULT store_device_by_user_code(struct store *s, struct arena *arena, struct store_device *out,
				 struct slice user_code, int64_t now_ms);

/* Approved (with person, scope and end) or denied. ERR_NOT_FOUND: somebody was faster. */
RESULT store_device_decide(struct store *s, const struct store_device *device, int64_t now_ms);

/* The device asks: what is known of it, and that it has asked now, no sooner than `interval` after
 * the last time; *soon otherwise, and the interval grows by five seconds. ERR_NOT_FOUND. */
RESULT store_device_poll(struct store *s, struct arena *arena, struct store_device *out, bool *soon,
			 const uint8_t device_sha256[STORE_SHA256_BYTES], int64_t now_ms);

/* It gets its token: once. ERR_NOT_FOUND. */
RESULT store_device_take(struct store *s, const uint8_t device_sha256[STORE_SHA256_BYTES]);

#endif
