/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/report_complete.h"

#include "crypto/json.h"
#include "crypto/note.h"
#include "crypto/tile.h"

enum { BUNDLE_MAX = TILE_WIDTH * (TILE_ENTRY_MAX + 2) };

struct counting {
	const struct report_reader *reader;
	const struct report_copy *copy;
	uint64_t copy_size;
	struct merkle_frontier tree;
	uint64_t wanted, batches;
};

bool report_can_be_counted(const struct report_read *read)
{
	const struct report *r = read->head.report;

	/* A report of entries shows by its numbers alone whether one is left out. */
	return !r->of_entries && !r->right[0] && slice_equal(read->head.filters, S("{}"));
}

static enum err read_size(struct counting *c)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct checkpoint checkpoint;
	struct slice text;

	TRY(c->copy->fetch(c->copy->context, &note, "checkpoint"));
	TRY(note_text(&text, buf_slice(&note)));
	TRY(checkpoint_parse(&checkpoint, text));
	c->copy_size = checkpoint.size;
	return OK;
}

static enum err count_entry(struct counting *c, struct slice entry)
{
	AUTO(json_auto) json_t *value = NULL;
	struct digest leaf = merkle_leaf(entry);
	struct slice kind;

	merkle_append(&c->tree, &leaf);
	TRY(json_read(&value, entry, TILE_ENTRY_MAX));
	TRY(json_get_text(&kind, value, "ev"));
	c->batches += slice_equal(kind, S("usage.batch"));
	c->wanted += report_reader_wants(c->reader, value);
	return OK;
}

static enum err count_bundle(struct counting *c, struct buf *bytes, uint64_t size)
{
	struct tile tile = tile_of(0, c->tree.size / TILE_WIDTH, c->copy_size);
	struct slice entries[TILE_WIDTH];
	char path[TILE_PATH];

	tile.kind = TILE_ENTRIES;
	tile_path(path, tile);
	buf_reset(bytes);
	TRY(c->copy->fetch(c->copy->context, bytes, path));
	TRY(tile_bundle_split(entries, tile.width, buf_slice(bytes)));
	for (unsigned i = 0; i < tile.width && c->tree.size < size; i++)
		TRY(count_entry(c, entries[i]));
	return OK;
}

enum err report_complete_check(uint64_t *batches, const struct report_reader *reader,
			       const struct report_read *read, const struct report_copy *copy)
{
	AUTO(buf_free) struct buf bytes = buf_new(BUNDLE_MAX);
	struct counting c = {.reader = reader, .copy = copy};
	struct digest root;

	TRY(read_size(&c));
	if (c.copy_size < read->head.size)
		return failure(ERR_FORMAT, "it has %llu entries, the report rests on %llu",
			       (unsigned long long)c.copy_size,
			       (unsigned long long)read->head.size);
	while (c.tree.size < read->head.size)
		TRY(count_bundle(&c, &bytes, read->head.size));
	root = merkle_root(&c.tree);
	if (!digest_equal(&root, &read->head.root))
		return failure(ERR_FORGED, "it is not the log that the report is made of");
	if (c.wanted != read->entries)
		return failure(ERR_FORGED,
			       "it has %llu entries of the report's kinds and period, and the "
			       "report has rows for %llu of them",
			       (unsigned long long)c.wanted, (unsigned long long)read->entries);
	*batches = c.batches;
	return OK;
}
