/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/age_header.h"

#include "crypto/age_wire.h"
#include "crypto/base/text.h"

enum { AGE_LINE = 64, AGE_BODY_MAX = 4096, AGE_PATH_MAX = 1024 };

static enum err next_line(struct slice *line, struct slice *rest)
{
	if (!slice_cut(*rest, '\n', line, rest))
		return failure(ERR_FORMAT, "age header: it ends too soon");
	return OK;
}

static bool argument_is_good(struct slice argument)
{
	for (size_t i = 0; i < argument.size; i++)
		if (argument.data[i] < 0x21 || argument.data[i] > 0x7e)
			return false;
	return argument.size > 0;
}

/* The arguments behind "-> ", one space between them. */
static enum err read_arguments(struct age_stanza *out, struct slice line)
{
	struct slice argument;
	bool more = true;

	while (more) {
		more = slice_cut(line, ' ', &argument, &line);
		if (!argument_is_good(argument))
			return failure(ERR_FORMAT, "age header: a stanza argument is not printable "
						   "ASCII, or empty");
		if (out->argument_count == AGE_ARGUMENTS_MAX)
			return failure(ERR_LIMIT, "age header: a stanza of more than %d arguments",
				       AGE_ARGUMENTS_MAX);
		out->arguments[out->argument_count++] = argument;
	}
	return OK;
}

/* Lines of 64 base64 characters, the last one shorter (empty, if need be). */
static enum err read_body(struct age_stanza *out, struct arena *a, struct slice *rest)
{
	AUTO(buf_free) struct buf text = buf_new(AGE_BODY_MAX);
	AUTO(buf_free) struct buf body = buf_new(AGE_BODY_MAX);
	struct slice line;

	do {
		TRY(next_line(&line, rest));
		if (line.size > AGE_LINE)
			return failure(ERR_FORMAT,
				       "age header: a stanza line of more than %d "
				       "characters",
				       AGE_LINE);
		buf_write(&text, line);
	} while (line.size == AGE_LINE);
	TRY(buf_done(&text));
	TRY(text_read_base64(&body, buf_slice(&text), TEXT_BASE64_RAW));
	out->body = arena_copy(a, buf_slice(&body));
	return OK;
}

static enum err read_mac(struct age_header *out, struct slice line)
{
	AUTO(buf_free) struct buf mac = buf_new(DIGEST_SIZE);

	if (!slice_starts_with(line, S("--- ")) ||
	    text_read_base64(&mac, slice_part(line, 4, line.size), TEXT_BASE64_RAW) != OK ||
	    mac.size != DIGEST_SIZE)
		return failure(ERR_FORMAT, "age header: no line \"--- <MAC>\" at its end");
	memcpy(out->mac.bytes, mac.data, DIGEST_SIZE);
	return OK;
}

enum err age_header_parse(struct age_header *out, struct arena *a, struct slice text)
{
	struct slice line, rest = slice_part(text, 0, AGE_HEADER_MAX);

	*out = (struct age_header){0};
	TRY(next_line(&line, &rest));
	if (!slice_equal(line, AGE_VERSION_LINE))
		return failure(ERR_FORMAT, "age header: the first line is not %.*s",
			       SLICE_PRINT(AGE_VERSION_LINE));
	TRY(next_line(&line, &rest));
	while (slice_starts_with(line, S("-> "))) {
		struct age_stanza *stanza = &out->stanzas[out->stanza_count];

		if (out->stanza_count++ == AGE_STANZAS_MAX)
			return failure(ERR_LIMIT, "age header: more than %d stanzas",
				       AGE_STANZAS_MAX);
		TRY(read_arguments(stanza, slice_part(line, 3, line.size)));
		TRY(read_body(stanza, a, &rest));
		TRY(next_line(&line, &rest));
	}
	if (out->stanza_count == 0)
		return failure(ERR_FORMAT, "age header: it has no stanza");
	TRY(read_mac(out, line));
	out->covered = slice_of(text.data, (size_t)(line.data - text.data) + 3);
	out->size = (size_t)(line.data - text.data) + line.size + 1;
	return OK;
}

const struct age_stanza *age_header_find(const struct age_header *h, struct slice type)
{
	for (size_t i = 0; i < h->stanza_count; i++)
		if (slice_equal(h->stanzas[i].arguments[0], type))
			return &h->stanzas[i];
	return NULL;
}

enum err age_header_kek_id(struct slice *out, const struct age_header *h)
{
	const struct age_stanza *stanza = age_header_find(h, AGE_KEK_STANZA);

	if (!stanza)
		return failure(ERR_NOT_FOUND, "age header: it is not sealed for a gateway");
	if (stanza->argument_count != 3)
		return failure(ERR_FORMAT, "age header: a kek stanza has an id and a salt");
	*out = stanza->arguments[1];
	return OK;
}

enum err age_header_context(struct age_context *out, struct arena *a, const struct age_header *h)
{
	const struct age_stanza *stanza = age_header_find(h, AGE_CONTEXT_STANZA);
	AUTO(buf_free) struct buf path = buf_new(AGE_PATH_MAX);

	if (!stanza)
		return failure(ERR_NOT_FOUND, "age header: it is not bound to a model yet");
	if (stanza->argument_count != 5 || stanza->body.size != 0)
		return failure(ERR_FORMAT, "age header: a ctx stanza has four arguments");
	TRY(text_read_base64(&path, stanza->arguments[3], TEXT_BASE64_URL_RAW));
	TRY(text_read_hex(out->sha256.bytes, DIGEST_SIZE, stanza->arguments[4]));
	out->model = stanza->arguments[1];
	out->revision = stanza->arguments[2];
	out->path = arena_copy(a, buf_slice(&path));
	return OK;
}

void age_header_begin(struct buf *out)
{
	buf_write(out, AGE_VERSION_LINE);
	buf_write_u8(out, '\n');
}

void age_write_body(struct buf *out, struct slice body)
{
	AUTO(buf_free) struct buf text = buf_new(2 * AGE_BODY_MAX);

	text_write_base64(&text, body, TEXT_BASE64_RAW);
	for (size_t at = 0; at <= text.size; at += AGE_LINE) {
		buf_write(out, slice_part(buf_slice(&text), at, AGE_LINE));
		buf_write_u8(out, '\n');
	}
}

enum err age_header_add_context(struct buf *out, const struct age_context *context)
{
	if (!argument_is_good(context->model) || !argument_is_good(context->revision))
		return failure(ERR_FORMAT, "age header: model and revision must be printable ASCII "
					   "without spaces");
	if (context->path.size == 0 || context->path.size > AGE_PATH_MAX)
		return failure(ERR_LIMIT, "age header: a path has 1 to %d bytes", AGE_PATH_MAX);
	buf_printf(out, "-> %.*s %.*s %.*s ", SLICE_PRINT(AGE_CONTEXT_STANZA),
		   SLICE_PRINT(context->model), SLICE_PRINT(context->revision));
	text_write_base64(out, context->path, TEXT_BASE64_URL_RAW);
	buf_write_u8(out, ' ');
	text_write_hex(out, digest_slice(&context->sha256));
	buf_write_string(out, "\n\n"); /* the empty body */
	return buf_done(out);
}
