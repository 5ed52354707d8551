/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/adapter/places.h"

#include <assert.h>
#include <string.h>

void places_free(struct places *p, struct place *place)
{
	assert(place->users == 0);
	p->used_bytes -= place->adapter->memory_bytes;
	adapter_free(place->adapter);
	*place = (struct place){0};
}

void places_clear(struct places *p)
{
	for (size_t i = 0; i < PLACES_MAX; i++)
		if (p->list[i].adapter)
			places_free(p, &p->list[i]);
}

struct place *places_find(struct places *p, const uint8_t id[PLACES_ID])
{
	for (size_t i = 0; i < PLACES_MAX; i++)
		if (p->list[i].adapter && memcmp(p->list[i].id, id, PLACES_ID) == 0)
			return &p->list[i];
	return NULL;
}

struct place *places_touch(struct places *p, const uint8_t id[PLACES_ID])
{
	struct place *place = places_find(p, id);

	if (place)
		place->used = ++p->uses;
	return place;
}

/* False: every one is in use. */
static bool make_room(struct places *p)
{
	struct place *oldest = NULL;

	for (size_t i = 0; i < PLACES_MAX; i++) {
		struct place *place = &p->list[i];

		if (place->adapter && place->users == 0 && (!oldest || place->used < oldest->used))
			oldest = place;
	}
	if (oldest)
		places_free(p, oldest);
	return oldest != NULL;
}

static struct place *find_free(struct places *p)
{
	for (size_t i = 0; i < PLACES_MAX; i++)
		if (!p->list[i].adapter)
			return &p->list[i];
	return NULL;
}

/* Too large is known by the headers: asking again after another has gone costs next to nothing. */
static enum err open_within(struct adapter **out, struct places *p, struct model_files *files,
			    const struct config *config, bool strict)
{
	enum err result;

	do
		result = adapter_open(out, files, config, p->budget_bytes - p->used_bytes, strict);
	while (result == ERR_LIMIT && make_room(p));
	return result;
}

enum err places_load(struct place **out, struct places *p, const uint8_t id[PLACES_ID],
		     struct model_files *files, const struct config *config, bool strict)
{
	struct adapter *adapter;

	*out = places_touch(p, id);
	if (*out)
		return OK;
	if (!find_free(p) && !make_room(p))
		return failure(ERR_UNAVAILABLE,
			       "busy: the engine's %d places for adapters are in use", PLACES_MAX);
	TRY(open_within(&adapter, p, files, config, strict));
	*out = find_free(p);
	**out = (struct place){.adapter = adapter, .used = ++p->uses};
	memcpy((*out)->id, id, PLACES_ID);
	p->used_bytes += adapter->memory_bytes;
	return OK;
}
