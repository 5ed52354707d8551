/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/note.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "crypto/base/reader.h"
#include "crypto/base/text.h"
#include "crypto/note_line.h"

enum { NOTE_SIGNATURE_MAX = 4096 };

/* The rules for a key name: UTF-8, no space of any kind, no '+'. */
static bool name_is_good(struct slice name)
{
	if (name.size == 0 || name.size > NOTE_NAME_MAX || !slice_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.size; i++) {
		struct slice rest = slice_part(name, i, name.size);

		if (name.data[i] <= ' ' || name.data[i] == 0x7f || name.data[i] == '+' ||
		    slice_starts_with(rest, S("\xc2\x85")) ||     /* next line */
		    slice_starts_with(rest, S("\xc2\xa0")) ||     /* no-break space */
		    slice_starts_with(rest, S("\xe1\x9a\x80")) || /* ogham space */
		    slice_starts_with(rest, S("\xe3\x80\x80")))   /* ideographic space */
			return false;
		if (rest.size >= 3 && rest.data[0] == 0xe2 && rest.data[1] == 0x80 &&
		    (rest.data[2] <= 0x8a || rest.data[2] == 0xa8 || rest.data[2] == 0xa9 ||
		     rest.data[2] == 0xaf))
			return false; /* U+2000..200a, 2028, 2029, 202f */
		if (slice_starts_with(rest, S("\xe2\x81\x9f")))
			return false; /* mathematical space */
	}
	return true;
}

/* SHA-256(name || newline || type || public key), of which the first four bytes count. */
enum err note_key_make(struct note_key *out, struct slice name, enum note_type type,
		       const uint8_t public_key[SIGN_PUBLIC])
{
	uint8_t middle[2] = {'\n', (uint8_t)type};
	struct digest_state state;
	struct digest digest;

	if (!name_is_good(name))
		return failure(ERR_FORMAT, "note key: a name is 1 to %d bytes with no space or +",
			       NOTE_NAME_MAX);
	digest_begin(&state);
	digest_update(&state, name);
	digest_update(&state, slice_of(middle, sizeof middle));
	digest_update(&state, slice_of(public_key, SIGN_PUBLIC));
	digest = digest_end(&state);
	*out = (struct note_key){.type = type};
	memcpy(out->name, name.data, name.size);
	memcpy(out->id, digest.bytes, NOTE_KEY_ID);
	memcpy(out->public_key, public_key, SIGN_PUBLIC);
	return OK;
}

enum err note_key_parse(struct note_key *out, struct slice vkey)
{
	AUTO(buf_free) struct buf key = buf_new(1 + SIGN_PUBLIC);
	struct slice name, id_text, rest;
	uint8_t id[NOTE_KEY_ID];

	if (!slice_cut(vkey, '+', &name, &rest) || !slice_cut(rest, '+', &id_text, &rest))
		return failure(ERR_FORMAT, "note key: name+id+key is expected");
	TRY(text_read_hex(id, sizeof id, id_text));
	if (text_read_base64(&key, rest, TEXT_BASE64) != OK || key.size != 1 + SIGN_PUBLIC)
		return failure(ERR_FORMAT, "note key: not base64 of type and %d bytes",
			       SIGN_PUBLIC);
	if (key.data[0] != NOTE_ED25519 && key.data[0] != NOTE_COSIGNATURE)
		return failure(ERR_UNSUPPORTED, "note key: type %u is not known here", key.data[0]);
	TRY(note_key_make(out, name, (enum note_type)key.data[0], key.data + 1));
	if (memcmp(id, out->id, sizeof id) != 0)
		return failure(ERR_FORMAT, "note key: the id is not that of name and key");
	return OK;
}

void note_key_write(struct buf *out, const struct note_key *key)
{
	uint8_t typed[1 + SIGN_PUBLIC] = {(uint8_t)key->type};

	memcpy(typed + 1, key->public_key, SIGN_PUBLIC);
	buf_printf(out, "%s+", key->name);
	text_write_hex(out, slice_of(key->id, NOTE_KEY_ID));
	buf_write_u8(out, '+');
	text_write_base64(out, slice_of(typed, sizeof typed), TEXT_BASE64);
}

static enum err split_note(struct slice *text, struct slice *lines, struct slice note)
{
	size_t at = note.size;

	if (note.size > NOTE_MAX)
		return failure(ERR_LIMIT, "note: %zu bytes, at most %d", note.size, NOTE_MAX);
	if (!slice_is_utf8(note) || !slice_ends_with(note, S("\n")))
		return failure(ERR_FORMAT, "note: it must be UTF-8 and end in a newline");
	for (size_t i = 0; i < note.size; i++)
		if (note.data[i] < 0x20 && note.data[i] != '\n')
			return failure(ERR_FORMAT, "note: byte %zu is a control character", i);
	while (at >= 2 && !(note.data[at - 1] == '\n' && note.data[at - 2] == '\n'))
		at--;
	if (at < 3 || at == note.size)
		return failure(ERR_FORMAT, "note: no signature lines behind an empty line");
	*text = slice_part(note, 0, at - 1);
	*lines = slice_part(note, at, note.size);
	return OK;
}

enum err note_text(struct slice *text, struct slice note)
{
	struct slice lines;

	return split_note(text, &lines, note);
}

struct signature_line {
	struct slice name;
	struct slice blob; /* key id || signature */
};

/* "<em dash> name base64"; the blob is decoded into *room. */
static enum err read_line(struct signature_line *out, struct buf *room, struct slice line)
{
	struct slice rest;

	buf_reset(room);
	if (!slice_starts_with(line, NOTE_LINE_START))
		return failure(ERR_FORMAT, "note: a signature line begins with an em dash");
	rest = slice_part(line, NOTE_LINE_START.size, line.size);
	if (!slice_cut(rest, ' ', &out->name, &rest) || !name_is_good(out->name))
		return failure(ERR_FORMAT, "note: a signature line without a key name");
	if (text_read_base64(room, rest, TEXT_BASE64) != OK || room->size <= NOTE_KEY_ID)
		return failure(ERR_FORMAT, "note: a signature line without a base64 signature");
	out->blob = buf_slice(room);
	return OK;
}

/* cosignature/v1: the signature stands behind a time, and covers both (tlog-cosignature). */
static bool cosignature_is_valid(const struct note_key *key, struct slice text,
				 struct slice signature)
{
	struct reader r = reader_of(signature);
	uint64_t time = read_u64(&r);
	struct slice bytes = read_bytes(&r, SIGN_SIGNATURE);
	char header[64];

	if (reader_done(&r) != OK)
		return false;
	snprintf(header, sizeof header, "cosignature/v1\ntime %" PRIu64 "\n", time);
	return sign_is_valid_in(slice_of_string(header), key->public_key, text, bytes.data);
}

static bool line_is_valid(const struct note_key *key, struct slice text, struct slice signature)
{
	switch (key->type) {
	case NOTE_ED25519:
		return signature.size == SIGN_SIGNATURE &&
		       sign_is_valid(key->public_key, text, signature.data);
	case NOTE_COSIGNATURE:
		return cosignature_is_valid(key, text, signature);
	}
	return false;
}

static const struct note_key *key_of_line(const struct signature_line *line,
					  const struct note_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(line->name, slice_of_string(keys[i].name)) &&
		    memcmp(line->blob.data, keys[i].id, NOTE_KEY_ID) == 0)
			return &keys[i];
	return NULL;
}

enum err note_verify(struct slice *text, struct slice note, const struct note_key *keys,
		     size_t count)
{
	AUTO(buf_free) struct buf room = buf_new(NOTE_SIGNATURE_MAX);
	struct slice lines, one;
	size_t good = 0, seen = 0;

	TRY(split_note(text, &lines, note));
	while (slice_cut(lines, '\n', &one, &lines)) {
		struct signature_line line;
		const struct note_key *key;

		if (++seen > NOTE_SIGNATURES_MAX)
			return failure(ERR_LIMIT, "note: more than %d signatures",
				       NOTE_SIGNATURES_MAX);
		TRY(read_line(&line, &room, one));
		key = key_of_line(&line, keys, count);
		if (!key)
			continue;
		if (!line_is_valid(key, *text, slice_part(line.blob, NOTE_KEY_ID, line.blob.size)))
			return failure(ERR_FORGED, "note: the signature of \"%s\" does not verify",
				       key->name);
		good++;
	}
	if (good == 0)
		return failure(ERR_NOT_FOUND, "note: no signature of a key known here");
	return OK;
}

static enum err next_line(struct slice *line, struct slice *rest)
{
	if (!slice_cut(*rest, '\n', line, rest) || line->size == 0)
		return failure(ERR_FORMAT, "checkpoint: origin, size and root are three lines");
	return OK;
}

enum err checkpoint_parse(struct checkpoint *out, struct slice text)
{
	AUTO(buf_free) struct buf root = buf_new(DIGEST_SIZE);
	struct slice size, hash, extension, rest = text;

	TRY(next_line(&out->origin, &rest));
	TRY(next_line(&size, &rest));
	TRY(next_line(&hash, &rest));
	if (!slice_to_u64(size, INT64_MAX, &out->size))
		return failure(ERR_FORMAT, "checkpoint: the size is not a number");
	if (text_read_base64(&root, hash, TEXT_BASE64) != OK || root.size != DIGEST_SIZE)
		return failure(ERR_FORMAT, "checkpoint: the root is not base64 of %d bytes",
			       DIGEST_SIZE);
	memcpy(out->root.bytes, root.data, DIGEST_SIZE);
	while (rest.size)
		TRY(next_line(&extension, &rest));
	return OK;
}

void checkpoint_write(struct buf *out, const struct checkpoint *c)
{
	buf_write(out, c->origin);
	buf_printf(out, "\n%" PRIu64 "\n", c->size);
	text_write_base64(out, digest_slice(&c->root), TEXT_BASE64);
	buf_write_u8(out, '\n');
}
