/* SPDX-License-Identifier: Apache-2.0 */
/* Memory nodes: what the kernel says of them afterwards. One node is enough to see the policy. */
#define _GNU_SOURCE
#include "inference/model/nodes.h"

#include <dirent.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/base/slice.h"
#include "tests/unit/test.h"

enum { SIZE = 1 << 20 };

static int policy_at(void *at)
{
	int policy = -1;

	if (syscall(SYS_get_mempolicy, &policy, NULL, 0UL, at, (unsigned long)MPOL_F_ADDR) != 0)
		return -1;
	return policy;
}

/* The node0, node1, ... of /sys; 0 where it is not there. */
static unsigned nodes_of_sysfs(void)
{
	DIR *folder = opendir("/sys/devices/system/node");
	const struct dirent *entry;
	unsigned count = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		count += slice_starts_with(slice_of_string(entry->d_name), S("node")) &&
			 entry->d_name[4] >= '0' && entry->d_name[4] <= '9';
	closedir(folder);
	return count;
}

static void pages_are_spread_over_all_nodes(void **state)
{
	uint8_t *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(at != MAP_FAILED);
	if (policy_at(at) < 0) {
		munmap(at, SIZE);
		skip(); /* a kernel or a sandbox without policies */
	}
	assert_int_equal(policy_at(at), MPOL_DEFAULT);
	assert_true(nodes_spread(at, SIZE));
	assert_int_equal(policy_at(at), MPOL_INTERLEAVE);
	assert_int_equal(policy_at(at + SIZE - 1), MPOL_INTERLEAVE);
	memset(at, 1, SIZE); /* and they can be had */
	munmap(at, SIZE);
}

static void what_cannot_be_spread_says_so(void **state)
{
	uint8_t *at = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(at != MAP_FAILED);
	assert_false(nodes_spread(at + 1, SIZE - 1)); /* not a page's */
	munmap(at, SIZE);
}

static void as_many_nodes_as_the_machine_has(void **state)
{
	unsigned of_sysfs = nodes_of_sysfs();

	(void)state;
	assert_true(nodes_count() >= 1);
	if (of_sysfs == 0)
		skip();
	assert_true(nodes_count() <= of_sysfs); /* fewer where a cpuset says so */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_spread_over_all_nodes),
		cmocka_unit_test(what_cannot_be_spread_says_so),
		cmocka_unit_test(as_many_nodes_as_the_machine_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
