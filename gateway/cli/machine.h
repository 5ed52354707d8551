/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - what this machine can do at most, measured: how fast all of its cores together read
 * memory, and how many multiplications and additions of floats they make. A second each.
 */
#ifndef GATEWAY_CLI_MACHINE_H
#define GATEWAY_CLI_MACHINE_H

#include "crypto/base/err.h"

enum { MACHINE_MAX_CORES = 64 };

unsigned machine_cores(void); /* that this process may use */

/* Both are the best of a few rounds: what disturbs makes it slower, never faster. */
RESULT machine_bandwidth(double *bytes_per_second, unsigned cores);
RESULT machine_peak(double *flops, unsigned cores);

#endif
