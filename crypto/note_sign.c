/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/note.h"
#include "crypto/note_line.h"

enum err note_sign(struct buf *out, struct slice text, struct slice name,
		   const struct sign_key *key)
{
	uint8_t public_key[SIGN_PUBLIC];
	uint8_t blob[NOTE_KEY_ID + SIGN_SIGNATURE];
	struct note_key id;

	if (!slice_ends_with(text, S("\n")))
		return failure(ERR_FORMAT, "note: the text must end in a newline");
	sign_key_public(key, public_key);
	TRY(note_key_make(&id, name, NOTE_ED25519, public_key));
	memcpy(blob, id.id, NOTE_KEY_ID);
	sign_make(key, text, blob + NOTE_KEY_ID);
	buf_write(out, text);
	buf_write_u8(out, '\n');
	buf_write(out, NOTE_LINE_START);
	buf_printf(out, "%s ", id.name);
	text_write_base64(out, slice_of(blob, sizeof blob), TEXT_BASE64);
	buf_write_u8(out, '\n');
	return buf_done(out);
}

enum err note_cosign(struct buf *out, struct slice text, struct slice name, uint64_t seconds,
		     const struct sign_key *key)
{
	AUTO(buf_free) struct buf blob = buf_new(NOTE_KEY_ID + 8 + SIGN_SIGNATURE);
	uint8_t public_key[SIGN_PUBLIC], signature[SIGN_SIGNATURE];
	char domain[SIGN_DOMAIN_MAX];
	struct note_key id;

	if (!slice_ends_with(text, S("\n")))
		return failure(ERR_FORMAT, "note: the text must end in a newline");
	sign_key_public(key, public_key);
	TRY(note_key_make(&id, name, NOTE_COSIGNATURE, public_key));
	snprintf(domain, sizeof domain, "cosignature/v1\ntime %" PRIu64 "\n", seconds);
	sign_make_in(slice_of_string(domain), key, text, signature);
	buf_write(&blob, slice_of(id.id, NOTE_KEY_ID));
	buf_write_u64(&blob, seconds);
	buf_write(&blob, slice_of(signature, sizeof signature));
	TRY(buf_done(&blob));
	buf_write(out, NOTE_LINE_START);
	buf_printf(out, "%s ", id.name);
	text_write_base64(out, buf_slice(&blob), TEXT_BASE64);
	buf_write_u8(out, '\n');
	return buf_done(out);
}
