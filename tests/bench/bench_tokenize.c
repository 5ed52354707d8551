/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tokenize.c - how fast a model's tokenizer cuts a text: bench_tokenize FOLDER|FILE.gguf
 * TEXT. A JSON line for a quarter, a half and all of the text, each as one prompt, the best of
 * three: work that is linear takes the same time a byte. bench_tokenizers.mjs puts it beside
 * another's.
 */
#include <assert.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "tests/conformance/tokenize/open.h"

static double best_milliseconds(const struct tokenizer *t, struct slice text, size_t *ids)
{
	double best = 0;

	for (int i = 0; i < 3; i++) {
		AUTO(token_list_free) struct token_list list = {0};
		int64_t start = clock_monotonic_ms();
		double took;

		assert(tokenizer_encode_plain(t, &list, text) == OK);
		took = (double)(clock_monotonic_ms() - start);
		best = i == 0 || took < best ? took : best;
		*ids = list.count;
	}
	return best;
}

int main(int argc, char **argv)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_TEXT);

	if (argc != 3 || open_any(&t, argv[1]) != OK || file_read(&text, AT_FDCWD, argv[2]) != OK) {
		fprintf(stderr, "usage: bench_tokenize FOLDER|FILE.gguf TEXT: %s\n",
			failure_text());
		return 2;
	}
	for (size_t parts = 4; parts > 0; parts /= 2) {
		struct slice part = slice_part(buf_slice(&text), 0, text.size / parts);
		double took;
		size_t ids;

		while (part.size < text.size && (part.data[part.size] & 0xc0) == 0x80)
			part.size++;
		took = best_milliseconds(t, part, &ids);
		printf("{\"bench\":\"tokenize\",\"from\":\"%s\",\"bytes\":%zu,\"ids\":%zu,\"ms\":%."
		       "1f,"
		       "\"mib_per_second\":%.2f}\n",
		       argv[1], part.size, ids, took,
		       (double)part.size / (1 << 20) / (took / 1000));
	}
	return 0;
}
