/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/body.h"

#include <assert.h>

/*
 * By length:  LENGTH -> DONE
 * In chunks:  SIZE -> (EXTENSION) -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *             EXTENSION -> EXTENSION_NAME -> (VALUE_BEGIN -> TOKEN or QUOTED -> QUOTED_END)
 *             a size of 0: SIZE_LF -> TRAILER -> NAME -> VALUE -> VALUE_LF -> TRAILER ...
 *                          TRAILER -> END_LF -> DONE
 */
enum state {
	LENGTH,
	SIZE,
	EXTENSION,
	EXTENSION_NAME,
	VALUE_BEGIN,
	TOKEN,
	QUOTED,
	ESCAPED,
	QUOTED_END,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	NAME,
	VALUE,
	VALUE_LF,
	END_LF,
	DONE,
};

struct http_body http_body_of(const struct http_request *request)
{
	if (request->is_chunked)
		return (struct http_body){.state = SIZE};
	return (struct http_body){
		.state = request->content_length ? LENGTH : DONE,
		.left = request->content_length,
	};
}

bool http_body_is_done(const struct http_body *body)
{
	return body->state == DONE;
}

static enum err malformed(const char *what)
{
	return failure(ERR_FORMAT, "request body: %s", what);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum err take_size(struct http_body *body, uint8_t c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		if (++body->digits > HTTP_MAX_CHUNK_DIGITS)
			return malformed("a chunk size is too long");
		body->left = body->left * 16 + (uint64_t)digit;
		return OK;
	}
	if (body->digits == 0 || (c != ';' && c != '\r'))
		return malformed("a chunk size is malformed");
	body->state = c == ';' ? EXTENSION : SIZE_LF;
	return OK;
}

static enum err count_overhead(struct http_body *body, size_t limit)
{
	if (++body->overhead > limit)
		return failure(ERR_LIMIT, "request body: chunk extensions or trailers too long");
	return OK;
}

static bool is_token_byte(uint8_t c)
{
	return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_text_byte(uint8_t c)
{
	return (c >= 0x20 || c == '\t') && c != 0x7f;
}

/* What may follow a finished name or value: another extension, or the end of the line. */
static enum err end_extension(struct http_body *body, uint8_t c)
{
	if (c != ';' && c != '\r')
		return malformed("a chunk extension is malformed");
	body->state = c == ';' ? EXTENSION : SIZE_LF;
	return OK;
}

/* ";name", ";name=token", ";name=\"quoted\"" (RFC 9112 section 7.1.1, without white space). */
static enum err take_extension(struct http_body *body, uint8_t c)
{
	TRY(count_overhead(body, HTTP_MAX_CHUNK_EXTENSIONS));
	if (body->state == ESCAPED && is_text_byte(c))
		body->state = QUOTED;
	else if (body->state == QUOTED && is_text_byte(c))
		body->state = c == '"' ? QUOTED_END : c == '\\' ? ESCAPED : QUOTED;
	else if (body->state == VALUE_BEGIN && c == '"')
		body->state = QUOTED;
	else if ((body->state == VALUE_BEGIN || body->state == TOKEN) && is_token_byte(c))
		body->state = TOKEN;
	else if ((body->state == EXTENSION || body->state == EXTENSION_NAME) && is_token_byte(c))
		body->state = EXTENSION_NAME;
	else if (body->state == EXTENSION_NAME && c == '=')
		body->state = VALUE_BEGIN;
	else if (body->state == EXTENSION_NAME || body->state == TOKEN || body->state == QUOTED_END)
		return end_extension(body, c);
	else
		return malformed("a chunk extension is malformed");
	return OK;
}

static enum err take_lf(struct http_body *body, uint8_t c, enum state next)
{
	if (c != '\n')
		return malformed("a line does not end in CR LF");
	if (body->state == SIZE_LF && next == TRAILER)
		body->overhead = 0; /* now counts trailers */
	if (next == SIZE) {
		body->left = 0;
		body->digits = 0;
	}
	body->state = next;
	return OK;
}

static enum err take_trailer(struct http_body *body, uint8_t c)
{
	TRY(count_overhead(body, HTTP_MAX_TRAILERS));
	switch (body->state) {
	case TRAILER:
		if (c == '\r')
			body->state = END_LF;
		else if (is_token_byte(c))
			body->state = NAME;
		else
			return malformed("a trailer is malformed");
		return OK;
	case NAME:
		if (c == ':')
			body->state = VALUE;
		else if (!is_token_byte(c))
			return malformed("a trailer is malformed");
		return OK;
	default: /* VALUE */
		if (c == '\r')
			body->state = VALUE_LF;
		else if (!is_text_byte(c))
			return malformed("a control byte in a trailer");
		return OK;
	}
}

/* One byte of what stands between the data. */
static enum err take_frame_byte(struct http_body *body, uint8_t c)
{
	switch ((enum state)body->state) {
	case SIZE:
		return take_size(body, c);
	case EXTENSION:
	case EXTENSION_NAME:
	case VALUE_BEGIN:
	case TOKEN:
	case QUOTED:
	case ESCAPED:
	case QUOTED_END:
		return take_extension(body, c);
	case SIZE_LF:
		return take_lf(body, c, body->left ? DATA : TRAILER);
	case DATA_CR:
		if (c != '\r')
			return malformed("a chunk is longer than it says");
		body->state = DATA_LF;
		return OK;
	case DATA_LF:
		return take_lf(body, c, SIZE);
	case TRAILER:
	case NAME:
	case VALUE:
		return take_trailer(body, c);
	case VALUE_LF:
		return take_lf(body, c, TRAILER);
	case END_LF:
		return take_lf(body, c, DONE);
	case LENGTH:
	case DATA:
	case DONE:
		break;
	}
	assert(false && "no frame byte in this state");
	return ERR_INTERNAL;
}

enum err http_body_next(struct http_body *body, struct slice input, size_t *used,
			struct slice *data)
{
	*used = 0;
	*data = slice_of(input.data, 0);
	while (*used < input.size && body->state != DONE) {
		if (body->state == DATA || body->state == LENGTH) {
			*data = slice_part(input, *used,
					   body->left < input.size ? body->left : input.size);
			*used += data->size;
			body->left -= data->size;
			if (body->left == 0)
				body->state = body->state == DATA ? DATA_CR : DONE;
			return OK;
		}
		TRY(take_frame_byte(body, input.data[*used]));
		*used += 1;
	}
	return OK;
}
