/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a map of replacements: what it makes of a text is UTF-8, or refused. */
#include <assert.h>

#include "crypto/base/text.h"
#include "inference/tokenizer/charsmap.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(charsmap_auto) struct charsmap *m = NULL;
	AUTO(buf_free) struct buf base64 = buf_new(1 << 22);
	AUTO(buf_free) struct buf out = buf_new(1 << 20);

	text_write_base64(&base64, slice_of(data, size), TEXT_BASE64);
	if (charsmap_new(&m, buf_slice(&base64)) != OK)
		return 0;
	if (charsmap_run(m, &out,
			 S("abc \xef\xac\x81 e\xcc\x81 \xf0\x9f\x87\xa9\xf0\x9f\x87\xaa")) == OK)
		assert(slice_is_utf8(buf_slice(&out)));
	return 0;
}
