/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* syscall */
#include "inference/model/nodes.h"

#include <limits.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NODES_MAX = 1024, WORD = sizeof(unsigned long) * CHAR_BIT };

/* A bit a node. The kernel reads one bit less than it is told of: get_mempolicy(2), BUGS. */
struct nodes {
	unsigned long bits[NODES_MAX / WORD];
};

/* By system calls: what libnuma adds to them is a reader of /sys, which an engine cannot see. */
static bool find_nodes(struct nodes *out)
{
	*out = (struct nodes){{0}};
	return syscall(SYS_get_mempolicy, NULL, out->bits, (unsigned long)NODES_MAX, NULL,
		       (unsigned long)MPOL_F_MEMS_ALLOWED) == 0;
}

unsigned nodes_count(void)
{
	struct nodes nodes;
	unsigned count = 0;

	if (!find_nodes(&nodes))
		return 1;
	for (unsigned i = 0; i < NODES_MAX / WORD; i++)
		count += (unsigned)__builtin_popcountl(nodes.bits[i]);
	return count ? count : 1;
}

bool nodes_spread(void *start, size_t size)
{
	struct nodes nodes;

	return find_nodes(&nodes) && syscall(SYS_mbind, start, size, (unsigned long)MPOL_INTERLEAVE,
					     nodes.bits, (unsigned long)NODES_MAX + 1, 0UL) == 0;
}
