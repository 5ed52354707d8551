/* SPDX-License-Identifier: Apache-2.0 */
/* tasks.h - what a model can be asked for: it depends on what stands on top of its layers. */
#ifndef INFERENCE_READING_TASKS_H
#define INFERENCE_READING_TASKS_H

#include "crypto/base/buf.h"
#include "inference/model/config.h"

#define TASKS(X) \
	X(TASK_GENERATE, "generate") /* go on from a text, or answer one */ \
	X(TASK_EMBED, "embed")       /* a vector for a text */ \
	X(TASK_CLASSIFY, "classify") /* a value for each label */ \
	X(TASK_FILL_MASK, "fill-mask")

enum task {
#define TASK_MEMBER(task, name) task,
	TASKS(TASK_MEMBER)
#undef TASK_MEMBER
		TASK_COUNT,
};

/* Bit (1 << task) for each. */
uint32_t tasks_of(const struct config *config);
static inline bool tasks_have(uint32_t tasks, enum task task)
{
	return tasks >> task & 1;
}

const char *task_name(enum task task);

/* "embed,fill-mask" */
void tasks_write(struct buf *out, uint32_t tasks);

#endif
