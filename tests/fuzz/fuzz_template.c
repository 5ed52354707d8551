/* SPDX-License-Identifier: Apache-2.0 */
/* A template that is read renders, or says why not, within its ceilings, and twice the same. */
#include <assert.h>

#include "inference/template/template.h"
#include "tests/fuzz/fuzz.h"

static const char CONTEXT[] =
	"{\"messages\":[{\"role\":\"system\",\"content\":\" Be kind. \"},{\"role\":\"user\","
	"\"content\":\"Hello \\u00e9\\ud83d\\ude00\"},{\"role\":\"assistant\",\"content\":null,"
	"\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1,\"b\":[1.5,true]}}}]}"
	"],"
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}],"
	"\"add_generation_prompt\":true,\"bos_token\":\"<s>\",\"now_seconds\":1752148800}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(template_auto) struct template *t = NULL;
	AUTO(buf_free) struct buf one = buf_new(1 << 16), two = buf_new(1 << 16);
	json_t *context;
	enum err first, second;

	if (template_parse(&t, slice_of(data, size)) != OK)
		return 0;
	context = json_loads(CONTEXT, 0, NULL);
	assert(context);
	first = template_render(&one, t, context);
	second = template_render(&two, t, context);
	assert(first == second && first != ERR_INTERNAL);
	assert(first != OK || slice_equal(buf_slice(&one), buf_slice(&two)));
	json_decref(context);
	return 0;
}
