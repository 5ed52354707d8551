/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_clock.h - how long a request has waited, where it stands in the queue, when the committee
 * is reminded and to whom it goes then. The job that does it (request_clock.c) is one of jobs.h.
 */
#ifndef GATEWAY_API_REQUEST_REQUEST_CLOCK_H
#define GATEWAY_API_REQUEST_REQUEST_CLOCK_H

#include "gateway/api/request/request.h"
#include "schema/store/committee.h"

/* {"waiting_since","waiting_seconds","ahead","reminder_at","escalation_at","escalates_to",...};
 * null while no decision is awaited. */
json_t *request_clock(struct arena *arena, const struct store_request *request,
		      const struct store_request_more *more,
		      const struct store_committee *committee);

#endif
