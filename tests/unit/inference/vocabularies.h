/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocabularies.h - foreign vocabularies for tests, each in the form that its files have, with the
 * settings that stand beside them in the model that they are from.
 */
#ifndef TESTS_UNIT_INFERENCE_VOCABULARIES_H
#define TESTS_UNIT_INFERENCE_VOCABULARIES_H

#include "inference/format/gguf.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

struct vocabulary_row {
	const char *name;
	struct {
		const char *as, *path; /* below the foreign data */
	} files[3];
	const char *config;   /* config.json */
	const char *settings; /* tokenizer_config.json */
	const char *gguf;
};

#define LLAMA3_SETTINGS \
	"{\"bos_token\":\"<|begin_of_text|>\",\"eos_token\":\"<|end_of_text|>\"," \
	"\"tokenizer_class\":\"PreTrainedTokenizerFast\",\"added_tokens_decoder\":{" \
	"\"128000\":{\"content\":\"<|begin_of_text|>\",\"special\":true}," \
	"\"128001\":{\"content\":\"<|end_of_text|>\",\"special\":true}," \
	"\"128006\":{\"content\":\"<|start_header_id|>\",\"special\":true}," \
	"\"128007\":{\"content\":\"<|end_header_id|>\",\"special\":true}," \
	"\"128009\":{\"content\":\"<|eot_id|>\",\"special\":true}}}"

/* clang-format off */
static const struct vocabulary_row vocabulary_rows[] = {
	{"gpt2 words", {{"vocab.json", "tokenizers/gpt2/vocab.json"},
			{"merges.txt", "tokenizers/gpt2/merges.txt"}}, "{\"model_type\":\"gpt2\"}", NULL, NULL},
	{"gpt2 json", {{"tokenizer.json", "tokenizers/gpt2/tokenizer.json"}}, NULL, NULL, NULL},
	{"gpt2 gguf", {{0}}, NULL, NULL, "gguf_vocab/ggml-vocab-gpt-2.gguf"},
	{"qwen2 words", {{"vocab.json", "tokenizers/qwen2/vocab.json"},
			 {"merges.txt", "tokenizers/qwen2/merges.txt"},
			 {"tokenizer_config.json", "tokenizers/qwen2/tokenizer_config.json"}}, NULL, NULL, NULL},
	{"bert words", {{"vocab.txt", "tokenizers/bert/vocab.txt"}}, "{\"model_type\":\"bert\"}", NULL, NULL},
	{"bert json", {{"tokenizer.json", "tokenizers/bert/tokenizer.json"}}, NULL, NULL, NULL},
	{"bert gguf", {{0}}, NULL, NULL, "gguf_vocab/ggml-vocab-bert-bge.gguf"},
	{"llama2 pieces", {{"tokenizer.model", "tokenizers/llama2/tokenizer.model"}},
	 "{\"model_type\":\"llama\"}", NULL, NULL},
	{"llama2 json", {{"tokenizer.json", "tokenizers/llama2/tokenizer_phi3.json"}}, NULL, NULL, NULL},
	{"llama2 gguf", {{0}}, NULL, NULL, "gguf_vocab/ggml-vocab-llama-spm.gguf"},
	{"llama3 ranks", {{"tokenizer.model", "tokenizers/llama3/tokenizer.model"}},
	 "{\"model_type\":\"llama\"}", LLAMA3_SETTINGS, NULL},
	{"t5 pieces", {{"spiece.model", "tokenizers/t5/spiece.model"}}, "{\"model_type\":\"t5\"}", NULL, NULL},
	{"t5 json", {{"tokenizer.json", "tokenizers/t5/tokenizer.json"}}, NULL, NULL, NULL},
	{"english pieces", {{"tokenizer.model", "tokenizers/sentencepiece/test_model.model"}},
	 "{\"model_type\":\"llama\"}", NULL, NULL},
	{"japanese pieces", {{"tokenizer.model", "tokenizers/sentencepiece/test_ja_model.model"}},
	 "{\"model_type\":\"llama\"}", NULL, NULL},
	{"tiny bert gguf", {{0}}, NULL, NULL, "models/hf-trained-here/bert/tiny-bert.gguf"},
	{"tiny bert json", {{"tokenizer.json", "models/hf-trained-here/bert/tokenizer.json"}}, NULL, NULL, NULL},
	{"tiny bloom gguf", {{0}}, NULL, NULL, "models/hf-trained-here/bloom/tiny-bloom.gguf"},
	{"tiny bloom json", {{"tokenizer.json", "models/hf-trained-here/bloom/tokenizer.json"}}, NULL, NULL, NULL},
	{"tiny qwen2 gguf", {{0}}, NULL, NULL, "models/hf-trained-here/qwen2/tiny-qwen2.gguf"},
	{"tiny qwen2 json", {{"tokenizer.json", "models/hf-trained-here/qwen2/tokenizer.json"}}, NULL, NULL, NULL},
	{"tiny t5 gguf", {{0}}, NULL, NULL, "models/hf-trained-here/t5/tiny-t5.gguf"},
	{"tiny t5 pieces", {{"spiece.model", "models/hf-trained-here/t5/spiece.model"}},
	 "{\"model_type\":\"t5\",\"vocab_size\":1024}", NULL, NULL},
	{"stories json", {{"tokenizer.json", "models/stories260K/tokenizer.json"}}, NULL, NULL, NULL},
	{"stories gguf", {{0}}, NULL, NULL, "models/stories260K/stories260K.gguf"},
	{"corpus gguf", {{0}}, NULL, NULL, "models/slm4096/slm4096.gguf"},
};
/* clang-format on */

enum { VOCABULARY_COUNT = sizeof vocabulary_rows / sizeof *vocabulary_rows };

/* Read once for all tests of a program. */
static struct tokenizer *vocabularies[VOCABULARY_COUNT];

static inline int vocabularies_close(void **state)
{
	(void)state;
	for (size_t i = 0; i < VOCABULARY_COUNT; i++)
		tokenizer_free(vocabularies[i]);
	return 0;
}

static inline enum err vocabulary_open_gguf(struct tokenizer **out, struct folder *folder,
					    const char *path)
{
	AUTO(buf_free) struct buf bytes = buf_new(GGUF_MAX_HEADER);
	AUTO(gguf_auto) struct gguf *gguf = NULL;
	struct weight_source source;

	TRY(file_read(&bytes, AT_FDCWD, path));
	source = bytes_source(buf_slice(&bytes));
	TRY(gguf_open(&gguf, &source, "model.gguf"));
	return tokenizer_open_files(out, &folder->files, gguf);
}

static inline bool vocabulary_add(struct folder *folder, const char *as, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);
	char full[400];

	if (!shared_path(full, sizeof full, path))
		return false;
	assert_ok(file_read(&text, AT_FDCWD, full));
	folder_set(folder, as, buf_slice(&text));
	return true;
}

/* NULL, and said so, where it is not there. Borrowed. */
static inline const struct tokenizer *vocabulary_open(size_t i)
{
	const struct vocabulary_row *row = &vocabulary_rows[i];
	struct folder folder;
	bool there = true;
	enum err result;
	char path[400];

	if (vocabularies[i])
		return vocabularies[i];
	folder_init(&folder, "/nothing");
	for (size_t j = 0; j < 3 && row->files[j].as; j++)
		there = there && vocabulary_add(&folder, row->files[j].as, row->files[j].path);
	if (row->config)
		folder_set(&folder, "config.json", slice_of_string(row->config));
	if (row->settings)
		folder_set(&folder, "tokenizer_config.json", slice_of_string(row->settings));
	if (row->gguf)
		there = shared_path(path, sizeof path, row->gguf) != NULL;
	if (there) {
		result = row->gguf ? vocabulary_open_gguf(&vocabularies[i], &folder, path)
				   : tokenizer_open_files(&vocabularies[i], &folder.files, NULL);
		if (result != OK)
			fail_msg("%s: %s", row->name, failure_text());
	}
	folder_free(&folder);
	return vocabularies[i];
}

static inline const struct tokenizer *vocabulary(const char *name)
{
	for (size_t i = 0; i < VOCABULARY_COUNT; i++)
		if (strcmp(vocabulary_rows[i].name, name) == 0)
			return vocabulary_open(i);
	fail_msg("there is no vocabulary \"%s\"", name);
	return NULL;
}

#endif
