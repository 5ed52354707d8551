/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/console/assets.h"

#include "gateway/console/assets_table.h"

bool assets_find(struct asset *out, struct slice name)
{
	for (size_t i = 0; i < assets_count; i++) {
		const struct assets_row *row = &assets_rows[i];

		if (!slice_equal(name, slice_of_string(row->name)))
			continue;
		*out = (struct asset){row->name, row->type, row->tag, row->is_hashed, {{0}}};
		for (size_t k = 0; k < HTTP_ENCODINGS; k++)
			if (row->in[k].size)
				out->in[k] = slice_of(assets_bytes + row->in[k].at,
						      row->in[k].size);
		return true;
	}
	return false;
}
