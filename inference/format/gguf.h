/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf.h - the strict reader of a GGUF file's header, versions 2 and 3, little endian: metadata
 * by key, and tensors. Every byte behind the header belongs to one tensor or is the padding that
 * aligns the next. What fails says the file and the offset. Source: ggml's docs/gguf.md.
 *
 * All texts are a stranger's. Slices and names are borrowed until gguf_free.
 */
#ifndef INFERENCE_FORMAT_GGUF_H
#define INFERENCE_FORMAT_GGUF_H

#include "inference/format/source.h"
#include "inference/format/tensor.h"

enum {
	GGUF_MAX_HEADER = 256 << 20, /* bytes: magic, metadata and descriptions of tensors */
	GGUF_MAX_KEYS = 1 << 16,
	GGUF_MAX_KEY = 256,       /* bytes of a key; printable ASCII */
	GGUF_MAX_TEXT = 16 << 20, /* bytes of one text */
	GGUF_MAX_TENSORS = 1 << 16,
	GGUF_MAX_NAME = 64,        /* bytes of a tensor's name; printable ASCII */
	GGUF_MAX_RANK = 4,         /* dimensions */
	GGUF_MAX_ALIGNMENT = 4096, /* bytes; a power of two */
	GGUF_FILE_NAME = 255,
};

/* The numbers are the file's. */
enum gguf_type {
	GGUF_U8,
	GGUF_I8,
	GGUF_U16,
	GGUF_I16,
	GGUF_U32,
	GGUF_I32,
	GGUF_F32,
	GGUF_BOOL,
	GGUF_TEXT,
	GGUF_ARRAY, /* of anything but arrays */
	GGUF_U64,
	GGUF_I64,
	GGUF_F64,
};

struct gguf;

/* Reads and checks the header. `name` is the file's, for failures, and is copied. The source is
 * borrowed for the call only. ERR_FORMAT; ERR_LIMIT; ERR_UNSUPPORTED for another version, byte
 * order or type; or whatever the source fails with. The caller frees *out. */
RESULT gguf_open(struct gguf **out, struct weight_source *source, const char *name);
void gguf_free(struct gguf *g); /* wipes; NULL is fine */
AUTO_POINTER(gguf)

/* The same with the one file of a model that is called something.gguf. *source is the supplier's
 * (see source.h); NULL: not wanted. ERR_NOT_FOUND: there is none; ERR_UNSUPPORTED: more than one.
 */
RESULT gguf_find(struct gguf **out, struct weight_source **source, struct model_files *files);

const char *gguf_name(const struct gguf *g); /* of the file */

/* Metadata. A getter fails with ERR_NOT_FOUND if there is no such key, and with ERR_FORMAT if the
 * value is of another kind or out of range; the failure names file, key and offset. */
bool gguf_has(const struct gguf *g, const char *key);
RESULT gguf_get_u32(const struct gguf *g, const char *key, uint32_t *out); /* any integer type */
RESULT gguf_get_f32(const struct gguf *g, const char *key, float *out);    /* F32 or F64, finite */
RESULT gguf_get_bool(const struct gguf *g, const char *key, bool *out);
RESULT gguf_get_text(const struct gguf *g, const char *key, struct slice *out); /* maybe no UTF-8 */

/* A list of numbers (integers, reals or bools), or of texts, which are read in order. */
struct gguf_array {
	enum gguf_type type; /* of its elements */
	uint64_t count;
	struct slice rest; /* what gguf_next_text has not taken yet */
};
RESULT gguf_get_array(const struct gguf *g, const char *key, struct gguf_array *out);
RESULT gguf_get_texts(const struct gguf *g, const char *key, struct gguf_array *out);
/* Element i < count of a list of numbers; of an integer as a real, and of a real as an integer: 0
 * where that cannot be. Assert: it is no list of texts. */
int64_t gguf_integer_at(const struct gguf_array *array, uint64_t i);
double gguf_real_at(const struct gguf_array *array, uint64_t i);
bool gguf_next_text(struct gguf_array *array, struct slice *out); /* false: that was all */

/* All keys, in order of their names: for finding those that nobody reads. */
size_t gguf_key_count(const struct gguf *g);
const char *gguf_key_at(const struct gguf *g, size_t i);
/* Does a value say nothing: 0, false, an empty text or list? */
bool gguf_is_empty_at(const struct gguf *g, size_t i);
/* The value for people, at most 80 characters of printable ASCII. */
void gguf_show_at(const struct gguf *g, size_t i, char out[84]);

/* Tensors, in the order of their places. A shape has its dimensions the other way round than the
 * file: as Hugging Face and struct tensor have them. */
size_t gguf_tensor_count(const struct gguf *g);
const struct tensor *gguf_tensor_at(const struct gguf *g, size_t i);
const struct tensor *gguf_find_tensor(const struct gguf *g, const char *name); /* or NULL */

#endif
