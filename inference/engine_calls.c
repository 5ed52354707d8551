/* SPDX-License-Identifier: Apache-2.0 */
/* An answer in which calls of tools may stand: its text is read for them on its way out. */
#include "inference/engine_parts.h"

/* One event on its way: what it brought goes with the first of those that are made of it. */
struct telling {
	struct engine_event event;
	engine_event_fn *on_event;
	void *context;
};

static enum engine_part part_of(enum toolcall_part part)
{
	switch (part) {
	case TOOLCALL_NAME:
		return ENGINE_PART_NAME;
	case TOOLCALL_ARGUMENTS:
		return ENGINE_PART_ARGUMENTS;
	case TOOLCALL_TEXT:
		break;
	}
	return ENGINE_PART_TEXT;
}

static void send(struct telling *t)
{
	t->on_event(t->context, &t->event);
	t->event.sample = NULL;
	t->event.characters = 0;
}

static void tell(void *context, enum toolcall_part part, unsigned call, struct slice text)
{
	struct telling *t = context;

	t->event.part = part_of(part);
	t->event.call = call;
	t->event.text = text;
	send(t);
}

bool engine_calls_are_done(const struct answer *a)
{
	return a->calls && a->is_one_call && toolcall_count(a->calls) > 0;
}

void engine_tell_calls(struct answer *a, const struct engine_event *event,
		       engine_event_fn *on_event, void *context)
{
	struct telling t = {*event, on_event, context};

	t.event.finish = ENGINE_RUNNING;
	toolcall_write(a->calls, event->text, tell, &t);
	if (event->finish != ENGINE_RUNNING)
		toolcall_finish(a->calls, tell, &t);
	if (event->finish == ENGINE_RUNNING && !t.event.sample)
		return;
	t.event.part = ENGINE_PART_TEXT;
	t.event.call = 0;
	t.event.text = S("");
	t.event.finish = event->finish;
	if (event->finish == ENGINE_STOP && toolcall_count(a->calls) > 0)
		t.event.finish = ENGINE_CALLS;
	send(&t);
}
