/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/reading/tasks.h"

static const char *const names[] = {
#define TASK_NAME(task, name) name,
	TASKS(TASK_NAME)
#undef TASK_NAME
};

uint32_t tasks_of(const struct config *config)
{
	uint32_t embed = 1u << TASK_EMBED; /* all have states to make a vector of */

	switch (config->head) {
	case CONFIG_HEAD_NONE:
		break;
	case CONFIG_HEAD_LANGUAGE:
		return embed | 1u << TASK_GENERATE;
	case CONFIG_HEAD_MASKED:
		return embed | 1u << TASK_FILL_MASK;
	case CONFIG_HEAD_CLASSES:
		return embed | 1u << TASK_CLASSIFY;
	}
	return embed;
}

const char *task_name(enum task task)
{
	return names[task];
}

void tasks_write(struct buf *out, uint32_t tasks)
{
	const char *between = "";

	for (enum task task = 0; task < TASK_COUNT; task++) {
		if (!tasks_have(tasks, task))
			continue;
		buf_printf(out, "%s%s", between, names[task]);
		between = ",";
	}
}
