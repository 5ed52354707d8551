/* SPDX-License-Identifier: Apache-2.0 */
/* A model from its GGUF file computes what it computes from its safetensors: the same numbers, bit
 * by bit, for the weights are the same once they lie as we want them. That those numbers are the
 * reference's is what test_families.c and test_engine.c look at. */
#include "tests/unit/test.h"

#include "inference/kernel/layers.h"
#include "tests/unit/inference/gguf_file.h"
#include "tests/unit/inference/scene.h"

enum { ROWS = 24, MAX_WIDTH = 4096 };

struct pair {
	const char *folder;
	const char *file;
	const char *config; /* where the folder has none */
};

/* The GGUF file of slm4096 cannot say that its GELU is the exact one. */
static const struct pair pairs[] = {
	{"models/stories260K", "stories260K.gguf", NULL},
	{"models/hf-trained-here/gpt2", "tiny-gpt2.gguf", NULL},
	{"models/hf-trained-here/qwen2", "tiny-qwen2.gguf", NULL},
	{"models/hf-trained-here/bloom", "tiny-bloom.gguf", NULL},
	{"models/hf-trained-here/bert", "tiny-bert.gguf", NULL},
	{"models/hf-trained-here/t5", "tiny-t5.gguf", NULL},
	{"models/hf-trained-here/t5v11", "tiny-t5v11.gguf", NULL},
	{"models/slm4096", "slm4096.gguf",
	 "{\"model_type\":\"gpt2\",\"n_embd\":64,\"n_layer\":4,\"n_head\":4,"
	 "\"n_positions\":128,\"vocab_size\":54,\"activation_function\":\"gelu_new\"}"},
	{"models/gpt-nano-sort", "gpt-nano-sort.gguf",
	 "{\"model_type\":\"gpt2\",\"n_embd\":48,\"n_layer\":3,\"n_head\":3,"
	 "\"n_positions\":11,\"vocab_size\":3,\"tie_word_embeddings\":false}"},
};

static void open_safetensors(struct setup *s, const struct pair *pair, const char *path)
{
	memset(s, 0, sizeof *s);
	folder_init(&s->folder, path);
	if (pair->config)
		folder_set(&s->folder, "config.json", slice_of_string(pair->config));
	setup_finish(s, &operators_onednn, 1, 128); /* GGUF knows no other distance */
}

static void open_gguf(struct setup *s, const struct pair *pair, const char *path)
{
	AUTO(buf_free) struct buf bytes = buf_new(64 << 20);
	char file[480];

	memset(s, 0, sizeof *s);
	snprintf(file, sizeof file, "%s/%s", path, pair->file);
	assert_ok(file_read(&bytes, AT_FDCWD, file));
	folder_init(&s->folder, "/nowhere");
	folder_set(&s->folder, pair->file, buf_slice(&bytes));
	setup_finish(s, &operators_onednn, 1, 0);
}

static size_t fill_rows(struct forward_row *rows, const struct setup *s)
{
	size_t count = s->config.context < ROWS ? s->config.context : ROWS;

	for (size_t i = 0; i < count; i++)
		rows[i] = row_of(s, i, (uint32_t)(i * 7 + 3) % s->config.vocabulary, true);
	return count;
}

/* What comes out at the end: logits, or an encoder's states. *count gets the numbers. */
static const float *run(struct setup *s, size_t *count)
{
	struct forward_row rows[ROWS];
	size_t n = fill_rows(rows, s);
	const float *hidden;
	float *logits;

	for (size_t i = 0; i < n; i++) {
		rows[i].table = s->config.encoder_layers ? &s->source : &s->table;
		rows[i].length = (uint32_t)n;
	}
	*count = n * s->config.hidden_size;
	if (s->config.encoder_layers)
		assert_ok(forward_encode(s->forward, rows, n, &hidden));
	if (!s->config.layers)
		return hidden;
	fill_rows(rows, s);
	for (size_t i = 0; i < n && s->config.encoder_layers; i++) {
		rows[i].source = &s->source;
		rows[i].source_length = (uint32_t)n;
	}
	*count = n * s->config.vocabulary;
	assert_ok(forward_run(s->forward, rows, n, &logits));
	return logits;
}

static void a_model_computes_the_same_from_either_file(void **state)
{
	char path[300], found[380];

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		AUTO(setup_close) struct setup a = {0};
		AUTO(setup_close) struct setup b = {0};
		const float *from_a, *from_b;
		size_t count_a, count_b;

		snprintf(path, sizeof path, "%s/%s", pairs[i].folder, pairs[i].file);
		if (!shared_path(found, sizeof found, path))
			skip();
		*strrchr(found, '/') = '\0';
		open_safetensors(&a, &pairs[i], found);
		open_gguf(&b, &pairs[i], found);
		assert_int_equal(a.config.vocabulary, b.config.vocabulary);
		from_a = run(&a, &count_a);
		from_b = run(&b, &count_b);
		assert_int_equal(count_a, count_b);
		for (size_t j = 0; j < count_a; j++)
			if (from_a[j] != from_b[j])
				fail_msg("%s: number %zu is %g, not %g", pairs[i].file, j,
					 (double)from_b[j], (double)from_a[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_computes_the_same_from_either_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
