/* SPDX-License-Identifier: Apache-2.0 */
/* A template that is read renders, or says why not, within its ceilings, and twice the same; and no
 * byte of a sign that only the conversation has is the template's. */
#define _GNU_SOURCE /* memmem */
#include <assert.h>

#include "inference/template/template.h"
#include "tests/fuzz/fuzz.h"

static const char CONTEXT[] =
	"{\"messages\":[{\"role\":\"system\",\"content\":\" Be kind. \"},{\"role\":\"user\","
	"\"content\":\"Hello \\ue000 "
	"\\u00e9\\ud83d\\ude00\"},{\"role\":\"assistant\",\"content\":null,"
	"\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1,\"b\":[1.5,true]}}}]}"
	"],"
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}],"
	"\"add_generation_prompt\":true,\"bos_token\":\"<s>\",\"now_seconds\":1752148800}";

static const char SIGN[] = "\xee\x80\x80"; /* U+E000 */

static void check_authors(const struct template_text *out, struct slice text)
{
	assert(out->text.size == out->own.size);
	if (memchr(text.data, '\\', text.size) || memmem(text.data, text.size, SIGN, 3))
		return; /* it has, or writes, the sign itself */
	for (size_t i = 0; i + 3 <= out->text.size; i++)
		if (memcmp(out->text.data + i, SIGN, 3) == 0)
			assert(!out->own.data[i] && !out->own.data[i + 1] && !out->own.data[i + 2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(template_auto) struct template *t = NULL;
	AUTO(template_text_free) struct template_text one = template_text_new(1 << 16);
	AUTO(template_text_free) struct template_text two = template_text_new(1 << 16);
	struct template_context context = {0};
	enum err first, second;
	json_t *json;

	if (size == 0 || template_parse(&t, slice_of(data, size)) != OK)
		return 0;
	json = json_loads(CONTEXT, 0, NULL);
	assert(json);
	context.client = json;
	first = template_render(&one, t, &context);
	second = template_render(&two, t, &context);
	assert(first == second && first != ERR_INTERNAL);
	assert(first != OK || slice_equal(buf_slice(&one.text), buf_slice(&two.text)));
	if (first == OK)
		check_authors(&one, slice_of(data, size));
	json_decref(json);
	return 0;
}
