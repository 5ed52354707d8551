/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer.json that is read gives ids that it has itself, and text that is UTF-8. */
#include <assert.h>

#include "inference/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"

#define TEXT \
	"a bc <s> \xc3\xa9\xe2\x82\xac_ abcabc  A,.! 12 e\xcc\x81\xe6\xbc\xa2\xe2\x96\x81\n it's " \
	"b"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(token_list_free) struct token_list ids = {0};
	AUTO(buf_free) struct buf text = buf_new(1 << 20);

	if (tokenizer_open(&t, slice_of(data, size)) != OK)
		return 0;
	if (tokenizer_encode(t, &ids, S(TEXT)) != OK)
		return 0;
	for (size_t i = 0; i < ids.count; i++)
		assert(ids.ids[i] < tokenizer_vocabulary(t) && tokenizer_token(t, ids.ids[i]).data);
	if (tokenizer_decode(t, &text, ids.ids, ids.count) == OK)
		assert(slice_is_utf8(buf_slice(&text)));
	return 0;
}
