/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/log_before.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/base/text.h"
#include "crypto/tile.h"
#include "gateway/cli/audit.h"
#include "gateway/cli/receipt.h"

/* ---- the entry log.continue */

static enum err ask(json_t **out, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *events;
	struct slice id;

	TRY(client_call(c, &answer, "GET", "/api/v1/audit/events?kind=log.continue&limit=1", NULL));
	TRY(json_get_array(&events, answer, "events"));
	if (json_array_size(events) == 0)
		return failure(ERR_NOT_FOUND,
			       "this log continues no other: it has no entry log.continue");
	TRY(json_get_text(&id, json_array_get(events, 0), "id"));
	return audit_fetch_receipt(out, &cli->arena, c, arena_string(&cli->arena, id));
}

static enum err read_number(uint64_t *out, const json_t *payload, const char *name)
{
	int64_t value;

	TRY(json_get_int(&value, payload, name));
	if (value < 0)
		return failure(ERR_FORMAT, "log.continue: \"%s\" is negative", name);
	*out = (uint64_t)value;
	return OK;
}

/* The old key's own word: its checkpoint, of that size and root. */
static enum err check_checkpoint(struct log_before *b, struct arena *arena, const json_t *payload)
{
	AUTO(buf_free) struct buf root = buf_new(DIGEST_SIZE);
	struct slice note, text, encoded, origin;
	struct checkpoint checkpoint;
	struct note_key key;

	TRY(note_key_parse(&key, slice_of_string(b->vkey)));
	TRY(json_get_text(&note, payload, "old_checkpoint"));
	TRY(json_get_text(&encoded, payload, "old_root"));
	TRY(json_get_text(&origin, payload, "old_origin"));
	TRY(text_read_base64(&root, encoded, TEXT_BASE64));
	if (note_verify(&text, note, &key, 1) != OK)
		return failure(ERR_FORGED,
			       "the old checkpoint in entry %" PRIu64 " bears no good signature of "
			       "--old-vkey",
			       b->index);
	TRY(checkpoint_parse(&checkpoint, text));
	if (!slice_equal(checkpoint.origin, slice_of_string(key.name)) ||
	    !slice_equal(checkpoint.origin, origin) || checkpoint.size != b->size ||
	    !slice_equal(buf_slice(&root), digest_slice(&checkpoint.root)))
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " names another origin, size or root than the old "
			       "checkpoint in it",
			       b->index);
	b->origin = arena_string(arena, origin);
	b->root = checkpoint.root;
	return OK;
}

static enum err check_entry(struct log_before *b, struct cli *cli, const json_t *receipt)
{
	AUTO(json_auto) json_t *payload = NULL;
	struct receipt said;
	struct note_key key;
	struct slice origin, entry;

	TRY(receipt_verify(&said, &cli->arena, receipt, S(""),
			   slice_of_string(b->trust->state.vkey)));
	if (!slice_equal(said.kind, S("log.continue")) || !said.payload.size)
		return failure(ERR_FORGED,
			       "the receipt is of an entry %.*s, not of log.continue "
			       "with its payload",
			       SLICE_PRINT(said.kind));
	TRY(json_read(&payload, said.payload, RECEIPT_MAX_FILE));
	TRY(note_key_parse(&key, slice_of_string(b->trust->state.vkey)));
	TRY(json_get_text(&origin, payload, "origin"));
	TRY(read_number(&b->size, payload, "old_size"));
	TRY(read_number(&b->kept, payload, "kept"));
	TRY(json_get_text(&entry, receipt, "entry"));
	b->leaf = merkle_leaf(entry);
	b->index = said.index;
	if (!slice_equal(origin, slice_of_string(key.name)) || b->kept > b->size ||
	    b->index < b->kept)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " says what cannot be: it continues "
			       "\"%.*s\" with %" PRIu64 " of %" PRIu64 " entries",
			       b->index, SLICE_PRINT(origin), b->kept, b->size);
	return check_checkpoint(b, &cli->arena, payload);
}

/* Nobody may have seen more of the old log than the new one says there was. */
static enum err check_seen(const struct log_before *b)
{
	const struct audit_remembered *seen = &b->trust->state.checkpoint;

	if (!b->trust->is_renewed || seen->size <= b->size)
		return OK;
	return failure(ERR_CONFLICT,
		       "%" PRIu64 " entries of \"%s\" were seen, and entry %" PRIu64
		       " of the new log says there were %" PRIu64,
		       seen->size, b->origin, b->index, b->size);
}

enum err log_before_read(struct log_before *out, struct cli *cli, struct trust *t)
{
	const char *file = arguments_value(&cli->arguments, "receipt");
	AUTO(json_auto) json_t *receipt = NULL;

	*out = (struct log_before){.vkey = arguments_value(&cli->arguments, "old-vkey"),
				   .dir = arguments_value(&cli->arguments, "old"),
				   .trust = t};
	out->is_wanted = out->vkey != NULL;
	if (!out->is_wanted)
		return out->dir ? cli_usage(cli, "--old needs --old-vkey, the old log's key") : OK;
	if (!file && !t->from.client)
		return cli_usage(cli, "--old-vkey with --dir needs --receipt FILE, of the entry "
				      "log.continue");
	TRY(file ? receipt_read(&receipt, &cli->arena, file) : ask(&receipt, cli, t->from.client));
	TRY(check_entry(out, cli, receipt));
	return check_seen(out);
}

const struct audit_remembered *log_before_remembered(const struct log_before *b)
{
	const struct audit_remembered *remembered = &b->trust->state.checkpoint;

	return b->is_wanted && remembered->size > b->kept && b->trust->is_renewed ? NULL
										  : remembered;
}

/* ---- the copy of the old log */

static enum err root_at(struct digest *out, struct log_tiles *tiles, uint64_t size)
{
	struct tile_source source = {log_fetch_tile, tiles};

	return tile_root(out, &source, size);
}

static enum err compare_at(struct log_tiles *a, struct log_tiles *b, uint64_t size)
{
	struct digest one, other;

	TRY(root_at(&one, a, size));
	TRY(root_at(&other, b, size));
	if (digest_equal(&one, &other))
		return OK;
	return failure(ERR_FORGED,
		       "the new log does not begin with the old one: their first %" PRIu64
		       " entries are different",
		       size);
}

/* The copy must be what was seen, and what is continued, as far as it goes. */
static enum err check_root(const struct log_before *b, struct log_tiles *old, uint64_t size,
			   const uint8_t wanted[DIGEST_SIZE], const char *what)
{
	struct digest root;

	if (b->copied < size || size == 0)
		return OK;
	TRY(root_at(&root, old, size));
	if (memcmp(root.bytes, wanted, DIGEST_SIZE) == 0)
		return OK;
	return failure(ERR_FORGED,
		       "the copy of \"%s\" is another history than %s: the old key has signed two",
		       b->origin, what);
}

/* The receipt's log and the verified one may be two, under one key. */
static enum err find_entry(const struct log_before *b, struct log_tiles *tiles)
{
	struct tile tile = tile_of(0, b->index / TILE_WIDTH, tiles->size);
	struct digest row[TILE_WIDTH];

	if (b->index < tiles->size) {
		TRY(log_fetch_tile(tiles, row, tile));
		if (digest_equal(&row[b->index % TILE_WIDTH], &b->leaf))
			return OK;
	}
	return failure(ERR_FORGED,
		       "entry %" PRIu64 " of the log is not the entry log.continue of the receipt",
		       b->index);
}

/* Three sizes at which the old log must be what others know of it. */
static enum err compare(const struct log_before *b, struct log_tiles *old, struct log_tiles *new)
{
	const struct audit_remembered *seen = &b->trust->state.checkpoint;

	TRY(compare_at(old, new, b->copied < b->kept ? b->copied : b->kept));
	if (b->trust->is_renewed)
		TRY(check_root(b, old, seen->size, seen->root, "what was seen before"));
	return check_root(b, old, b->size, b->root.bytes, "the checkpoint that is continued");
}

enum err log_before_compare(struct log_before *b, uint64_t size)
{
	struct log_from from = {.dir = b->dir, .save_to = -1};
	struct log_tiles old = {.from = &from}, new = {.from = &b->trust->from, .size = size};
	struct audit_source source = {.fetch = log_fetch, .context = &from};
	struct audit_verified verified;

	if (!b->is_wanted)
		return OK;
	TRY(find_entry(b, &new));
	if (!b->dir)
		return OK;
	source.vkey = slice_of_string(b->vkey);
	TRY(audit_verify(&verified, &source, NULL));
	b->copied = old.size = verified.size;
	return compare(b, &old, &new);
}

void log_before_print(const struct log_before *b)
{
	uint64_t lost = b->size - b->kept;

	if (!b->is_wanted)
		return;
	printf("it continues %s, as entry %" PRIu64 " says: %" PRIu64 " of %" PRIu64
	       " entries are kept, %" PRIu64 " were lost\n",
	       b->origin, b->index, b->kept, b->size, lost);
	if (!b->dir)
		printf("not proved: that the entries kept are those of the old log (--old DIR, a "
		       "copy of it)\n");
	else if (b->copied < b->kept)
		printf("the copy of the old log has the first %" PRIu64 " only: so many are "
		       "proved to be the same\n",
		       b->copied);
	else if (b->copied < b->size)
		printf("the entries kept are the old log's; the copy has %" PRIu64
		       " of those lost, and does not reach the checkpoint that is continued\n",
		       b->copied - b->kept);
	else
		printf("the entries kept are the old log's, and the copy has all of those lost\n");
}

void log_before_describe(const struct log_before *b, json_t *answer)
{
	json_t *old;

	if (!b->is_wanted)
		return;
	old = json_object_new();
	json_put_text(old, "origin", slice_of_string(b->origin));
	json_put_int(old, "entry", (int64_t)b->index);
	json_put_int(old, "size", (int64_t)b->size);
	json_put_int(old, "kept", (int64_t)b->kept);
	json_put_int(old, "copied", (int64_t)b->copied);
	json_put(answer, "continues", old);
}
