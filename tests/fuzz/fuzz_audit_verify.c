/* SPDX-License-Identifier: Apache-2.0 */
/* A log that answers every path with the same strange bytes, under a checkpoint that signs
 * another tree: verification ends, and never says yes. */
#include <assert.h>

#include "crypto/note.h"
#include "schema/audit/verify.h"
#include "tests/fuzz/fuzz.h"

struct served {
	struct buf note;
	struct slice bytes;
};

static enum err fetch(void *context, struct buf *out, const char *path)
{
	const struct served *served = context;

	buf_write(out, path[0] == 'c' ? buf_slice(&served->note) : served->bytes);
	return buf_done(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[SIGN_SEED] = {7};
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	struct served served = {.note = buf_new(NOTE_MAX), .bytes = slice_of(data, size)};
	struct checkpoint c = {.origin = S("log"), .size = size ? 1U + data[0] * 3U : 1};
	struct audit_verified verified;
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key verifier;

	assert(sign_key_from_seed(&key, slice_of(seed, sizeof seed)) == OK);
	sign_key_public(key, public_key);
	assert(note_key_make(&verifier, c.origin, NOTE_ED25519, public_key) == OK);
	note_key_write(&vkey, &verifier);
	checkpoint_write(&text, &c);
	assert(note_sign(&served.note, buf_slice(&text), c.origin, key) == OK);

	const struct audit_source source = {
		.fetch = fetch, .context = &served, .vkey = buf_slice(&vkey)};

	assert(audit_verify(&verified, &source, NULL) != OK);
	buf_free(&served.note);
	return 0;
}
