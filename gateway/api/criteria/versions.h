/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.h - what the routes of a model's criteria have in common: a version described, its
 * entry in the log, and criteria that a body brings or names.
 */
#ifndef GATEWAY_API_CRITERIA_VERSIONS_H
#define GATEWAY_API_CRITERIA_VERSIONS_H

#include "gateway/api/criteria/opinion.h"
#include "schema/store/model.h"

/* {"model","sha256","state", who did what and when}: for those who manage the model. */
json_t *versions_describe(struct arena *arena, const struct store_criteria *version);

/* An entry by the caller, with "model" and "criteria". */
void versions_entry(struct audit_event *event, const struct exchange *x, enum audit_kind kind,
		    const struct store_model *model, const uint8_t sha256[STORE_SHA256]);

/* "criteria": a document in the body (as an object, or as its text: then faults keep their lines),
 * or "sha256": a version of the model. False: it has answered. */
bool versions_read(struct criteria *out, struct exchange *x, struct route_context *context,
		   const struct store_model *model, const json_t *body);

#endif
