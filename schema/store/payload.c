/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/payload.h"

#include "schema/audit/chain.h"

/* What cannot be joined was never numbered with a chain, or its payload is gone. */
struct slice store_take_payload(struct store_step *step)
{
	AUTO(buf_free) struct buf joined = buf_new(AUDIT_MAX_JOINED);
	struct slice payload = store_take_text(step), chain = store_take_text(step);

	if (!chain.size || audit_chain_join(&joined, payload, chain) != OK)
		return payload;
	return arena_copy(step->arena, buf_slice(&joined));
}
