/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/receipt.h"

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/tlog_proof.h"

enum { RECEIPT_MAX_ENTRY = 64 * 1024 };

static enum err read_nonce(struct buf *out, const json_t *receipt, const struct tlog_proof *proof)
{
	struct slice text;

	TRY(json_get_text(&text, receipt, "nonce"));
	if (text_read_base64(out, text, TEXT_BASE64) != OK || out->size != COMMIT_NONCE)
		return failure(ERR_FORMAT, "receipt: the nonce is not base64 of %d bytes",
			       COMMIT_NONCE);
	if (proof->has_extra &&
	    !slice_equal(buf_slice(out), slice_of(proof->extra, proof->extra_size)))
		return failure(ERR_FORGED,
			       "receipt: its nonce is not the one in the proof's line \"extra\"");
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

static bool has_text(const json_t *receipt, const char *name)
{
	return json_is_string(json_object_get(receipt, name));
}

/* What was erased is proved without: its leaf stays, and holds nothing of it. */
static enum err check_payload(struct receipt *out, const json_t *receipt, const json_t *leaf,
			      const struct tlog_proof *proof)
{
	AUTO(buf_free) struct buf nonce = buf_new(COMMIT_NONCE);

	out->payload = S("");
	if (!has_text(receipt, "payload") && !has_text(receipt, "nonce"))
		return OK;
	TRY(read_nonce(&nonce, receipt, proof));
	if (!has_text(receipt, "payload"))
		return OK;
	TRY(json_get_text(&out->payload, receipt, "payload"));
	return check_commitment(leaf, buf_slice(&nonce), out->payload);
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

static enum err read_leaf(struct receipt *out, const json_t *leaf, struct slice event)
{
	TRY(json_get_text(&out->id, leaf, "id"));
	TRY(json_get_text(&out->kind, leaf, "ev"));
	TRY(json_get_text(&out->time, leaf, "t"));
	if (event.size && !slice_equal(out->id, event))
		return failure(ERR_FORGED, "receipt: it is for event %.*s", SLICE_PRINT(out->id));
	return OK;
}

enum err receipt_verify(struct receipt *out, struct arena *arena, const json_t *receipt,
			struct slice event, struct slice vkey)
{
	AUTO(json_auto) json_t *leaf = NULL;
	struct slice entry, proof_text;
	struct tlog_proof proof;

	TRY(json_get_text(&entry, receipt, "entry"));
	TRY(json_get_text(&proof_text, receipt, "proof"));
	TRY(json_read(&leaf, entry, RECEIPT_MAX_ENTRY));
	TRY(read_leaf(out, leaf, event));
	TRY(tlog_proof_parse(&proof, proof_text));
	TRY(check_payload(out, receipt, leaf, &proof));
	TRY(check_inclusion(out, &proof, entry, vkey));
	out->id = arena_copy(arena, out->id);
	out->kind = arena_copy(arena, out->kind);
	out->time = arena_copy(arena, out->time);
	out->payload = arena_copy(arena, out->payload);
	return OK;
}
