/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* syscall */
#include "inference/kernel/kernels.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Tiles are eight kilobytes of a thread's state: Linux gives them to a process that asks (once for
 * all its threads; Documentation/arch/x86/xstate.rst). */
static bool may_use_tiles(void)
{
	enum { REQUEST = 0x1023, TILE_DATA = 18 };

	return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}

/* Tiles of bytes and of BF16, and what cuts floats into it: all processors with one have all. */
static bool has_amx(void)
{
	enum { HALVES = 1 << 22, TILES = 1 << 24, BYTES = 1 << 25, ALL = HALVES | TILES | BYTES };
	enum { TO_HALVES = 1 << 5 };
	unsigned a, b, c, d;

	return has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & ALL) == ALL &&
	       __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & TO_HALVES) && may_use_tiles();
}

const struct kernels *const *kernels_list(void)
{
	static const struct kernels *const all[] = {&kernels_amx, &kernels_avx512, &kernels_avx2,
						    &kernels_portable, NULL};

	__builtin_cpu_init();
	if (has_amx())
		return all;
	if (has_avx512())
		return all + 1;
	return has_avx2() ? all + 2 : all + 3;
}

bool kernels_read_straight(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_is("amd");
}

void kernels_pause(void)
{
	__builtin_ia32_pause();
}
