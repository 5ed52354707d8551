/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/able.h"

const char *able_task(enum right right)
{
	if (right == RIGHT_INFER_GENERATE)
		return "generate";
	return right == RIGHT_INFER_EMBED ? "embed" : NULL;
}

static bool next_task(struct slice *task, struct slice *tasks)
{
	size_t end = slice_find(*tasks, ',');

	*task = slice_part(*tasks, 0, end);
	*tasks = slice_part(*tasks, end + 1, tasks->size);
	return task->size > 0;
}

bool able_has(struct slice tasks, const char *task)
{
	struct slice one;

	while (next_task(&one, &tasks))
		if (slice_equal(one, slice_of_string(task)))
			return true;
	return false;
}

json_t *able_list(struct slice tasks)
{
	json_t *list = json_array();
	struct slice one;

	while (next_task(&one, &tasks))
		json_array_append_new(list, json_stringn((const char *)one.data, one.size));
	return list;
}

bool able_to(struct slice tasks, enum right right)
{
	const char *task = able_task(right);

	return !task || !tasks.size || able_has(tasks, task);
}
