/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes.h - the closed list of reasons. Every answer that is not a success carries one of them;
 * each has one HTTP status and one sentence. Nothing outside the list is ever sent.
 */
#ifndef POLICY_CODES_H
#define POLICY_CODES_H

#include "crypto/base/slice.h"

/* clang-format off */
#define CODES(X) \
	X(OK_ALLOWED,               "OK",                       200, "allowed") \
	X(NOT_AUTHENTICATED,        "NOT_AUTHENTICATED",        401, "no access token was sent; send Authorization: Bearer hf_...") \
	X(CREDENTIAL_MALFORMED,     "CREDENTIAL_MALFORMED",     401, "the access token is not of our form; check that it was copied whole") \
	X(CREDENTIAL_BAD_SIGNATURE, "CREDENTIAL_BAD_SIGNATURE", 401, "the access token's signature does not verify; it was altered or never issued here") \
	X(CREDENTIAL_EXPIRED,       "CREDENTIAL_EXPIRED",       401, "the access token has expired; create a new one") \
	X(CREDENTIAL_REVOKED,       "CREDENTIAL_REVOKED",       401, "the access token was revoked; create a new one") \
	X(UNKNOWN_KEY,              "UNKNOWN_KEY",              401, "the access token was signed by a key this gateway does not have") \
	X(SUBJECT_SUSPENDED,        "SUBJECT_SUSPENDED",        403, "this person is suspended; ask an administrator") \
	X(SUBJECT_BLOCKED,          "SUBJECT_BLOCKED",          403, "this person is blocked") \
	X(NO_LICENSE,               "NO_LICENSE",               403, "no license for this model; request access") \
	X(REQUEST_PENDING,          "REQUEST_PENDING",          403, "the access request is awaiting a decision") \
	X(REQUEST_DENIED,           "REQUEST_DENIED",           403, "the access request was denied") \
	X(LICENSE_NOT_YET_VALID,    "LICENSE_NOT_YET_VALID",    403, "the license is not valid yet") \
	X(LICENSE_EXPIRED,          "LICENSE_EXPIRED",          403, "the license has expired; ask for its renewal") \
	X(LICENSE_SUSPENDED,        "LICENSE_SUSPENDED",        403, "the license is suspended") \
	X(LICENSE_REVOKED,          "LICENSE_REVOKED",          403, "the license was revoked") \
	X(TERMS_OUTDATED,           "TERMS_OUTDATED",           403, "the terms of the model have changed; accept the new text") \
	X(TERMS_NOT_SIGNED,         "TERMS_NOT_SIGNED",         403, "the terms were not signed") \
	X(RIGHT_NOT_GRANTED,        "RIGHT_NOT_GRANTED",        403, "the right is not among those granted") \
	X(TRAINING_EXPIRED,         "TRAINING_EXPIRED",         403, "a training certificate has expired") \
	X(AFFILIATION_ENDED,        "AFFILIATION_ENDED",        403, "the affiliation has ended") \
	X(VISA_INVALID,             "VISA_INVALID",             403, "the visa cannot be accepted") \
	X(PURPOSE_MISMATCH,         "PURPOSE_MISMATCH",         403, "the purpose does not match the one granted") \
	X(LOCATION_NOT_ALLOWED,     "LOCATION_NOT_ALLOWED",     403, "not allowed from this location") \
	X(CERTIFICATE_NEEDED,       "CERTIFICATE_NEEDED",       403, "your institution requires its client certificate; connect with the one it gave you, and not after its end") \
	X(APPROVAL_NEEDED,          "APPROVAL_NEEDED",          403, "it needs an approver's own signature") \
	X(QUOTA_EXCEEDED,           "QUOTA_EXCEEDED",           429, "the quota is used up") \
	X(MODEL_DISABLED,           "MODEL_DISABLED",           403, "the model is disabled") \
	X(MODEL_SEALED,             "MODEL_SEALED",             503, "the gateway is sealed; an operator must unseal it") \
	X(AUDIT_UNAVAILABLE,        "AUDIT_UNAVAILABLE",        503, "the act cannot be logged now, so it does not happen; try again") \
	X(MODEL_NOT_READY,          "MODEL_NOT_READY",          503, "the model is being loaded; ask again when Retry-After says") \
	X(BAD_REQUEST,              "BAD_REQUEST",              400, "the request is not well formed") \
	X(NOT_FOUND,                "NOT_FOUND",                404, "no such thing") \
	X(CONFLICT,                 "CONFLICT",                 409, "the thing is in another state, or exists already") \
	X(IDEMPOTENCY_KEY_REUSED,   "IDEMPOTENCY_KEY_REUSED",   422, "this Idempotency-Key was sent with another request; use a new one for each") \
	X(METHOD_NOT_ALLOWED,       "METHOD_NOT_ALLOWED",       405, "the method is not allowed here") \
	X(TOO_LARGE,                "TOO_LARGE",                413, "too large") \
	X(UNSUPPORTED,              "UNSUPPORTED",              400, "not supported") \
	X(RATE_LIMITED,             "RATE_LIMITED",             429, "too many requests; wait") \
	X(EXTRACTION_BUDGET,        "EXTRACTION_BUDGET",        429, "the extraction budget is used up") \
	X(CONTENT_BLOCKED,          "CONTENT_BLOCKED",          400, "the content was blocked by a safety layer") \
	X(INSUFFICIENT_STORAGE,     "INSUFFICIENT_STORAGE",     507, "the gateway has no room left for this file; tell its operator, and try again") \
	X(INTERNAL,                 "INTERNAL",                 500, "an internal error")
/* clang-format on */

#define CODE_ENUM(name, text, status, sentence) CODE_##name,
enum code { CODES(CODE_ENUM) CODE_COUNT };
#undef CODE_ENUM

const char *code_name(enum code code);
unsigned code_status(enum code code);
const char *code_sentence(enum code code);
bool code_parse(enum code *out, struct slice text);

#endif
