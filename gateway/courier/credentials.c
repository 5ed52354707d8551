/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/credentials.h"

#include <strings.h>

#include "crypto/base/text.h"

struct credential {
	struct slice name, place, user, password;
};

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return text.size > 0 && text.size <= CREDENTIALS_MAX_PART;
}

static bool read_line(struct credential *out, struct slice line)
{
	struct slice rest, pair;

	if (!slice_cut(line, ' ', &out->name, &rest))
		return false;
	if (!slice_cut(slice_trim(rest), ' ', &out->place, &pair))
		return false;
	return slice_cut(slice_trim(pair), ':', &out->user, &out->password) &&
	       is_plain(out->name) && is_plain(out->place) && is_plain(out->user) &&
	       is_plain(out->password) && target_check_list(out->place) == OK;
}

/* False at the end; lines that say nothing are passed over. */
static bool next_line(struct slice *line, struct slice *file, unsigned *number)
{
	while (file->size) {
		(void)slice_cut(*file, '\n', line, file); /* the last one may have no end */
		(*number)++;
		*line = slice_trim(*line);
		if (line->size && line->data[0] != '#')
			return true;
	}
	return false;
}

enum err credentials_check(struct slice file)
{
	struct credential one;
	struct slice line;
	unsigned number = 0;

	while (next_line(&line, &file, &number))
		if (!read_line(&one, line))
			return failure(ERR_FORMAT,
				       "credentials: line %u is not NAME HOST[:PORT] USER:PASSWORD",
				       number);
	return OK;
}

/* As a form has it: what is not plain is percent-encoded before the two are joined. */
static void write_encoded(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t b = text.data[i];
		bool plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
			     (b >= '0' && b <= '9') || b == '-' || b == '.' || b == '_' || b == '~';

		if (plain)
			buf_write_u8(out, b);
		else
			buf_printf(out, "%%%02X", b);
	}
}

static void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->capacity);
	buf_free(b);
}

static enum err write_basic(struct buf *out, const struct credential *one)
{
	AUTO(buf_wipe) struct buf pair = buf_new(6 * CREDENTIALS_MAX_PART + 1);

	buf_reserve(&pair, pair.limit); /* so that it never moves and leaves a copy behind */
	write_encoded(&pair, one->user);
	buf_write_u8(&pair, ':');
	write_encoded(&pair, one->password);
	TRY(buf_done(&pair));
	buf_write(out, S("Authorization: Basic "));
	text_write_base64(out, buf_slice(&pair), TEXT_BASE64);
	return buf_done(out);
}

enum err credentials_write(struct buf *out, struct slice file, struct slice name,
			   const struct target *target)
{
	struct credential one;
	struct slice line;
	unsigned number = 0;

	while (next_line(&line, &file, &number)) {
		if (!read_line(&one, line) || !slice_equal(one.name, name))
			continue;
		if (!target_is_listed(target, one.place))
			return failure(ERR_DENIED, "the credential \"%.*s\" is for another host",
				       SLICE_PRINT(name));
		return write_basic(out, &one);
	}
	return failure(ERR_DENIED, "there is no credential \"%.*s\" in courier.credentials_file",
		       SLICE_PRINT(name));
}
