/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c - what an adapter adds to a product, for the rows that have it. */
#include "inference/kernel/pool.h"
#include "inference/model/forward_parts.h"

/* Below this many multiplications, other threads are left asleep. */
enum { SHARED_FROM = 1 << 17 };

struct adding {
	struct forward *forward;
	const struct adapter_pair *pair;
	struct adapter_shape shape;
	float *out;
	const float *x;
};

/* low = A x, then out += B low: B is narrow and lies by rank, so that nothing is written but what
 * the product has written already. Each number is made by itself, in any company. */
static void add_rows(void *context, unsigned worker, size_t first, size_t last)
{
	const struct adding *a = context;
	const struct compute *compute = a->forward->compute;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		const float *x = a->x + i * a->shape.inputs;
		float *out = a->out + i * a->shape.outputs;

		for (size_t r = 0; r < a->pair->rank; r++)
			compute_add_scaled(compute, out, a->pair->b + r * a->shape.outputs,
					   compute_dot(compute, a->pair->a + r * a->shape.inputs, x,
						       a->shape.inputs),
					   a->shape.outputs);
	}
}

static void add_pair(struct forward *f, const struct adapter_pair *pair, struct adapter_shape shape,
		     float *out, const float *x, size_t count)
{
	struct adding a = {f, pair, shape, out, x};

	if (count * pair->rank * (shape.inputs + shape.outputs) < SHARED_FROM)
		add_rows(&a, 0, 0, count);
	else
		pool_run(compute_pool(f->compute), count, add_rows, &a);
}

void forward_adapt(struct forward *f, size_t layer, enum adapter_site site, float *out,
		   const float *x, const struct forward_row *rows, size_t count)
{
	struct adapter_shape shape = adapter_site_shape(&f->model->config, site);

	if (!f->has_adapters)
		return;
	for (size_t i = 0, next; i < count; i = next) {
		const struct adapter *adapter = rows[i].adapter;

		next = i + 1;
		while (next < count && rows[next].adapter == adapter)
			next++;
		if (adapter && adapter->layers[layer].sites[site].rank)
			add_pair(f, &adapter->layers[layer].sites[site], shape,
				 out + i * shape.outputs, x + i * shape.inputs, next - i);
	}
}
