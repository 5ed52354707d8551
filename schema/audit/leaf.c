/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/leaf.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"

/* Written by hand, since there is one a call: nothing in it needs to be escaped. */
void audit_leaf_write(struct buf *out, const struct audit_leaf *leaf)
{
	struct digest commitment = audit_commitment(leaf->nonce, leaf->payload);
	char id[TEXT_UUID], time[CLOCK_TEXT];

	text_uuid(id, leaf->id);
	clock_text(time, leaf->at_ms);
	buf_write_string(out, "{\"c\":\"");
	text_write_base64(out, digest_slice(&commitment), TEXT_BASE64_URL_RAW);
	buf_write_string(out, "\",\"ev\":\"");
	buf_write(out, leaf->kind);
	buf_write_string(out, "\",\"id\":\"");
	buf_write_string(out, id);
	buf_write_string(out, "\",\"t\":\"");
	buf_write_string(out, time);
	buf_write_string(out, "\",\"v\":1}");
}
