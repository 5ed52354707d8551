/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/batch.h"

#include <assert.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"

/* Written by hand: nothing in it needs to be escaped. */
void audit_batch_write(struct buf *out, const struct audit_batch *batch)
{
	char first[CLOCK_TEXT], last[CLOCK_TEXT];

	clock_text(first, batch->first_ms);
	clock_text(last, batch->last_ms);
	buf_printf(out,
		   "{\"actor\":{\"id\":\"\",\"name\":\"\"},\"count\":%llu,\"first\":\"%s\","
		   "\"last\":\"%s\",\"root\":\"",
		   (unsigned long long)batch->count, first, last);
	text_write_base64(out, digest_slice(&batch->root), TEXT_BASE64);
	buf_write_string(out, "\"}");
}

static enum err read_time(int64_t *out, const json_t *value, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, value, name));
	return clock_parse(out, text);
}

enum err audit_batch_read(struct audit_batch *out, struct slice payload)
{
	static const char *const names[] = {"actor", "count", "first", "last", "root", NULL};
	AUTO(json_auto) json_t *value = NULL;
	AUTO(buf_free) struct buf root = buf_new(DIGEST_SIZE);
	struct slice text;
	int64_t count;

	TRY(json_read(&value, payload, AUDIT_BATCH_TEXT));
	TRY(json_only(value, names));
	TRY(json_get_int(&count, value, "count"));
	if (count < 1 || count > AUDIT_BATCH_MAX)
		return failure(ERR_FORMAT, "usage.batch: \"count\" is 1 to %d", AUDIT_BATCH_MAX);
	TRY(read_time(&out->first_ms, value, "first"));
	TRY(read_time(&out->last_ms, value, "last"));
	TRY(json_get_text(&text, value, "root"));
	if (text_read_base64(&root, text, TEXT_BASE64) != OK || root.size != DIGEST_SIZE)
		return failure(ERR_FORMAT, "usage.batch: \"root\" is not base64 of %d bytes",
			       DIGEST_SIZE);
	out->count = (uint64_t)count;
	memcpy(out->root.bytes, root.data, DIGEST_SIZE);
	return OK;
}

struct digest audit_batch_root(const struct digest *leaves, size_t count)
{
	struct merkle_frontier frontier = {.size = 0};

	for (size_t i = 0; i < count; i++)
		merkle_append(&frontier, &leaves[i]);
	return merkle_root(&frontier);
}

/* Level by level; the last node of a level, if it has no neighbor, is a node of the next one too,
 * which is the tree of RFC 6962 section 2.1. */
void audit_batch_path(struct merkle_proof *out, const struct digest *leaves, size_t count,
		      size_t row)
{
	struct digest nodes[AUDIT_BATCH_MAX];

	assert(row < count && count <= AUDIT_BATCH_MAX);
	memcpy(nodes, leaves, count * sizeof *nodes);
	out->count = 0;
	for (; count > 1; count = (count + 1) / 2, row /= 2) {
		if ((row ^ 1) < count)
			out->nodes[out->count++] = nodes[row ^ 1];
		for (size_t i = 0; i < count / 2; i++)
			nodes[i] = merkle_node(&nodes[2 * i], &nodes[2 * i + 1]);
		if (count % 2)
			nodes[count / 2] = nodes[count - 1];
	}
}

enum err audit_batch_check(const struct audit_batch *batch, struct slice entry, uint64_t row,
			   const struct merkle_proof *path)
{
	struct digest leaf = merkle_leaf(entry);

	return merkle_check_inclusion(row, batch->count, &leaf, path, &batch->root);
}
