/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c - what an adapter adds to a product, for the rows that have it. */
#include <assert.h>

#include "inference/model/forward_parts.h"

/* low = A x, then out += B low: B is narrow and lies by rank, so that nothing is written but what
 * the product has written already. */
static enum err add_pair(struct forward *f, const struct adapter_pair *pair,
			 struct adapter_shape shape, float *out, const float *x, size_t count)
{
	const struct product p = {f->low, pair->rank, x, pair->a, count, pair->rank, shape.inputs};

	assert(count <= FORWARD_LOW_ROWS && pair->rank <= ADAPTER_MAX_RANK);
	TRY(compute_product(f->compute, &p));
	for (size_t i = 0; i < count; i++)
		for (size_t r = 0; r < pair->rank; r++)
			compute_add_scaled(f->compute, out + i * shape.outputs,
					   pair->b + r * shape.outputs, f->low[i * pair->rank + r],
					   shape.outputs);
	return OK;
}

enum err forward_adapt(struct forward *f, size_t layer, enum adapter_site site, float *out,
		       const float *x, const struct forward_row *rows, size_t count)
{
	struct adapter_shape shape = adapter_site_shape(&f->model->config, site);

	if (!f->has_adapters)
		return OK;
	for (size_t i = 0, next; i < count; i = next) {
		const struct adapter *adapter = rows[i].adapter;

		next = i + 1;
		while (next < count && next - i < FORWARD_LOW_ROWS && rows[next].adapter == adapter)
			next++;
		if (adapter && adapter->layers[layer].sites[site].rank)
			TRY(add_pair(f, &adapter->layers[layer].sites[site], shape,
				     out + i * shape.outputs, x + i * shape.inputs, next - i));
	}
	return OK;
}
