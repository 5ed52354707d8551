/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes.h - machines whose memory lies in several nodes (NUMA), each near to some of the cores.
 */
#ifndef INFERENCE_MODEL_NODES_H
#define INFERENCE_MODEL_NODES_H

#include "crypto/base/err.h"

/* The memory nodes this process may use; 1 where the kernel does not say. */
unsigned nodes_count(void);

/*
 * Spreads pages that are not there yet evenly over those nodes: what all cores read is then read at
 * the bandwidth of all nodes together, whichever cores are lent. `start` is a page's. False: the
 * kernel will not, and pages lie where they are touched first.
 */
bool nodes_spread(void *start, size_t size);

#endif
