/* SPDX-License-Identifier: Apache-2.0 */
/* bench_llama.h - GGUF files of random weights, of the shapes that both programs are measured on.
 */
#ifndef TESTS_BENCH_BENCH_LLAMA_H
#define TESTS_BENCH_BENCH_LLAMA_H

#include "inference/format/tensor.h"

/* S (15 million parameters), M (134 million), L (1.1 thousand million): false for any other name,
 * or where the file cannot be written. */
bool bench_write(const char *path, const char *shape, enum tensor_type type);

#endif
