/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/kernels.h"

#include <cpuid.h>

/* Clang 14 cannot be asked for it by name. What needs the system's help, too, comes with AVX2. */
static bool has_f16c(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
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
