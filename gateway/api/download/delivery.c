/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/download/delivery.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/json.h"
#include "gateway/api/download/ranges.h"

struct delivery {
	struct arena arena;
	uint8_t event[WIRE_ID]; /* the key.release */
	uint8_t person[STORE_ID], license[STORE_ID];
	uint8_t capability[STORE_ID];
	bool has_person, has_license, has_capability;
	struct slice person_name, model, revision, path, right;
	uint64_t size, bytes, transfers;
	struct ranges ranges;
};

struct delivery *delivery_new(const struct grant *g, const uint8_t event[WIRE_ID])
{
	struct delivery *d = calloc(1, sizeof *d);

	assert(d);
	memcpy(d->event, event, WIRE_ID);
	memcpy(d->person, g->who->person.id, STORE_ID);
	d->has_person = g->who->authenticated;
	d->has_license = g->decision.basis == BASIS_LICENSE;
	if (d->has_license)
		memcpy(d->license, g->license->id, STORE_ID);
	d->has_capability = g->who->is_capability;
	memcpy(d->capability, g->who->credential_id, STORE_ID);
	d->person_name = arena_copy(&d->arena, g->who->person.name);
	d->model = arena_copy(&d->arena, g->access.model.name);
	d->revision = arena_copy(&d->arena, g->access.revision.id);
	d->path = arena_copy(&d->arena, g->access.file.path);
	d->right = slice_of_string(right_name(g->right));
	d->size = g->access.file.size;
	return d;
}

void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	arena_free(&d->arena);
	free(d);
}

void delivery_add(struct delivery *d, uint64_t first, uint64_t sent)
{
	d->transfers++;
	d->bytes += sent;
	ranges_add(&d->ranges, first, sent);
}

bool delivery_is_whole(const struct delivery *d)
{
	return ranges_cover(&d->ranges, d->size);
}

/* [[first, last], ...], both inclusive, as in a Range header. */
static json_t *describe(const struct ranges *ranges)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < ranges->count; i++) {
		json_t *one = json_array_new();

		json_push(one, json_integer((json_int_t)ranges->items[i].first));
		json_push(one, json_integer((json_int_t)ranges->items[i].end - 1));
		json_push(list, one);
	}
	return list;
}

enum err delivery_log(const struct delivery *d, struct store *store)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_DOWNLOAD_END, d->has_person ? d->person : NULL,
			  d->person_name);
	if (d->has_license)
		audit_event_uuid(&event, "license", d->license);
	if (d->has_capability)
		audit_event_uuid(&event, "capability", d->capability);
	audit_event_text(&event, "model", d->model);
	audit_event_text(&event, "revision", d->revision);
	audit_event_text(&event, "path", d->path);
	audit_event_text(&event, "right", d->right);
	audit_event_uuid(&event, "release", d->event);
	audit_event_number(&event, "size", (int64_t)d->size);
	audit_event_number(&event, "bytes", (int64_t)d->bytes);
	audit_event_number(&event, "transfers", (int64_t)d->transfers);
	audit_event_json(&event, "ranges", describe(&d->ranges));
	if (d->ranges.has_more)
		audit_event_flag(&event, "more_ranges", true);
	return api_log(store, &event);
}
