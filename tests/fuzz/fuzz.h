/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - the one function of a fuzz target. It returns 0, or stops the process on a find. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
