/* SPDX-License-Identifier: Apache-2.0 */
/* statement.h - what a person signs when they ask for access. Pure. */
#ifndef GATEWAY_CLI_STATEMENT_H
#define GATEWAY_CLI_STATEMENT_H

#include "crypto/base/buf.h"
#include "crypto/json.h"

enum { STATEMENT_MAX_RIGHTS = 16, STATEMENT_MAX_FIELDS = 64, STATEMENT_MAX = 64 * 1024 };

/* A wish for access; all borrowed. */
struct statement {
	const char *model;
	const char *use;
	const char *rights[STATEMENT_MAX_RIGHTS];
	size_t right_count;
	const char *terms_sha256; /* "": the model has no terms */
	/* "LABEL=VALUE" each: answers to the model's form, which are sent and not signed. */
	const char *fields[STATEMENT_MAX_FIELDS];
	size_t field_count;
};

/* {"intended_use","model","rights":[sorted],"terms_sha256"}. The caller owns *out. ERR_FORMAT if a
 * text is not UTF-8. */
RESULT statement_json(json_t **out, const struct statement *s);

/* {LABEL: VALUE}: the answers to the model's form; the caller owns *out. ERR_FORMAT: one is without
 * "=", there twice, or not UTF-8. */
RESULT statement_fields(json_t **out, const struct statement *s);

/* The bytes that are signed: the same as canonical JSON. */
RESULT statement_write(struct buf *out, const struct statement *s);

#endif
