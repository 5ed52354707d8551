/* SPDX-License-Identifier: Apache-2.0 */
/*
 * withdraw.h - how what is withdrawn reaches what runs: in this edge, whoever withdrew it and
 * wherever (the lease follows the database); and how an act waits until it has in every edge.
 */
#ifndef GATEWAY_API_LEASE_WITHDRAW_H
#define GATEWAY_API_LEASE_WITHDRAW_H

#include <jansson.h>

#include "gateway/api/authorize.h"
#include "gateway/api/lease/cuts.h"
#include "gateway/api/lease/lease.h"

/* For lease_start: what a cut and a lapse mean to this edge. */
struct lease_options withdraw_options(struct api *api);

/* What runs on this grant rests on. */
struct cut_basis withdraw_basis(const struct grant *grant);

/* The entry of what runs on it; the caller adds on_cut and context. It ends with the license. */
struct cut_entry withdraw_entry(const struct grant *grant, enum cut_what what);

/* After the commit of an act that withdraws something: wait for the cut. Told in the answer (NULL:
 * in a header of it) as "cut": {"edges","confirmed","lapsed"}, in the log and in the metrics. */
void withdraw_wait(struct exchange *x, struct route_context *context, json_t *answer);

#endif
