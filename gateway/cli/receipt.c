/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/receipt.h"

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/tlog_proof.h"
#include "schema/audit/batch.h"

enum { RECEIPT_MAX_ENTRY = 64 * 1024 };

static enum err read_nonce(struct buf *out, const json_t *level)
{
	struct slice text;

	TRY(json_get_text(&text, level, "nonce"));
	if (text_read_base64(out, text, TEXT_BASE64) != OK || out->size != COMMIT_NONCE)
		return failure(ERR_FORMAT, "receipt: the nonce is not base64 of %d bytes",
			       COMMIT_NONCE);
	return OK;
}

static enum err check_commitment(const json_t *leaf, struct slice nonce, struct slice payload)
{
	AUTO(buf_free) struct buf told = buf_new(DIGEST_SIZE);
	struct slice text;
	struct digest made;

	TRY(json_get_text(&text, leaf, "c"));
	if (text_read_base64(&told, text, TEXT_BASE64_URL_RAW) != OK)
		return failure(ERR_FORMAT,
			       "receipt: the entry's commitment \"c\" is not base64url");
	made = audit_commitment(nonce.data, payload);
	if (!digest_equal_bytes(buf_slice(&told), digest_slice(&made)))
		return failure(ERR_FORGED, "receipt: the entry does not commit to this payload");
	return OK;
}

static bool has_text(const json_t *level, const char *name)
{
	return json_is_string(json_object_get(level, name));
}

/* What was erased is proved without: its leaf stays, and holds nothing of it. */
static enum err check_payload(struct slice *out, const json_t *level, const json_t *leaf,
			      struct slice wanted)
{
	AUTO(buf_free) struct buf nonce = buf_new(COMMIT_NONCE);

	*out = S("");
	if (!has_text(level, "payload") && !has_text(level, "nonce"))
		return OK;
	TRY(read_nonce(&nonce, level));
	if (wanted.size && !slice_equal(buf_slice(&nonce), wanted))
		return failure(ERR_FORGED,
			       "receipt: its nonce is not the one in the proof's line \"extra\"");
	if (!has_text(level, "payload"))
		return OK;
	TRY(json_get_text(out, level, "payload"));
	return check_commitment(leaf, buf_slice(&nonce), *out);
}

static enum err check_inclusion(struct receipt *out, const struct tlog_proof *proof,
				struct slice entry, struct slice vkey)
{
	struct digest hash = merkle_leaf(entry);
	struct checkpoint checkpoint;
	struct note_key key;

	TRY(note_key_parse(&key, vkey));
	TRY(tlog_proof_verify(&checkpoint, proof, &hash, &key, 1));
	out->index = proof->index;
	out->size = checkpoint.size;
	return OK;
}

enum err receipt_read_level(struct receipt *out, struct arena *arena, const json_t *level,
			    struct slice nonce)
{
	AUTO(json_auto) json_t *leaf = NULL;
	struct slice entry, payload;

	TRY(json_get_text(&entry, level, "entry"));
	TRY(json_read(&leaf, entry, RECEIPT_MAX_ENTRY));
	TRY(json_get_text(&out->id, leaf, "id"));
	TRY(json_get_text(&out->kind, leaf, "ev"));
	TRY(json_get_text(&out->time, leaf, "t"));
	TRY(check_payload(&payload, level, leaf, nonce));
	out->id = arena_copy(arena, out->id);
	out->kind = arena_copy(arena, out->kind);
	out->time = arena_copy(arena, out->time);
	out->payload = arena_copy(arena, payload);
	return OK;
}

enum err receipt_read_path(struct merkle_proof *out, const json_t *level)
{
	const json_t *path;

	TRY(json_get_array(&path, level, "path"));
	out->count = json_array_size(path);
	if (out->count > MERKLE_LEVELS)
		return failure(ERR_FORMAT, "\"path\" has more than %d hashes", MERKLE_LEVELS);
	for (size_t i = 0; i < out->count; i++) {
		AUTO(buf_free) struct buf hash = buf_new(DIGEST_SIZE);
		struct slice text;

		TRY(json_text_at(&text, path, i));
		if (text_read_base64(&hash, text, TEXT_BASE64) != OK || hash.size != DIGEST_SIZE)
			return failure(ERR_FORMAT, "\"path\" holds no base64 of %d bytes",
				       DIGEST_SIZE);
		memcpy(out->nodes[i].bytes, hash.data, DIGEST_SIZE);
	}
	return OK;
}

enum err receipt_check_row(uint64_t *row, struct slice batch_kind, struct slice batch_payload,
			   const json_t *level)
{
	struct merkle_proof path;
	struct audit_batch batch;
	int64_t number, count;
	struct slice entry;

	if (!slice_equal(batch_kind, S("usage.batch")))
		return failure(ERR_FORGED, "receipt: entries of kind %.*s have no rows",
			       SLICE_PRINT(batch_kind));
	if (!batch_payload.size)
		return failure(ERR_FORGED, "receipt: a row without its batch's payload, which "
					   "alone says what its rows are");
	TRY(audit_batch_read(&batch, batch_payload));
	TRY(json_get_text(&entry, level, "entry"));
	TRY(json_get_int(&number, level, "index"));
	TRY(json_get_int(&count, level, "count"));
	if (number < 0 || count < 0 || (uint64_t)count != batch.count)
		return failure(ERR_FORGED, "receipt: the batch has %llu rows",
			       (unsigned long long)batch.count);
	TRY(receipt_read_path(&path, level));
	*row = (uint64_t)number;
	if (audit_batch_check(&batch, entry, *row, &path) != OK)
		return failure(ERR_FORGED,
			       "receipt: the row's path does not lead to the root of its batch");
	return OK;
}

/* The second level: what the receipt is about is the row. */
static enum err verify_row(struct receipt *out, struct arena *arena, const json_t *receipt)
{
	struct receipt row = *out;
	const json_t *level;

	if (!json_has(receipt, "row"))
		return OK;
	TRY(json_get_object(&level, receipt, "row"));
	TRY(receipt_check_row(&row.row, out->kind, out->payload, level));
	TRY(receipt_read_level(&row, arena, level, S("")));
	row.is_row = true;
	*out = row;
	return OK;
}

enum err receipt_verify(struct receipt *out, struct arena *arena, const json_t *receipt,
			struct slice event, struct slice vkey)
{
	struct slice entry, proof_text, nonce = S("");
	struct tlog_proof proof;

	*out = (struct receipt){.is_row = false};
	TRY(json_get_text(&entry, receipt, "entry"));
	TRY(json_get_text(&proof_text, receipt, "proof"));
	TRY(tlog_proof_parse(&proof, proof_text));
	if (proof.has_extra)
		nonce = slice_of(proof.extra, proof.extra_size);
	TRY(receipt_read_level(out, arena, receipt, nonce));
	TRY(check_inclusion(out, &proof, entry, vkey));
	TRY(verify_row(out, arena, receipt));
	if (event.size && !slice_equal(out->id, event))
		return failure(ERR_FORGED, "receipt: it is for event %.*s", SLICE_PRINT(out->id));
	return OK;
}
