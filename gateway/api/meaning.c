/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/meaning.h"

static enum code code_of(enum err kind)
{
	switch (kind) {
	case ERR_FORMAT:
		return CODE_BAD_REQUEST;
	case ERR_LIMIT:
		return CODE_TOO_LARGE;
	case ERR_NOT_FOUND:
		return CODE_NOT_FOUND;
	case ERR_CONFLICT:
		return CODE_CONFLICT;
	case ERR_UNSUPPORTED:
		return CODE_UNSUPPORTED;
	case ERR_UNAVAILABLE:
	case ERR_TIMEOUT:
	case ERR_CLOSED:
		return CODE_AUDIT_UNAVAILABLE;
	case ERR_FULL:
		return CODE_INSUFFICIENT_STORAGE;
	case ERR_DENIED:
	case ERR_EXPIRED:
		return CODE_RIGHT_NOT_GRANTED;
	case OK:
	case ERR_FORGED:
	case ERR_IO:
	case ERR_INTERNAL:
		return CODE_INTERNAL;
	}
	return CODE_INTERNAL;
}

struct meaning meaning_of(enum err kind, struct slice text)
{
	struct meaning m = {.code = code_of(kind)};
	bool is_database = slice_starts_with(text, S("database: "));

	/* The database role lacks a right: our mistake, and none of the client's rights. */
	if (is_database && kind == ERR_DENIED)
		m.code = CODE_INTERNAL;
	if (kind == ERR_DENIED && slice_starts_with(text, S("approval: ")))
		m.code = CODE_APPROVAL_NEEDED;
	m.is_inner = is_database || m.code == CODE_INTERNAL;
	return m;
}
