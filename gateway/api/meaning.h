/* SPDX-License-Identifier: Apache-2.0 */
/* meaning.h - what a failure of our own modules means to a client. Pure. */
#ifndef GATEWAY_API_MEANING_H
#define GATEWAY_API_MEANING_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"
#include "policy/codes.h"

struct meaning {
	enum code code;
	bool is_inner; /* the text is for the operator's log; the client gets the code's sentence */
};

/* `text` is the failure's own. What the database says names tables and constraints: never told. A
 * denial that begins with "approval: " is the keeper's: an approver has to sign. */
struct meaning meaning_of(enum err kind, struct slice text);

#endif
