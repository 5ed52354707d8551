/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/internals_answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/reader.h"
#include "crypto/base/text.h"

/* ---- Numbers */

uint16_t internals_half(float value)
{
	float size = fabsf(value);
	uint16_t sign = signbit(value) ? 0x8000 : 0;
	int exponent;

	if (size >= 65520.0f) /* half a step above the largest */
		return sign | 0x7c00;
	if (size < 0x1p-14f) /* steps of 2^-24 */
		return sign | (uint16_t)lrintf(size * 0x1p24f);
	frexpf(size, &exponent); /* size = m * 2^exponent, 1/2 <= m < 1 */
	return sign | (uint16_t)(((exponent + 13) << 10) + lrintf(ldexpf(size, 11 - exponent)));
}

float internals_half_value(uint16_t half)
{
	int exponent = half >> 10 & 31;
	float size = exponent ? ldexpf((float)((half & 1023) + 1024), exponent - 25)
			      : (float)(half & 1023) * 0x1p-24f;

	return half & 0x8000 ? -size : size;
}

static float rounded(const struct internals_ask *ask, float value)
{
	return ask->precision == INTERNALS_FLOAT16 ? internals_half_value(internals_half(value))
						   : value;
}

static enum err check_values(const struct internals_ask *ask, const struct internals_tensor *t)
{
	for (size_t i = 0; i < t->count; i++) {
		if (!isfinite(t->values[i]))
			return failure(ERR_INTERNAL, "the model gave a value that is no number");
		if (ask->precision == INTERNALS_FLOAT16 && fabsf(t->values[i]) >= 65520.0f)
			return failure(ERR_FORMAT,
				       "float16 does not hold %g, which is among the values: ask "
				       "for precision float32",
				       (double)t->values[i]);
	}
	return OK;
}

/* ---- Out of an engine's bytes */

static const void *take(struct slice *bytes, size_t count)
{
	const void *at = bytes->data;

	if (count > bytes->size / 4)
		return NULL;
	*bytes = slice_part(*bytes, 4 * count, bytes->size);
	return at;
}

static enum err take_tensor(struct internals_tensor *out, const struct wire_look_tensor *t,
			    struct slice *bytes)
{
	*out = (struct internals_tensor){
		.is_lens = t->is_lens, .dim_count = t->dim_count, .count = 1};
	for (unsigned i = 0; i < t->dim_count; i++) {
		out->dims[i] = t->dims[i];
		if (__builtin_mul_overflow(out->count, (size_t)t->dims[i], &out->count))
			return failure(ERR_INTERNAL, "an engine tells of too large a tensor");
	}
	out->values = take(bytes, out->count);
	out->ids = t->is_lens ? take(bytes, out->count) : NULL;
	if (!out->values || (t->is_lens && !out->ids))
		return failure(ERR_INTERNAL, "an engine gave less than it tells of");
	return OK;
}

static enum err take_names(const struct slice **out, struct arena *arena, size_t count,
			   struct reader *r)
{
	struct slice *names = arena_alloc(arena, (count + 1) * sizeof *names);

	for (size_t i = 0; i < count && !r->failed; i++)
		names[i] = read_bytes(r, read_u8(r));
	*out = names;
	return r->failed ? failure(ERR_INTERNAL, "an engine gave too few names") : OK;
}

enum err internals_seen_read(struct internals_seen *out, struct arena *arena,
			     const struct internals_ask *ask,
			     const struct wire_engine_looked *looked, struct slice bytes)
{
	struct internals_tensor *tensors = arena_alloc(arena,
						       (looked->count + 1u) * sizeof *tensors);
	struct reader r;

	*out = (struct internals_seen){looked->tokens, NULL, NULL, looked->count, tensors};
	out->tokens = take(&bytes, looked->tokens);
	if (!out->tokens || looked->count != ask->look.count)
		return failure(ERR_INTERNAL, "an engine answered something else");
	for (size_t i = 0; i < looked->count; i++) {
		TRY(take_tensor(&tensors[i], &looked->tensors[i], &bytes));
		TRY(check_values(ask, &tensors[i]));
	}
	r = reader_of(bytes);
	TRY(take_names(&out->names, arena, out->token_count, &r));
	for (size_t i = 0; i < looked->count; i++)
		if (tensors[i].is_lens)
			TRY(take_names(&tensors[i].names, arena, tensors[i].count, &r));
	return reader_done(&r);
}

enum err internals_seen_count(struct internals_revelation *sum, const struct internals_ask *ask,
			      const struct internals_seen *seen)
{
	*sum = (struct internals_revelation){0};
	for (size_t i = 0; i < seen->count; i++) {
		const struct internals_tensor *t = &seen->tensors[i];

		/* Which token it is tells as much as its logit. */
		TRY(internals_revealed(sum, ask->look.asks[i].at,
				       t->is_lens ? 2 * t->count : t->count, ask->precision));
	}
	return OK;
}

/* ---- Numbers, written */

/* Little endian, as safetensors has them. */
static void write_values(struct buf *out, const struct internals_ask *ask, const float *values,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof bits);
		if (ask->precision == INTERNALS_FLOAT16)
			bits = internals_half(values[i]);
		for (unsigned k = 0; k < internals_precision_bits(ask->precision) / 8; k++)
			buf_write_u8(out, (uint8_t)(bits >> 8 * k));
	}
}

static void write_ids(struct buf *out, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < 4; k++)
			buf_write_u8(out, (uint8_t)(ids[i] >> 8 * k));
}

typedef void item_fn(struct buf *out, const void *context, size_t i);

/* A list of lists, as deep as there are dimensions. */
static void write_nested(struct buf *out, const struct internals_tensor *t, item_fn *item,
			 const void *context)
{
	for (size_t i = 0; i < t->count; i++) {
		size_t stride = 1, opened = 0, closed = 0;

		for (unsigned d = t->dim_count; d-- > 0;) {
			stride *= t->dims[d];
			opened += i % stride == 0;
			closed += (i + 1) % stride == 0;
		}
		buf_printf(out, "%s%.*s", i ? "," : "", (int)opened, "[[[");
		item(out, context, i);
		buf_printf(out, "%.*s", (int)closed, "]]]");
	}
}

struct numbers {
	const struct internals_ask *ask;
	const struct internals_tensor *tensor;
};

static void write_value(struct buf *out, const void *context, size_t i)
{
	const struct numbers *n = context;

	buf_printf(out, "%.9g", (double)rounded(n->ask, n->tensor->values[i]));
}

static void write_id(struct buf *out, const void *context, size_t i)
{
	buf_printf(out, "%u", ((const uint32_t *)context)[i]);
}

/* A token may be part of a character: it has no text of its own then. */
static void write_text(struct buf *out, struct slice text)
{
	json_t *value = json_stringn((const char *)text.data, text.size);
	char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	buf_write_string(out, quoted ? quoted : "\"\"");
	free(quoted);
	json_decref(value);
}

static void write_name(struct buf *out, const void *context, size_t i)
{
	write_text(out, ((const struct slice *)context)[i]);
}

/* ---- As JSON */

static void write_list(struct buf *out, size_t count, item_fn *item, const void *context)
{
	buf_write(out, S("["));
	for (size_t i = 0; i < count; i++) {
		buf_write_string(out, i ? "," : "");
		item(out, context, i);
	}
	buf_write(out, S("]"));
}

static void write_shape(struct buf *out, const struct internals_tensor *t)
{
	buf_write(out, S("\"shape\":"));
	write_list(out, t->dim_count, write_id, t->dims);
}

static void write_heads(struct buf *out, const struct wire_look_ask *ask)
{
	for (unsigned i = 0; i < ask->head_count; i++)
		buf_printf(out, "%s%u%s", i ? "," : ",\"heads\":[", ask->heads[i],
			   i + 1u == ask->head_count ? "]" : "");
}

static void write_lens(struct buf *out, const struct numbers *n)
{
	const struct internals_tensor *t = n->tensor;

	buf_write(out, S(",\"tokens\":"));
	write_nested(out, t, write_id, t->ids);
	buf_write(out, S(",\"token_strs\":"));
	write_nested(out, t, write_name, t->names);
	buf_write(out, S(",\"logits\":"));
	write_nested(out, t, write_value, n);
}

static void write_read(struct buf *out, const struct numbers *n)
{
	const struct internals_tensor *t = n->tensor;
	AUTO(buf_free) struct buf bytes = buf_new(INTERNALS_MAX_BYTES);

	if (t->count <= INTERNALS_MAX_LISTED) {
		buf_write(out, S(",\"values\":"));
		write_nested(out, t, write_value, n);
		return;
	}
	write_values(&bytes, n->ask, t->values, t->count);
	buf_write(out, S(",\"base64\":\""));
	text_write_base64(out, buf_slice(&bytes), TEXT_BASE64);
	buf_write(out, S("\""));
}

static void write_one(struct buf *out, struct arena *arena, const struct internals_ask *ask,
		      const struct internals_seen *seen, size_t i)
{
	static const char *const reduced[] = {"none", "mean", "norm"};
	const struct wire_look_ask *one = &ask->look.asks[i];
	const struct numbers numbers = {ask, &seen->tensors[i]};
	size_t count;
	const uint32_t *positions = internals_positions(&count, arena, one, seen->token_count);

	buf_write(out, S("{\"at\":"));
	write_text(out, one->at);
	buf_write(out, S(",\"name\":"));
	write_text(out, slice_of_string(ask->names[i]));
	buf_write(out, S(",\"pos\":"));
	write_list(out, count, write_id, positions);
	write_heads(out, one);
	buf_printf(out, ",\"dtype\":\"%s\",", ask->precision == INTERNALS_FLOAT16 ? "F16" : "F32");
	write_shape(out, numbers.tensor);
	if (!numbers.tensor->is_lens)
		buf_printf(out, ",\"reduce\":\"%s\"", reduced[one->reduce]);
	(numbers.tensor->is_lens ? write_lens : write_read)(out, &numbers);
	buf_write(out, S("}"));
}

static enum err done(const struct buf *out)
{
	if (buf_done(out) == OK)
		return OK;
	return failure(ERR_LIMIT,
		       "the answer exceeds %d MiB: ask for fewer positions, reduce, or ask for "
		       "precision float16",
		       INTERNALS_MAX_ANSWER >> 20);
}

enum err internals_write_json(struct buf *out, struct arena *arena, const struct internals_ask *ask,
			      const struct internals_seen *seen,
			      const struct internals_about *about,
			      const struct internals_revelation *sum)
{
	size_t reads = ask->look.reads;

	buf_write(out, S("{\"object\":\"internals\",\"model\":"));
	write_text(out, about->model);
	buf_write(out, S(",\"revision\":"));
	write_text(out, about->revision);
	buf_printf(out, ",\"event\":\"%s\",\"precision\":\"%s\",\"tokens\":", about->event,
		   internals_precision_name(ask->precision));
	write_list(out, seen->token_count, write_id, seen->tokens);
	buf_write(out, S(",\"token_strs\":"));
	write_list(out, seen->token_count, write_name, seen->names);
	buf_write(out, S(",\"read\":["));
	for (size_t i = 0; i < seen->count; i++) {
		if (i == reads)
			buf_write(out, S("],\"logit_lens\":["));
		buf_write_string(out, i && i != reads ? "," : "");
		write_one(out, arena, ask, seen, i);
	}
	buf_write_string(out, reads == seen->count ? "],\"logit_lens\":[" : "");
	buf_printf(out, "],\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u,\"scalars\":%llu}}",
		   seen->token_count, seen->token_count, (unsigned long long)sum->scalars);
	return done(out);
}

/* ---- As safetensors: u64 size of the header, the header in JSON, the numbers */

struct file {
	struct buf *header;
	size_t at;
};

static void add_tensor(struct file *f, const char *name, const char *suffix, const char *dtype,
		       const uint32_t *dims, unsigned dim_count, size_t bytes)
{
	/* Names have no character that JSON would escape: points, numbers, brackets. */
	buf_printf(f->header, ",\"%s%s\":{\"dtype\":\"%s\",\"shape\":", name, suffix, dtype);
	write_list(f->header, dim_count, write_id, dims);
	buf_printf(f->header, ",\"data_offsets\":[%zu,%zu]}", f->at, f->at + bytes);
	f->at += bytes;
}

static void write_header(struct buf *header, const struct internals_ask *ask,
			 const struct internals_seen *seen, const struct internals_about *about)
{
	bool is_half = ask->precision == INTERNALS_FLOAT16;
	struct file f = {.header = header};

	buf_write(header, S("{\"__metadata__\":{\"format\":\"pt\",\"model\":"));
	write_text(header, about->model);
	buf_write(header, S(",\"revision\":"));
	write_text(header, about->revision);
	buf_printf(header, ",\"event\":\"%s\"}", about->event);
	add_tensor(&f, "tokens", "", "I32", &seen->token_count, 1, 4ull * seen->token_count);
	for (size_t i = 0; i < seen->count; i++) {
		const struct internals_tensor *t = &seen->tensors[i];

		add_tensor(&f, ask->names[i], t->is_lens ? ".logits" : "", is_half ? "F16" : "F32",
			   t->dims, t->dim_count, t->count * (is_half ? 2 : 4));
	}
	for (size_t i = 0; i < seen->count; i++)
		if (seen->tensors[i].is_lens)
			add_tensor(&f, ask->names[i], ".tokens", "I32", seen->tensors[i].dims,
				   seen->tensors[i].dim_count, 4 * seen->tensors[i].count);
	buf_write(header, S("}"));
	while (header->size % 8)
		buf_write(header, S(" "));
}

enum err internals_write_safetensors(struct buf *out, struct arena *arena,
				     const struct internals_ask *ask,
				     const struct internals_seen *seen,
				     const struct internals_about *about)
{
	AUTO(buf_free) struct buf header = buf_new(1024 * 1024);

	(void)arena;
	write_header(&header, ask, seen, about);
	TRY(done(&header));
	for (unsigned k = 0; k < 8; k++)
		buf_write_u8(out, (uint8_t)((uint64_t)header.size >> 8 * k));
	buf_write(out, buf_slice(&header));
	write_ids(out, seen->tokens, seen->token_count);
	for (size_t i = 0; i < seen->count; i++)
		write_values(out, ask, seen->tensors[i].values, seen->tensors[i].count);
	for (size_t i = 0; i < seen->count; i++)
		if (seen->tensors[i].is_lens)
			write_ids(out, seen->tensors[i].ids, seen->tensors[i].count);
	return done(out);
}
