/* SPDX-License-Identifier: Apache-2.0 */
/* heads.c - what stands on top of hidden states, besides the next token. */
#include <assert.h>

#include "inference/kernel/layers.h"
#include "inference/model/forward_parts.h"

enum err forward_masked_logits(struct forward *f, const float *hidden, size_t count, float **logits)
{
	const struct model *m = f->model;
	const struct config *c = &m->config;
	size_t size = c->hidden_size;

	assert(c->head == CONFIG_HEAD_MASKED && count <= f->logit_rows &&
	       count <= FORWARD_MAX_ROWS);
	TRY(forward_product(f, f->delta, hidden, &m->transform, count));
	layers_activate(f->delta, c->activation, count * size);
	forward_norm(f, f->delta, f->delta, &m->transform_norm, count);
	TRY(forward_product(f, f->logits, f->delta, &m->head, count));
	*logits = f->logits;
	return OK;
}

void forward_final_norm(const struct forward *f, float *out, const float *x, size_t count)
{
	const struct model *m = f->model;
	const struct affine *norm = m->config.encoder_layers ? &m->encoder.norm : &m->decoder.norm;

	assert(norm->weight);
	forward_norm(f, out, x, norm, count);
}

size_t forward_logit_rows(const struct forward *f)
{
	return f->logit_rows < FORWARD_MAX_ROWS ? f->logit_rows : FORWARD_MAX_ROWS;
}

enum err forward_lens(struct forward *f, const float *x, size_t count, float **logits)
{
	const struct model *m = f->model;
	const struct config *c = &m->config;

	if (c->head == CONFIG_HEAD_MASKED)
		return forward_masked_logits(f, x, count, logits);
	assert(c->head == CONFIG_HEAD_LANGUAGE && count <= forward_logit_rows(f));
	forward_norm(f, f->normed, x, &m->decoder.norm, count);
	if (c->logits_scaled)
		layers_scale(f->normed, layers_rsqrt(c->hidden_size), count * c->hidden_size);
	TRY(forward_product(f, f->logits, f->normed, &m->head, count));
	*logits = f->logits;
	return OK;
}

enum err forward_classify(struct forward *f, const float *state, float *labels)
{
	const struct model *m = f->model;
	const struct config *c = &m->config;
	const float *x = state;

	assert(c->head == CONFIG_HEAD_CLASSES);
	if (m->pooler.weight.data) {
		TRY(forward_product(f, f->delta, x, &m->pooler, 1));
		layers_tanh(f->delta, c->hidden_size);
		x = f->delta;
	}
	return forward_product(f, labels, x, &m->classifier, 1);
}
