/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota_headers.h - what is left of limits, in headers: RateLimit-Policy and RateLimit as in
 * draft-ietf-httpapi-ratelimit-headers-10 (names, q, qu, w; r, t; unchanged in -11), and on the
 * Hub's surface the form its clients parse. Pure.
 *
 *     RateLimit-Policy: "license_requests_day";q=1000;qu="requests";w=86400
 *     RateLimit: "license_requests_day";r=12;t=3600
 *
 *     ratelimit-policy: "fixed window";"api";q=1000;w=86400
 *     ratelimit: "api";r=12;t=3600
 */
#ifndef GATEWAY_API_QUOTA_QUOTA_HEADERS_H
#define GATEWAY_API_QUOTA_QUOTA_HEADERS_H

#include "crypto/base/buf.h"
#include "schema/store/quota.h"

/* All of them. Both lists are empty if there are none. */
void quota_headers_write(struct buf *policy, struct buf *left, const struct store_quota *quotas,
			 size_t count, int64_t now_ms);

/* The one that has the smallest part left. Empty, if none has a window. */
void quota_headers_write_hub(struct buf *policy, struct buf *left, const struct store_quota *quotas,
			     size_t count, int64_t now_ms);

/* Until a window ends, in seconds, at least 1; 0: it has none. */
int64_t quota_wait_seconds(const struct store_quota *quota, int64_t now_ms);

int64_t quota_left(const struct store_quota *quota); /* never below 0 */

#endif
