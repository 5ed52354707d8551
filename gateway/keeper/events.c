/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/events.h"

#include <assert.h>
#include <stdlib.h>

struct events {
	struct event ring[EVENTS_MAX];
	size_t first;
	size_t count;
	size_t bytes;
};

struct events *events_new(void)
{
	struct events *e = calloc(1, sizeof *e);

	assert(e);
	return e;
}

static void clear_event(struct event *event)
{
	free(event->payload);
	free(event->uses);
	*event = (struct event){0};
}

static struct event *event_at(struct events *e, size_t i)
{
	return &e->ring[(e->first + i) % EVENTS_MAX];
}

static void drop_oldest(struct events *e)
{
	struct event *oldest = event_at(e, 0);

	e->bytes -= oldest->payload_size;
	clear_event(oldest);
	e->first = (e->first + 1) % EVENTS_MAX;
	e->count--;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	while (e->count)
		drop_oldest(e);
	free(e);
}

const char *event_kind_name(enum event_kind kind)
{
	switch (kind) {
#define EVENT_CASE(value, name) \
	case value: \
		return name;
		EVENT_KINDS(EVENT_CASE)
#undef EVENT_CASE
	}
	return "unknown";
}

bool event_kind_of_name(enum event_kind *out, struct slice name)
{
#define EVENT_MATCH(value, text) \
	if (slice_equal(name, S(text))) { \
		*out = value; \
		return true; \
	}
	EVENT_KINDS(EVENT_MATCH)
#undef EVENT_MATCH
	return false;
}

static void make_room(struct events *e, int64_t now_ms, size_t payload_size)
{
	while (e->count && event_at(e, 0)->appended_ms + EVENTS_KEPT_MS < now_ms)
		drop_oldest(e);
	while (e->count == EVENTS_MAX || (e->count && e->bytes + payload_size > EVENTS_MAX_BYTES))
		drop_oldest(e);
}

void events_add(struct events *e, const uint8_t id[16], enum event_kind kind, int64_t now_ms,
		struct slice payload)
{
	struct event *event;

	make_room(e, now_ms, payload.size);
	if (events_find(e, id))
		return;
	event = event_at(e, e->count);
	*event = (struct event){.kind = kind, .appended_ms = now_ms};
	memcpy(event->id, id, sizeof event->id);
	event->payload = malloc(payload.size + 1);
	assert(event->payload); /* a payload has a ceiling, and so have they together */
	memcpy(event->payload, payload.data, payload.size);
	event->payload_size = payload.size;
	e->bytes += payload.size;
	e->count++;
}

struct event *events_find(struct events *e, const uint8_t id[16])
{
	for (size_t i = e->count; i-- > 0;) {
		struct event *event = event_at(e, i);

		if (memcmp(event->id, id, sizeof event->id) == 0)
			return event;
	}
	return NULL;
}

bool event_is_used(const struct event *event, const struct digest *use)
{
	for (size_t i = 0; i < event->use_count; i++)
		if (digest_equal(&event->uses[i], use))
			return true;
	return false;
}

enum err event_use(struct event *event, const struct digest *use)
{
	struct digest *grown;

	if (event->use_count == EVENTS_MAX_USES)
		return failure(ERR_LIMIT, "event: used %d times already", EVENTS_MAX_USES);
	grown = realloc(event->uses, (event->use_count + 1) * sizeof *grown);
	assert(grown);
	event->uses = grown;
	event->uses[event->use_count++] = *use;
	return OK;
}
