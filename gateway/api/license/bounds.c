/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/bounds.h"

#include "crypto/json.h"
#include "crypto/license.h"

enum err bounds_read_list(struct slice *out, struct arena *arena, const json_t *body,
			  const char *name, size_t max, bool (*is_good)(struct slice text))
{
	AUTO(buf_free) struct buf list = buf_new(LICENSE_MAX);
	const json_t *array;

	*out = S("");
	if (!json_has(body, name))
		return OK;
	TRY(json_get_array(&array, body, name));
	if (json_array_size(array) > max)
		return failure(ERR_FORMAT, "\"%s\" names at most %zu", name, max);
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice text;

		TRY(json_text_at(&text, array, i));
		if (!is_good(text))
			return failure(ERR_FORMAT, "\"%s\": \"%.*s\" cannot stand there", name,
				       SLICE_PRINT(slice_part(text, 0, 60)));
		if (i)
			buf_write(&list, S(","));
		buf_write(&list, text);
	}
	TRY(buf_done(&list));
	*out = arena_copy(arena, buf_slice(&list));
	return OK;
}

static enum err read_limits(struct slice *out, struct arena *arena, const json_t *body)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license_limits limits;

	*out = S("");
	if (!json_has(body, "limits"))
		return OK;
	TRY(license_limits_read(&limits, json_object_get(body, "limits")));
	if (limits.count == 0)
		return OK;
	TRY(license_limits_write(&text, &limits));
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

enum err bounds_read_plan(struct slice *out, const json_t *body)
{
	enum license_plan plan = LICENSE_STANDARD;
	struct slice name;

	*out = S("");
	if (!json_has(body, "plan"))
		return OK;
	TRY(json_get_text(&name, body, "plan"));
	TRY(license_plan_parse(&plan, name));
	*out = slice_of_string(license_plan_name(plan));
	return OK;
}

enum err bounds_read(struct bounds *out, struct arena *arena, const json_t *body)
{
	TRY(read_limits(&out->limits, arena, body));
	TRY(bounds_read_plan(&out->plan, body));
	TRY(bounds_read_list(&out->regions, arena, body, "regions", LICENSE_REGIONS_MAX,
			     license_region_is_good));
	return bounds_read_list(&out->uses, arena, body, "uses", LICENSE_USES_MAX,
				license_use_is_good);
}
