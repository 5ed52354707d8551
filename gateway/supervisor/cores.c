/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CPU_COUNT */
#include "gateway/supervisor/cores.h"

#include <sched.h>

#include "crypto/base/log.h"

struct wire_cores cores_share(unsigned index, unsigned count, unsigned cores)
{
	unsigned each = cores / count, more = cores % count;
	struct wire_cores c = {.count = (uint16_t)(each + (index < more))};

	if (each == 0)
		return (struct wire_cores){.first = (uint16_t)(index % cores), .count = 1};
	c.first = (uint16_t)(index * each + (index < more ? index : more));
	return c;
}

static unsigned count_cores(void)
{
	cpu_set_t cores;

	if (sched_getaffinity(0, sizeof cores, &cores) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&cores);
}

static void tell(const struct child *engine, struct wire_cores cores)
{
	AUTO(buf_free) struct buf body = buf_new(16);

	wire_write_cores(&body, &cores);
	if (channel_send(&engine->control, WIRE_CORES, 0, buf_slice(&body), -1) != OK)
		log_warn("child.deaf", "role=engine index=%u why=\"%s\"", engine->index,
			 failure_text());
	log_debug("cores.lent", "index=%u first=%u count=%u", engine->index, cores.first,
		  cores.count);
}

static void share_out(struct family *f)
{
	unsigned cores = count_cores(), count = 0, index = 0;

	for (size_t i = 0; i < f->count; i++)
		count += f->children[i].is_at_work;
	for (size_t i = 0; i < f->count; i++)
		if (f->children[i].is_at_work)
			tell(&f->children[i], cores_share(index++, count, cores));
}

static void set(struct family *f, struct child *engine, bool is_at_work)
{
	if (engine->is_at_work == is_at_work)
		return;
	engine->is_at_work = is_at_work;
	log_debug("cores.work", "index=%u is_at_work=%d", engine->index, is_at_work);
	share_out(f);
}

void cores_hear(struct family *f, struct child *engine, struct slice body)
{
	struct wire_at_work word;

	if (wire_read_at_work(&word, body) == OK)
		set(f, engine, word.is_at_work);
}

void cores_gone(struct family *f, struct child *engine)
{
	set(f, engine, false);
}
