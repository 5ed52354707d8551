/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/reading/labels.h"

#include <math.h>
#include <stdio.h>

#include "inference/format/json.h"
#include "inference/kernel/layers.h"

static json_t *name_of(const json_t *names, uint32_t label)
{
	char key[16];
	const json_t *name;

	snprintf(key, sizeof key, "%u", label);
	name = json_object_get(names, key);
	return json_is_string(name) ? json_copy((json_t *)(uintptr_t)name)
				    : json_sprintf("LABEL_%u", label);
}

enum err labels_read(struct labels *out, struct model_files *files, const struct config *config)
{
	AUTO(json_auto) json_t *root = NULL;
	const char *problem;

	*out = (struct labels){0};
	if (config->head != CONFIG_HEAD_CLASSES)
		return OK;
	TRY(json_read_file(&root, files, "config.json", CONFIG_MAX_TEXT));
	out->names = json_array();
	for (uint32_t i = 0; i < config->labels; i++)
		json_array_append_new(out->names, name_of(json_object_get(root, "id2label"), i));
	problem = json_string_value(json_object_get(root, "problem_type"));
	/* One class alone has nobody to share a softmax with. */
	out->are_separate = config->labels == 1 ||
			    (problem && strcmp(problem, "multi_label_classification") == 0);
	return OK;
}

void labels_clear(struct labels *l)
{
	json_decref(l->names);
	l->names = NULL;
}

const char *labels_name(const struct labels *l, size_t label)
{
	const char *name = json_string_value(json_array_get(l->names, label));

	return name ? name : "";
}

void labels_probabilities(const struct labels *l, float *values, size_t count)
{
	if (!l->are_separate) {
		layers_softmax(values, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		values[i] = 1.0f / (1.0f + expf(-values[i]));
}
