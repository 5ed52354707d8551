/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cores.h - cores are lent to engines: those that have something to do share them out evenly, each
 * its own, so that no two compute on one while there are enough for all. Who is idle has none, and
 * asks for none. An engine that has just begun goes on with what it had until it is told.
 */
#ifndef GATEWAY_SUPERVISOR_CORES_H
#define GATEWAY_SUPERVISOR_CORES_H

#include "gateway/supervisor/family.h"
#include "schema/wire/control.h"

/* The share of number `index` (from 0) of `count` engines. More engines than cores: one core each,
 * some of them twice. Each then computes with the one thread that is tied to no core (pool.h), so
 * that the system shares all cores out among them, and none of its loops waits for another's. */
struct wire_cores cores_share(unsigned index, unsigned count, unsigned cores);

/* An engine's AT_WORK; and that it is gone. Whoever is at work hears what it has from now on. */
void cores_hear(struct family *f, struct child *engine, struct slice body);
void cores_gone(struct family *f, struct child *engine);

#endif
