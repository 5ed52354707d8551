/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/kernels.h"

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	       __builtin_cpu_supports("f16c");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
}

const struct kernels *const *kernels_list(void)
{
	static const struct kernels *const all[] = {&kernels_avx512, &kernels_avx2,
						    &kernels_portable, NULL};

	__builtin_cpu_init();
	if (has_avx512())
		return all;
	return has_avx2() ? all + 1 : all + 2;
}

void kernels_pause(void)
{
	__builtin_ia32_pause();
}
