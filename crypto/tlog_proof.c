/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tlog_proof.h"

#include <assert.h>
#include <inttypes.h>

#include "crypto/base/text.h"

#define TLOG_PROOF_VERSION S("c2sp.org/tlog-proof@v1")

static enum err next_line(struct slice *line, struct slice *rest)
{
	if (!slice_cut(*rest, '\n', line, rest))
		return failure(ERR_FORMAT, "log proof: it ends too soon");
	return OK;
}

static bool strip(struct slice *line, struct slice word)
{
	if (!slice_starts_with(*line, word))
		return false;
	*line = slice_part(*line, word.size, line->size);
	return true;
}

static enum err read_extra(struct tlog_proof *out, struct slice text)
{
	AUTO(buf_free) struct buf extra = buf_new(TLOG_PROOF_EXTRA);

	if (text_read_base64(&extra, text, TEXT_BASE64) != OK)
		return failure(ERR_FORMAT, "log proof: extra is not base64 of up to %d bytes",
			       TLOG_PROOF_EXTRA);
	out->has_extra = true;
	out->extra_size = extra.size;
	if (extra.size)
		memcpy(out->extra, extra.data, extra.size);
	return OK;
}

static enum err read_hash(struct merkle_proof *out, struct slice text)
{
	AUTO(buf_free) struct buf hash = buf_new(DIGEST_SIZE);

	if (text_read_base64(&hash, text, TEXT_BASE64) != OK || hash.size != DIGEST_SIZE)
		return failure(ERR_FORMAT, "log proof: a hash is not base64 of %d bytes",
			       DIGEST_SIZE);
	if (out->count == MERKLE_LEVELS)
		return failure(ERR_LIMIT, "log proof: more than %d hashes", MERKLE_LEVELS);
	memcpy(out->nodes[out->count++].bytes, hash.data, DIGEST_SIZE);
	return OK;
}

enum err tlog_proof_parse(struct tlog_proof *out, struct slice text)
{
	struct slice line, rest = text;

	*out = (struct tlog_proof){0};
	if (text.size > TLOG_PROOF_MAX)
		return failure(ERR_LIMIT, "log proof: %zu bytes, at most %d", text.size,
			       TLOG_PROOF_MAX);
	TRY(next_line(&line, &rest));
	if (!slice_equal(line, TLOG_PROOF_VERSION))
		return failure(ERR_FORMAT, "log proof: the first line is not %.*s",
			       SLICE_PRINT(TLOG_PROOF_VERSION));
	TRY(next_line(&line, &rest));
	if (strip(&line, S("extra "))) {
		TRY(read_extra(out, line));
		TRY(next_line(&line, &rest));
	}
	if (!strip(&line, S("index ")) || !slice_to_u64(line, INT64_MAX, &out->index))
		return failure(ERR_FORMAT, "log proof: no line \"index <number>\"");
	TRY(next_line(&line, &rest));
	while (line.size) {
		TRY(read_hash(&out->inclusion, line));
		TRY(next_line(&line, &rest));
	}
	out->checkpoint = rest;
	return OK;
}

void tlog_proof_write(struct buf *out, const struct tlog_proof *proof)
{
	assert(proof->extra_size <= TLOG_PROOF_EXTRA && proof->inclusion.count <= MERKLE_LEVELS);
	buf_write(out, TLOG_PROOF_VERSION);
	if (proof->has_extra) {
		buf_write_string(out, "\nextra ");
		text_write_base64(out, slice_of(proof->extra, proof->extra_size), TEXT_BASE64);
	}
	buf_printf(out, "\nindex %" PRIu64 "\n", proof->index);
	for (size_t i = 0; i < proof->inclusion.count; i++) {
		text_write_base64(out, digest_slice(&proof->inclusion.nodes[i]), TEXT_BASE64);
		buf_write_u8(out, '\n');
	}
	buf_write_u8(out, '\n');
	buf_write(out, proof->checkpoint);
}

/* The log's own key is the one that bears the origin's name: a witness alone does not count. */
static const struct note_key *key_of_origin(struct slice origin, const struct note_key *keys,
					    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].type == NOTE_ED25519 &&
		    slice_equal(origin, slice_of_string(keys[i].name)))
			return &keys[i];
	return NULL;
}

enum err tlog_proof_verify(struct checkpoint *checkpoint, const struct tlog_proof *proof,
			   const struct digest *leaf, const struct note_key *keys, size_t count)
{
	const struct note_key *key;
	struct checkpoint here;
	struct slice text;

	TRY(note_text(&text, proof->checkpoint));
	TRY(checkpoint_parse(&here, text));
	key = key_of_origin(here.origin, keys, count);
	if (!key)
		return failure(ERR_NOT_FOUND, "log proof: no key of the log \"%.*s\" is known here",
			       SLICE_PRINT(here.origin));
	TRY(note_verify(&text, proof->checkpoint, key, 1));
	TRY(merkle_check_inclusion(proof->index, here.size, leaf, &proof->inclusion, &here.root));
	if (checkpoint)
		*checkpoint = here;
	return OK;
}
