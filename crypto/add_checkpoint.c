/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/add_checkpoint.h"

#include <inttypes.h>

#include "crypto/base/text.h"

static enum err next_line(struct slice *line, struct slice *rest)
{
	if (!slice_cut(*rest, '\n', line, rest))
		return failure(ERR_FORMAT, "add-checkpoint: it ends too soon");
	return OK;
}

static enum err read_hash(struct merkle_proof *out, struct slice line)
{
	AUTO(buf_free) struct buf hash = buf_new(DIGEST_SIZE);

	if (out->count == ADD_CHECKPOINT_PROOF)
		return failure(ERR_LIMIT, "add-checkpoint: more than %d lines of proof",
			       ADD_CHECKPOINT_PROOF);
	if (text_read_base64(&hash, line, TEXT_BASE64) != OK || hash.size != DIGEST_SIZE)
		return failure(ERR_FORMAT,
			       "add-checkpoint: a line of the proof is not base64 of "
			       "%d bytes",
			       DIGEST_SIZE);
	memcpy(out->nodes[out->count++].bytes, hash.data, DIGEST_SIZE);
	return OK;
}

enum err add_checkpoint_parse(struct add_checkpoint *out, struct slice body)
{
	struct slice line, rest = body;

	*out = (struct add_checkpoint){.old_size = 0};
	if (body.size > ADD_CHECKPOINT_MAX)
		return failure(ERR_LIMIT, "add-checkpoint: more than %d bytes", ADD_CHECKPOINT_MAX);
	TRY(next_line(&line, &rest));
	if (!slice_starts_with(line, S("old ")) ||
	    !slice_to_u64(slice_part(line, 4, line.size), INT64_MAX, &out->old_size))
		return failure(ERR_FORMAT, "add-checkpoint: the first line is not \"old <size>\"");
	TRY(next_line(&line, &rest));
	while (line.size) {
		TRY(read_hash(&out->proof, line));
		TRY(next_line(&line, &rest));
	}
	out->note = rest;
	if (rest.size > ADD_CHECKPOINT_NOTE)
		return failure(ERR_LIMIT, "add-checkpoint: a checkpoint of more than %d bytes",
			       ADD_CHECKPOINT_NOTE);
	TRY(note_text(&out->text, rest));
	return checkpoint_parse(&out->checkpoint, out->text);
}

void add_checkpoint_write(struct buf *out, uint64_t old_size, const struct merkle_proof *proof,
			  struct slice note)
{
	buf_printf(out, "old %" PRIu64 "\n", old_size);
	for (size_t i = 0; i < proof->count; i++) {
		text_write_base64(out, digest_slice(&proof->nodes[i]), TEXT_BASE64);
		buf_write_u8(out, '\n');
	}
	buf_write_u8(out, '\n');
	buf_write(out, note);
}
