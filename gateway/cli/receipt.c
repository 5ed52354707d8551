/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/receipt.h"

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/tlog_proof.h"

enum { RECEIPT_MAX_ENTRY = 64 * 1024 };

static enum err check_commitment(const json_t *leaf, const json_t *receipt, struct slice payload)
{
	AUTO(buf_free) struct buf nonce = buf_new(COMMIT_NONCE);
	AUTO(buf_free) struct buf told = buf_new(DIGEST_SIZE);
	struct slice text;
	struct digest made;

	TRY(json_get_text(&text, receipt, "nonce"));
	TRY(text_read_base64(&nonce, text, TEXT_BASE64));
	TRY(json_get_text(&text, leaf, "c"));
	TRY(text_read_base64(&told, text, TEXT_BASE64_URL_RAW));
	if (nonce.size != COMMIT_NONCE)
		return failure(ERR_FORMAT, "receipt: a nonce of %zu bytes", nonce.size);
	made = audit_commitment(nonce.data, payload);
	if (!digest_equal_bytes(buf_slice(&told), digest_slice(&made)))
		return failure(ERR_FORGED, "receipt: the entry does not commit to this payload");
	return OK;
}

enum err receipt_verify(struct receipt *out, struct arena *arena, const json_t *receipt,
			struct slice event, struct slice vkey)
{
	AUTO(json_auto) json_t *leaf = NULL;
	struct slice entry, proof_text, id;
	struct tlog_proof proof;
	struct checkpoint checkpoint;
	struct note_key key;
	struct digest hash;

	TRY(json_get_text(&entry, receipt, "entry"));
	TRY(json_get_text(&out->payload, receipt, "payload"));
	TRY(json_get_text(&proof_text, receipt, "proof"));
	TRY(json_read(&leaf, entry, RECEIPT_MAX_ENTRY));
	TRY(json_get_text(&id, leaf, "id"));
	TRY(json_get_text(&out->kind, leaf, "ev"));
	TRY(json_get_text(&out->time, leaf, "t"));
	if (!slice_equal(id, event))
		return failure(ERR_FORGED, "receipt: it is for event %.*s", SLICE_PRINT(id));
	TRY(check_commitment(leaf, receipt, out->payload));
	TRY(note_key_parse(&key, vkey));
	TRY(tlog_proof_parse(&proof, proof_text));
	hash = merkle_leaf(entry);
	TRY(tlog_proof_verify(&checkpoint, &proof, &hash, &key, 1));
	out->index = proof.index;
	out->size = checkpoint.size;
	out->kind = arena_copy(arena, out->kind);
	out->time = arena_copy(arena, out->time);
	out->payload = arena_copy(arena, out->payload);
	return OK;
}
