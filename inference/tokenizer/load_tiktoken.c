/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_tiktoken.c - the other file that is called tokenizer.model: LLaMA 3's ranks as tiktoken
 * writes them, a line a token: its bytes in base64, a space, its rank, which is its id. It has no
 * special tokens; tokenizer_config.json must name them.
 */
#include <assert.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "inference/tokenizer/load_files.h"
#include "inference/tokenizer/pieces.h"

#define FILE_NAME "tokenizer.model"
#define LLAMA3_WORDS \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}" \
	"\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

struct rank_file {
	struct slice text;
	size_t count;  /* lines */
	uint32_t next; /* the largest rank + 1 */
};

/* The next line's token, as base64 has it, and rank; false at the end. */
static bool next_rank(struct slice *rest, struct slice *token, uint64_t *rank, enum err *result)
{
	struct slice line, number;

	if (rest->size == 0)
		return false;
	slice_cut(*rest, '\n', &line, rest);
	if (!slice_cut(line, ' ', token, &number) || token->size == 0 ||
	    !slice_to_u64(number, TOKENIZER_MAX_VOCABULARY - 1, rank)) {
		*result = failure(ERR_FORMAT,
				  FILE_NAME ": a line is not a token and its rank (neither is it "
					    "SentencePiece's)");
		return false;
	}
	return true;
}

static enum err count_ranks(struct rank_file *file)
{
	struct slice rest = file->text;
	struct slice token;
	enum err result = OK;
	uint64_t rank;

	for (; next_rank(&rest, &token, &rank, &result); file->count++)
		if (rank >= file->next)
			file->next = (uint32_t)rank + 1;
	return result;
}

static enum err load_ranks(struct tokenizer *t, void *source, const json_t *added)
{
	AUTO(buf_free) struct buf bytes = buf_new(TOKENIZER_MAX_TOKEN);
	AUTO(buf_free) struct buf text = buf_new(2 * TOKENIZER_MAX_TOKEN);
	const struct rank_file *file = source;
	struct slice rest = file->text;
	struct slice token;
	uint32_t *ranks;
	enum err result = OK;
	uint64_t rank;

	t->model = MODEL_BPE;
	t->ignore_merges = true;
	TRY(load_begin(t, file->count, file->next, added));
	while (next_rank(&rest, &token, &rank, &result)) {
		buf_reset(&bytes);
		buf_reset(&text);
		TRY(text_read_base64(&bytes, token, TEXT_BASE64));
		for (size_t i = 0; i < bytes.size; i++)
			unicode_write(&text, character_of_byte(bytes.data[i]));
		TRY(load_copied_entry(t, (uint32_t)rank, buf_slice(&text)));
	}
	TRY(result);
	ranks = calloc(t->entry_count + 1, sizeof *ranks);
	assert(ranks);
	for (uint32_t id = 0; id < t->entry_count; id++)
		ranks[id] = t->entries[id].text.size > 0 ? id : UINT32_MAX;
	result = load_ranked_merges(t, ranks);
	free(ranks);
	return result;
}

static enum err frame_of(json_t **out, struct settings *s)
{
	const json_t *first;
	json_t *post = NULL;
	bool begins;

	if (s->words != WORDS_LLAMA || settings_special(&first, s, "bos_token") != OK)
		return failure(ERR_UNSUPPORTED,
			       FILE_NAME ": ranks of tiktoken are read for LLaMA 3 only, and if "
					 "tokenizer_config.json has its \"added_tokens_decoder\"");
	TRY(settings_flag(&begins, s, "add_bos_token", true));
	TRY(settings_template(&post, s, begins ? "bos_token" : NULL, NULL));
	*out = json_pack("{s:{s:s,s:[{s:s,s:{s:s},s:s},{s:s,s:b,s:b}]},s:{s:s},s:o,s:o}",
			 "pre_tokenizer", "type", "Sequence", "pretokenizers", "type", "Split",
			 "pattern", "Regex", LLAMA3_WORDS, "behavior", "Isolated", "type",
			 "ByteLevel", "add_prefix_space", false, "use_regex", false, "decoder",
			 "type", "ByteLevel", "post_processor", post, "added_tokens",
			 settings_list(s));
	assert(*out);
	return OK;
}

enum err load_tiktoken(struct tokenizer **out, struct settings *s, struct slice text)
{
	AUTO(json_auto) json_t *frame = NULL;
	struct rank_file file = {.text = text};

	TRY(count_ranks(&file));
	settings_number(s, file.next);
	TRY(frame_of(&frame, s));
	return load_frame(out, FILE_NAME, frame, load_ranks, &file);
}
