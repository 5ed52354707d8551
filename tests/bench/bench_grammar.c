/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_grammar.c - how long the tokens that may come next take to find, while answers are written
 * that a schema asks for. The argument is a folder with a tokenizer. One JSON line for each schema:
 * microseconds a mask (median, 99 of 100, most), the first time through and once more.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "inference/grammar/vocabulary.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

enum { MAX_MASKS = 1 << 12 };

static const struct example {
	const char *name, *schema, *text;
} examples[] = {
	{"object", "{\"type\":\"object\"}",
	 "{\"name\": \"Ada Lovelace\", \"born\": 1815, \"notes\": [\"first\", \"programmer\"], "
	 "\"address\": {\"city\": \"London\", \"country\": \"England\", \"zip\": null}}"},
	{"record",
	 "{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"},\"year\":{\"type\":"
	 "\"integer\",\"minimum\":1900,\"maximum\":2100},\"genre\":{\"enum\":[\"drama\",\"comedy\","
	 "\"crime\"]},\"rating\":{\"type\":\"number\",\"minimum\":0,\"maximum\":10},\"cast\":{"
	 "\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"actor\":{\"type\":"
	 "\"string\"},\"role\":{\"type\":\"string\"}},\"required\":[\"actor\",\"role\"],"
	 "\"additionalProperties\":false}}},\"required\":[\"title\",\"year\",\"cast\"],"
	 "\"additionalProperties\":false}",
	 "{\"title\": \"The Third Man\", \"year\": 1949, \"genre\": \"crime\", \"rating\": 8.1, "
	 "\"cast\": [{\"actor\": \"Joseph Cotten\", \"role\": \"Holly Martins\"}, {\"actor\": "
	 "\"Alida Valli\", \"role\": \"Anna Schmidt\"}]}"},
	{"lengths",
	 "{\"type\":\"object\",\"properties\":{\"summary\":{\"type\":\"string\",\"minLength\":20,"
	 "\"maxLength\":400},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\","
	 "\"maxLength\":24},\"minItems\":1,\"maxItems\":8}},\"required\":[\"summary\",\"tags\"]}",
	 "{\"summary\": \"A writer comes to Vienna after the war and finds that the friend who has "
	 "invited him is said to be dead, and that nobody tells quite the same story about it.\", "
	 "\"tags\": [\"Vienna\", \"film noir\", \"zither\"]}"},
	{"patterns",
	 "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\",\"format\":\"uuid\"},"
	 "\"when\":{\"type\":\"string\",\"format\":\"date-time\"},\"code\":{\"type\":\"string\","
	 "\"pattern\":\"^[A-Z]{3}-[0-9]{2,6}$\"},\"mail\":{\"type\":\"string\",\"format\":"
	 "\"email\"}},\"required\":[\"id\",\"when\",\"code\",\"mail\"]}",
	 "{\"id\": \"6fa459ea-ee8a-3ca4-894e-db77e160355e\", \"when\": \"2026-11-22T12:30:00Z\", "
	 "\"code\": \"ABC-1234\", \"mail\": \"ada.lovelace@example.com\"}"},
	{"recursive",
	 "{\"$defs\":{\"n\":{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"value\":{\"type\":"
	 "\"integer\"},\"next\":{\"$ref\":\"#/$defs/n\"}},\"required\":[\"value\",\"next\"],"
	 "\"additionalProperties\":false},{\"type\":\"null\"}]}},\"$ref\":\"#/$defs/n\"}",
	 "{\"value\": 1, \"next\": {\"value\": 2, \"next\": {\"value\": 3, \"next\": {\"value\": "
	 "4, "
	 "\"next\": null}}}}"},
};

/* Of this process: what others do meanwhile does not count. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void write_token(void *context, uint32_t id, bool is_first, struct buf *out)
{
	const struct tokenizer *t = context;

	if (!tokenizer_is_special(t, id))
		tokenizer_write_piece(t, id, is_first, out);
}

static int compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* The answer token by token; the microseconds of each mask. */
static size_t write_answer(double *took, struct grammar *g, const struct tokenizer *t,
			   const char *text)
{
	AUTO(token_list_free) struct token_list ids = {0};
	AUTO(grammar_run_auto) struct grammar_run *r = grammar_run_new(g);
	AUTO(buf_free) struct buf piece = buf_new(4 * TOKENIZER_MAX_TOKEN);

	assert(tokenizer_encode_bare(t, &ids, slice_of_string(text)) == OK);
	for (size_t i = 0; i < ids.count && i < MAX_MASKS; i++) {
		int64_t start = now_ns();
		const uint64_t *mask = grammar_run_mask(r, i == 0);

		took[i] = (double)(now_ns() - start) / 1e3;
		assert(mask[ids.ids[i] / 64] >> ids.ids[i] % 64 & 1);
		buf_reset(&piece);
		write_token((void *)(uintptr_t)t, ids.ids[i], i == 0, &piece);
		assert(grammar_run_take(r, buf_slice(&piece)));
	}
	assert(grammar_run_may_end(r));
	qsort(took, ids.count, sizeof *took, compare);
	return ids.count;
}

static void print_times(const char *label, const double *took, size_t n)
{
	printf(",\"%s\":[%.1f,%.1f,%.1f]", label, took[n / 2], took[n * 99 / 100], took[n - 1]);
}

static void measure(const struct example *e, const struct grammar_vocabulary *v,
		    const struct tokenizer *t)
{
	AUTO(grammar_auto) struct grammar *g = NULL;
	static double took[MAX_MASKS];
	int64_t start = now_ns();
	size_t n;

	assert(grammar_new(&g, GRAMMAR_STRICT, slice_of_string(e->schema), v) == OK);
	printf("{\"schema\":\"%s\",\"compile_us\":%.0f", e->name, (double)(now_ns() - start) / 1e3);
	n = write_answer(took, g, t, e->text);
	printf(",\"tokens\":%zu", n);
	print_times("first_us", took, n);
	n = write_answer(took, g, t, e->text);
	print_times("again_us", took, n);
	printf(",\"kib\":%zu}\n", grammar_memory_bytes(g) / 1024);
}

int main(int argc, char **argv)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(grammar_vocabulary_auto) struct grammar_vocabulary *v = NULL;
	struct grammar_tokens tokens = {.write = write_token};
	struct folder folder = {0};
	int64_t start;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_grammar FOLDER-WITH-A-TOKENIZER\n");
		return 2;
	}
	folder_init(&folder, argv[1]);
	if (tokenizer_open_files(&t, &folder.files, NULL) != OK) {
		fprintf(stderr, "%s\n", failure_text());
		return 1;
	}
	tokens.context = t;
	tokens.count = tokenizer_vocabulary(t);
	start = now_ns();
	assert(grammar_vocabulary_new(&v, &tokens) == OK);
	printf("{\"vocabulary\":%zu,\"prepare_ms\":%.1f,\"kib\":%zu}\n", tokens.count,
	       (double)(now_ns() - start) / 1e6, grammar_vocabulary_bytes(v) / 1024);
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
		measure(&examples[i], v, t);
	folder_free(&folder);
	return 0;
}
