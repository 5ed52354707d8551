/* SPDX-License-Identifier: Apache-2.0 */
/* labels.h - what the classes of a model are called, and how their values are to be read. */
#ifndef INFERENCE_READING_LABELS_H
#define INFERENCE_READING_LABELS_H

#include <jansson.h>

#include "inference/format/source.h"
#include "inference/model/config.h"

struct labels {
	json_t *names;     /* [count] of texts; NULL where there are no classes */
	bool are_separate; /* each is true or not by itself: a sigmoid, not a softmax */
};

/* From config.json: id2label, problem_type. Classes without a name are LABEL_0, LABEL_1, ... */
RESULT labels_read(struct labels *out, struct model_files *files, const struct config *config);
void labels_clear(struct labels *l); /* fit for AUTO */

const char *labels_name(const struct labels *l, size_t label); /* borrowed */

/* In place: from what the model gives for each class to probabilities. */
void labels_probabilities(const struct labels *l, float *values, size_t count);

#endif
