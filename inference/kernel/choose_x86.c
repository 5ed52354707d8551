/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/rows.h"

const struct rows_kernels *rows_choose(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &rows_avx2
									       : &rows_baseline;
}
