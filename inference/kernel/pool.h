/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - a fixed set of threads that share out one loop at a time. Between steps they sleep;
 * within one (pool_step) they look for the next loop for some microseconds before they do.
 */
#ifndef INFERENCE_KERNEL_POOL_H
#define INFERENCE_KERNEL_POOL_H

#include <stdint.h>

#include "crypto/base/err.h"

enum { POOL_MAX_THREADS = 64 };

struct pool;

/* Part [first, last) of the loop, on worker 0 .. threads-1 (0 is the caller's thread). */
typedef void pool_part_fn(void *context, unsigned worker, size_t first, size_t last);

/* Counts the caller: 1 starts none. Where there are as many threads as cores, each that is started
 * stays on a core of its own. */
RESULT pool_new(struct pool **out, unsigned threads);
void pool_free(struct pool *p); /* NULL is fine */
AUTO_POINTER(pool)
unsigned pool_threads(const struct pool *p);

/* So many threads work from now on, the caller's included (1 to all), on cores from the `first` of
 * those that this process may use; the others sleep. Between two loops only. Bits do not depend on
 * it: see packed.h. */
void pool_lend(struct pool *p, unsigned first, unsigned threads);

/* Runs part(0..count) in equal parts, one a worker, and returns when all are done. One caller at
 * a time; not from within a part. */
void pool_run(struct pool *p, size_t count, pool_part_fn *part, void *context);

/* The same in smaller parts, of `grain` at least, which whoever is free takes next: a thread that
 * has lost its core for a while holds nobody up. A worker may be given several. */
void pool_share(struct pool *p, size_t count, size_t grain, pool_part_fn *part, void *context);

/* Many loops are about to follow each other; or no longer. */
void pool_step(struct pool *p, bool is_under_way);

#endif
