/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts on disk: one JSON file, or a tlog-proof with the entry and the payload beside it. */
#include "gateway/cli/receipt.h"

#include <fcntl.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/tlog_proof.h"

#define PROOF_SUFFIX S(".tlog-proof")

/* "X.tlog-proof" and "entry" make "X.entry". */
static const char *beside(struct arena *arena, const char *path, const char *part)
{
	struct slice text = slice_of_string(path);
	struct slice stem = slice_part(text, 0, text.size - PROOF_SUFFIX.size);

	return arena_printf(arena, "%s.%s", arena_string(arena, stem), part);
}

static enum err put_file(json_t *receipt, const char *member, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(RECEIPT_MAX_FILE);

	TRY(file_read(&text, AT_FDCWD, path));
	json_put_text(receipt, member, buf_slice(&text));
	if (!json_is_string(json_object_get(receipt, member)))
		return failure(ERR_FORMAT, "file \"%s\" is not UTF-8 text", path);
	return OK;
}

static enum err put_nonce(json_t *receipt)
{
	AUTO(buf_free) struct buf text = buf_new(2 * COMMIT_NONCE);
	struct tlog_proof proof;
	struct slice proof_text;

	TRY(json_get_text(&proof_text, receipt, "proof"));
	TRY(tlog_proof_parse(&proof, proof_text));
	if (proof.extra_size != COMMIT_NONCE)
		return failure(ERR_FORMAT,
			       "the proof has no line \"extra\" with the nonce of %d "
			       "bytes, so nothing ties the payload to the entry",
			       COMMIT_NONCE);
	text_write_base64(&text, slice_of(proof.extra, COMMIT_NONCE), TEXT_BASE64);
	json_put_text(receipt, "nonce", buf_slice(&text));
	return OK;
}

static enum err put_row(json_t *receipt, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(RECEIPT_MAX_FILE);
	json_t *row;
	enum err result = file_read(&text, AT_FDCWD, path);

	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	TRY(json_read(&row, buf_slice(&text), RECEIPT_MAX_FILE));
	json_put(receipt, "row", row);
	return OK;
}

static enum err read_parts(json_t *receipt, struct arena *arena, const char *path)
{
	enum err result;

	TRY(put_file(receipt, "proof", path));
	TRY(put_file(receipt, "entry", beside(arena, path, "entry")));
	TRY(put_row(receipt, beside(arena, path, "row")));
	result = put_file(receipt, "payload", beside(arena, path, "payload"));
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	return put_nonce(receipt);
}

enum err receipt_read(json_t **out, struct arena *arena, const char *path)
{
	AUTO(json_auto) json_t *receipt = NULL;
	AUTO(buf_free) struct buf text = buf_new(RECEIPT_MAX_FILE);

	if (slice_ends_with(slice_of_string(path), PROOF_SUFFIX)) {
		receipt = json_object_new();
		TRY(read_parts(receipt, arena, path));
	} else {
		TRY(file_read(&text, AT_FDCWD, path));
		TRY(json_read(&receipt, buf_slice(&text), RECEIPT_MAX_FILE));
	}
	*out = receipt;
	receipt = NULL; /* given away */
	return OK;
}

static enum err save_part(const json_t *receipt, const char *member, const char *path)
{
	struct slice text;

	if (!json_is_string(json_object_get(receipt, member)))
		return OK; /* erased */
	TRY(json_get_text(&text, receipt, member));
	return file_write_atomic(AT_FDCWD, path, text, 0600);
}

static enum err save_json(const json_t *value, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(RECEIPT_MAX_FILE);

	TRY(json_write_canonical(&text, value));
	buf_write_string(&text, "\n");
	TRY(buf_done(&text));
	return file_write_atomic(AT_FDCWD, path, buf_slice(&text), 0600);
}

enum err receipt_save(const json_t *receipt, struct arena *arena, const char *path)
{
	if (!slice_ends_with(slice_of_string(path), PROOF_SUFFIX))
		return save_json(receipt, path);
	TRY(save_part(receipt, "entry", beside(arena, path, "entry")));
	TRY(save_part(receipt, "payload", beside(arena, path, "payload")));
	if (json_has(receipt, "row"))
		TRY(save_json(json_object_get(receipt, "row"), beside(arena, path, "row")));
	return save_part(receipt, "proof", path);
}
