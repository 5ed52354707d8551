/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_pieces.c - tokenizer.model and spiece.model: SentencePiece's ModelProto
 * (sentencepiece_model.proto), field by field. What we do not do is refused by its name there.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/protobuf.h"
#include "inference/tokenizer/load_files.h"
#include "inference/tokenizer/pieces.h"

/* The numbers of the fields. */
enum { MODEL_PIECES = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3, MODEL_DENORMALIZER = 5 };
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_KIND = 3 };
enum { TRAINER_TYPE = 3, TRAINER_SUFFIX = 24, TRAINER_BYTES = 35, TRAINER_UNKNOWN = 40 };
enum {
	NORMALIZER_CHARSMAP = 2,
	NORMALIZER_PREFIX = 3,
	NORMALIZER_STRIP = 4,
	NORMALIZER_ESCAPE = 5
};

enum { TYPE_UNIGRAM = 1, TYPE_BPE = 2 };
enum { T5_EXTRA = 100 /* ids behind the pieces, unless a file says otherwise */, EXTRA_MAX = 1000 };

/* A model as its file has it. */
struct proto_model {
	const char *file;
	struct piece_list pieces;
	size_t room;
	int32_t special_ids[4]; /* unknown, beginning, end, padding; -1: none */
};

static void proto_model_clear(struct proto_model *m)
{
	free(m->pieces.list);
}

static enum err broken(const struct proto_model *m, const struct protobuf *p, const char *what)
{
	return failure(ERR_FORMAT, "%s: byte %zu of %s: not a SentencePiece model, or cut short",
		       m->file, p->at, what);
}

static enum err read_piece(struct proto_model *m, struct slice message)
{
	struct scored_piece piece = {.kind = PIECE_NORMAL};
	struct protobuf p = protobuf_of(message);
	struct protobuf_field f;
	uint64_t kind = PIECE_NORMAL;

	while (protobuf_next(&p, &f)) {
		if (f.number == PIECE_TEXT && f.wire == PROTOBUF_BYTES)
			piece.text = f.bytes;
		else if (f.number == PIECE_SCORE && f.wire == PROTOBUF_FIXED32)
			piece.score = protobuf_float(&f);
		else if (f.number == PIECE_KIND && f.wire == PROTOBUF_VARINT)
			kind = f.value;
	}
	if (p.is_broken)
		return broken(m, &p, "a piece");
	if (kind < PIECE_NORMAL || kind > PIECE_BYTE)
		return failure(ERR_UNSUPPORTED, "%s: piece %zu: \"type\" %llu is not known",
			       m->file, m->pieces.count, (unsigned long long)kind);
	piece.kind = (enum piece_kind)kind;
	if (m->pieces.count == TOKENIZER_MAX_VOCABULARY)
		return failure(ERR_LIMIT, "%s: more than %d pieces", m->file,
			       TOKENIZER_MAX_VOCABULARY);
	if (m->pieces.count == m->room) {
		m->room = m->room ? 2 * m->room : 1024;
		m->pieces.list = realloc(m->pieces.list, m->room * sizeof *m->pieces.list);
		assert(m->pieces.list);
	}
	m->pieces.list[m->pieces.count++] = piece;
	return OK;
}

static enum err read_trainer(struct proto_model *m, struct slice message)
{
	struct protobuf p = protobuf_of(message);
	struct protobuf_field f;
	uint64_t type = TYPE_UNIGRAM;
	bool is_suffix = false;

	while (protobuf_next(&p, &f)) {
		if (f.wire != PROTOBUF_VARINT)
			continue;
		if (f.number == TRAINER_TYPE)
			type = f.value;
		else if (f.number == TRAINER_SUFFIX)
			is_suffix = f.value != 0;
		else if (f.number == TRAINER_BYTES)
			m->pieces.byte_fallback = f.value != 0;
		else if (f.number >= TRAINER_UNKNOWN && f.number < TRAINER_UNKNOWN + 4)
			m->special_ids[f.number - TRAINER_UNKNOWN] = (int32_t)f.value;
	}
	if (p.is_broken)
		return broken(m, &p, "\"trainer_spec\"");
	m->pieces.is_unigram = type == TYPE_UNIGRAM;
	if (type != TYPE_UNIGRAM && type != TYPE_BPE)
		return failure(ERR_UNSUPPORTED,
			       "%s: \"model_type\" %llu (neither UNIGRAM nor BPE) is not known to "
			       "this engine",
			       m->file, (unsigned long long)type);
	if (is_suffix)
		return failure(ERR_UNSUPPORTED,
			       "%s: \"treat_whitespace_as_suffix\" is not known to this engine",
			       m->file);
	return OK;
}

static enum err read_normalizer(struct proto_model *m, struct slice message)
{
	struct protobuf p = protobuf_of(message);
	struct protobuf_field f;

	while (protobuf_next(&p, &f)) {
		if (f.number == NORMALIZER_CHARSMAP && f.wire == PROTOBUF_BYTES)
			m->pieces.charsmap = f.bytes;
		if (f.wire != PROTOBUF_VARINT)
			continue;
		if (f.number == NORMALIZER_PREFIX)
			m->pieces.adds_prefix = f.value != 0;
		else if (f.number == NORMALIZER_STRIP)
			m->pieces.strips_spaces = f.value != 0;
		else if (f.number == NORMALIZER_ESCAPE)
			m->pieces.escapes_spaces = f.value != 0;
	}
	return p.is_broken ? broken(m, &p, "\"normalizer_spec\"") : OK;
}

/* A table for the way back changes what a token's text is; models that we know have none. */
static enum err check_denormalizer(const struct proto_model *m, struct slice message)
{
	struct protobuf p = protobuf_of(message);
	struct protobuf_field f;

	while (protobuf_next(&p, &f))
		if (f.number == NORMALIZER_CHARSMAP && f.bytes.size > 0)
			return failure(ERR_UNSUPPORTED,
				       "%s: \"denormalizer_spec\" is not known to this engine",
				       m->file);
	return p.is_broken ? broken(m, &p, "\"denormalizer_spec\"") : OK;
}

static enum err read_model(struct proto_model *m, struct slice bytes)
{
	struct protobuf p = protobuf_of(bytes);
	struct protobuf_field f;

	m->pieces.is_unigram = true;
	m->pieces.adds_prefix = m->pieces.strips_spaces = m->pieces.escapes_spaces = true;
	for (int i = 0; i < 4; i++)
		m->special_ids[i] = i < 3 ? i : -1;
	while (protobuf_next(&p, &f)) {
		if (f.wire != PROTOBUF_BYTES)
			continue;
		if (f.number == MODEL_PIECES)
			TRY(read_piece(m, f.bytes));
		else if (f.number == MODEL_TRAINER)
			TRY(read_trainer(m, f.bytes));
		else if (f.number == MODEL_NORMALIZER)
			TRY(read_normalizer(m, f.bytes));
		else if (f.number == MODEL_DENORMALIZER)
			TRY(check_denormalizer(m, f.bytes));
	}
	if (p.is_broken || m->pieces.count == 0)
		return broken(m, &p, "the file");
	return OK;
}

static enum err post_llama(json_t **out, const struct settings *s)
{
	bool begins;
	bool ends;

	TRY(settings_flag(&begins, s, "add_bos_token", true));
	TRY(settings_flag(&ends, s, "add_eos_token", false));
	return settings_template(out, s, begins ? "bos_token" : NULL, ends ? "eos_token" : NULL);
}

/* T5's sentinels stand behind the pieces, the first one last. */
static enum err add_extra(struct settings *s, uint32_t pieces)
{
	const json_t *said = json_object_get(s->tokenizer, "extra_ids");
	const json_t *size = json_object_get(s->config, "vocab_size");
	uint64_t extra = T5_EXTRA;
	char name[32];

	if (json_is_integer(size) && json_integer_value(size) < (json_int_t)pieces + T5_EXTRA)
		extra = 0; /* a model made without them */
	if (!load_is_absent(said))
		TRY(json_read_integer(&extra, said, EXTRA_MAX, "tokenizer_config.json",
				      "extra_ids"));
	for (uint32_t i = 0; i < extra; i++) {
		snprintf(name, sizeof name, "<extra_id_%u>", i);
		settings_add(s, name, pieces + (uint32_t)extra - 1 - i);
	}
	return OK;
}

/* What the files beside it say of its special tokens; what they leave open, the model says. */
static enum err settle(struct proto_model *m, struct settings *s)
{
	static const char *const keys[] = {"unk_token", "bos_token", "eos_token", "pad_token"};
	const json_t *spaces = json_object_get(s->tokenizer, "add_prefix_space");
	const struct piece_list *p = &m->pieces;

	if (s->words != WORDS_LLAMA && s->words != WORDS_T5)
		return failure(ERR_UNSUPPORTED,
			       "%s: a %s is not read from this file by this engine", m->file,
			       s->class);
	for (size_t i = 0; i < 4; i++) {
		int32_t id = m->special_ids[i];

		if (id >= 0 && (size_t)id < p->count)
			settings_default(s, keys[i], p->list[id].text, (uint32_t)id);
	}
	for (uint32_t id = 0; id < p->count; id++)
		settings_see(s, p->list[id].text, id);
	if (s->words == WORDS_T5)
		TRY(add_extra(s, (uint32_t)p->count));
	settings_number(s, (uint32_t)p->count);
	if (json_is_boolean(spaces))
		m->pieces.adds_prefix = json_is_true(spaces);
	return OK;
}

static enum err load_pieces_file(struct tokenizer **out, struct model_files *files,
				 const char *name)
{
	AUTO(settings_clear) struct settings s = {0};
	AUTO(proto_model_clear) struct proto_model m = {.file = name};
	AUTO(buf_free) struct buf bytes = buf_new(TOKENIZER_MAX_FILE);
	AUTO(json_auto) json_t *post = NULL;
	bool legacy;

	TRY(settings_read_file(&bytes, files, name));
	TRY(settings_open(&s, files, NULL));
	if (bytes.size > 0 && bytes.data[0] != (MODEL_PIECES << 3 | PROTOBUF_BYTES))
		return load_tiktoken(out, &s, buf_slice(&bytes));
	TRY(read_model(&m, buf_slice(&bytes)));
	TRY(settle(&m, &s));
	TRY(settings_flag(&legacy, &s, "legacy", true));
	if (s.words == WORDS_T5)
		TRY(settings_template(&post, &s, NULL, "eos_token"));
	else
		TRY(post_llama(&post, &s));
	TRY(pieces_load(out, name, &m.pieces, &s, post));
	(*out)->prefixes_each = legacy;
	return OK;
}

enum err load_spiece_model(struct tokenizer **out, struct model_files *files)
{
	return load_pieces_file(out, files, "spiece.model");
}

enum err load_tokenizer_model(struct tokenizer **out, struct model_files *files)
{
	return load_pieces_file(out, files, "tokenizer.model");
}
