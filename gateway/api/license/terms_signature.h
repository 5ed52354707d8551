/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms_signature.h - a person's signature under terms, with its time: by a key they have enrolled
 * (signed_by.h), over "sallyport/terms/v2\n" and canonical JSON
 *
 *     {"model":text,"rights":[sorted],"terms_sha256":hex,"time":RFC 3339,"use_sha256":hex,"v":1}
 *
 * where use_sha256 is that of the intended use. It counts once, for an hour. (The form without a
 * time, "sallyport/terms/v1\n" in submit.c, is what older clients sign.)
 */
#ifndef GATEWAY_API_LICENSE_TERMS_SIGNATURE_H
#define GATEWAY_API_LICENSE_TERMS_SIGNATURE_H

#include "gateway/api/authorize.h"
#include "schema/store/model_terms.h"

enum { TERMS_SIGNED_SECONDS = 3600, TERMS_AHEAD_SECONDS = 60 };

struct terms_statement {
	struct slice model;  /* name */
	struct slice rights; /* comma-separated, sorted */
	struct slice use;    /* the text */
	uint8_t sha256[STORE_SHA256];
};

/* {"key_id","sig","time"} by whoever asks. ERR_FORMAT: malformed, or it does not verify;
 * ERR_DENIED: it is too old, or of the future. `out` is for store_acceptance_add, in the act's
 * transaction; its model is the caller's. */
RESULT terms_signature_read(struct store_acceptance *out, struct exchange *x,
			    struct route_context *context, const json_t *object,
			    const struct terms_statement *statement);

#endif
