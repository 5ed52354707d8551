/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finite.h - weights are numbers. One that is none (NaN) or infinite makes every answer nonsense,
 * and says that the file was made wrongly, or to do harm.
 */
#ifndef INFERENCE_FORMAT_FINITE_H
#define INFERENCE_FORMAT_FINITE_H

#include <stddef.h>

/* The place of the first value that is NaN or infinite; `count` if there is none. */
size_t finite_check(const float *values, size_t count);

#endif
