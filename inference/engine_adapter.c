/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters of an engine: which are there, and who of the running has which. */
#include <assert.h>

#include "inference/engine_parts.h"

static void describe(struct engine_adapter *out, const struct place *place)
{
	*out = (struct engine_adapter){
		.memory_bytes = place->adapter->memory_bytes,
		.rank = place->adapter->rank,
		.products = place->adapter->products,
	};
}

enum err engine_adapter_load(struct engine *e, struct engine_adapter *out,
			     const uint8_t id[ENGINE_ADAPTER_ID], struct model_files *files)
{
	struct place *place;

	TRY(places_load(&place, &e->adapters, id, files, &e->config, e->strict));
	describe(out, place);
	return OK;
}

bool engine_adapter_find(struct engine *e, struct engine_adapter *out,
			 const uint8_t id[ENGINE_ADAPTER_ID])
{
	const struct place *place = places_touch(&e->adapters, id);

	if (place)
		describe(out, place);
	return place != NULL;
}

void engine_adapter_drop(struct engine *e, const uint8_t id[ENGINE_ADAPTER_ID],
			 engine_event_fn *on_event, void *context)
{
	struct place *place = places_find(&e->adapters, id);

	for (size_t i = e->answer_count; place && i-- > 0;)
		if (e->answers[i]->adapter == place) {
			enum err result = engine_cancel(e, e->answers[i]->id, on_event, context);

			assert(result == OK); /* it stands in the list */
		}
	batch_forget_adapter(e->batch, id);
	if (place)
		places_free(&e->adapters, place);
}

enum err engine_adapter_enter(struct engine *e, struct place **out, const uint8_t *id)
{
	*out = id ? places_touch(&e->adapters, id) : NULL;
	if (id && !*out)
		return failure(ERR_UNAVAILABLE,
			       "busy: the adapter has made room for others; try again");
	return OK;
}
