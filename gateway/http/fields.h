/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - the head of an HTTP/2 request (RFC 9113 section 8), which arrives field by field.
 * It becomes the same struct http_request by the same checks and ceilings as a head of HTTP/1.1:
 * what is refused there is refused here.
 */
#ifndef GATEWAY_HTTP_FIELDS_H
#define GATEWAY_HTTP_FIELDS_H

#include "gateway/http/request.h"

/* Zeroed to begin with. All slices are in the arena. */
struct http_fields {
	struct slice method, scheme, authority, path; /* data NULL: not sent */
	struct http_header *headers;
	size_t header_count;
	size_t size;                 /* as these would be in HTTP/1.1 */
	struct http_refusal refusal; /* the first thing that was wrong; status 0: nothing yet */
};

/* The next field, copied. After a refusal nothing more is kept. */
void http_fields_add(struct http_fields *fields, struct arena *arena, struct slice name,
		     struct slice value);

/* All fields are there; `is_ended`: no body follows. ERR_FORMAT with *refusal set. */
RESULT http_fields_finish(struct http_request *out, struct http_fields *fields, struct arena *arena,
			  bool is_ended, struct http_refusal *refusal);

#endif
