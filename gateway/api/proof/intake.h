/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - one visa on its way in: its issuer looked up, its signature checked, bound to the
 * person who presents it, stored with its entry. (iss, sub) is a person's by who came first with a
 * visa of it, by a LinkedIdentities visa of theirs, or by an administrator's act; nobody else's
 * visa is taken.
 */
#ifndef GATEWAY_API_PROOF_INTAKE_H
#define GATEWAY_API_PROOF_INTAKE_H

#include "gateway/api/authorize.h"
#include "schema/store/visa.h"

struct passport;

/* Verified, stored, logged (visa.add). A failure's text says why not; intake_is_refusal tells
 * whether it is the visa's fault. `has_receipt`: the answer names the entry. */
RESULT intake_visa(struct store_visa *out, struct exchange *x, struct route_context *context,
		   struct slice jwt, bool has_receipt);

/* The broker's signature, and that the passport is this person's to present: neither its (iss, sub)
 * nor that of a visa in it is somebody else's. */
RESULT intake_passport(struct passport *out, struct exchange *x, struct route_context *context,
		       struct slice jwt);

/* A passing trouble of ours is no fault of the visa. */
bool intake_is_refusal(enum err kind);

#endif
