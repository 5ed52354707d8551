/* SPDX-License-Identifier: Apache-2.0 */
/* Notes, checkpoints and verifier keys: what parses is written as it was read. */
#include <assert.h>

#include "crypto/note.h"
#include "tests/fuzz/fuzz.h"

static void check_key(struct slice text)
{
	AUTO(buf_free) struct buf again = buf_new(NOTE_VKEY_MAX);
	struct note_key key;

	if (note_key_parse(&key, text) != OK)
		return;
	note_key_write(&again, &key);
	assert(slice_equal(buf_slice(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf again = buf_new(NOTE_MAX);
	struct slice note = slice_of(data, size), text;
	struct note_key key;
	struct checkpoint c;

	check_key(note);
	assert(note_key_make(&key, S("log"), NOTE_ED25519, (const uint8_t[SIGN_PUBLIC]){1}) == OK);
	assert(note_verify(&text, note, &key, 1) != OK);
	if (note_text(&text, note) != OK || checkpoint_parse(&c, text) != OK)
		return 0;
	checkpoint_write(&again, &c); /* lines of extensions may follow */
	assert(slice_starts_with(text, buf_slice(&again)));
	return 0;
}
