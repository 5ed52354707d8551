/* SPDX-License-Identifier: Apache-2.0 */
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
