/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/complete.h"

#include <inttypes.h>

#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/merkle.h"
#include "gateway/cli/receipt.h"

enum { MAX_ENTRY = 64 * 1024, MAX_PAYLOAD = 128 * 1024 };

static const char *const kinds[] = {
	[AUDIT_SUBJECT_ACTOR] = "actor",
	[AUDIT_SUBJECT_LICENSE] = "license",
};

static enum err read_count(uint64_t *out, const json_t *object, const char *name)
{
	int64_t value;

	TRY(json_get_int(&value, object, name));
	if (value < 0)
		return failure(ERR_FORMAT, "\"%s\" is negative", name);
	*out = (uint64_t)value;
	return OK;
}

/* ---- the head: which log, how many, who says so */

static enum err read_checkpoint(struct complete *c, struct arena *arena, const json_t *head)
{
	struct checkpoint checkpoint;
	struct note_key key;
	struct slice note, text;

	TRY(json_get_text(&note, head, "checkpoint"));
	c->note = arena_copy(arena, note);
	TRY(note_key_parse(&key, c->vkey));
	if (note_verify(&text, c->note, &key, 1) != OK)
		return failure(ERR_FORGED, "the checkpoint bears no good signature of %s",
			       key.name);
	TRY(checkpoint_parse(&checkpoint, text));
	if (!slice_equal(checkpoint.origin, slice_of_string(key.name)))
		return failure(ERR_FORGED, "the checkpoint is of the log \"%.*s\", not of \"%s\"",
			       SLICE_PRINT(checkpoint.origin), key.name);
	c->root = checkpoint.root;
	c->size = checkpoint.size;
	return OK;
}

static bool says(const json_t *payload, const char *name, struct slice value)
{
	struct slice text;

	return json_get_text(&text, payload, name) == OK && slice_equal(text, value);
}

static bool counts(const json_t *payload, const char *name, uint64_t value)
{
	uint64_t number = 0;

	return read_count(&number, payload, name) == OK && number == value;
}

/* An entry of the log that says the very same as the head, written after all it speaks of. */
static enum err check_statement(struct complete *c, struct arena *arena, const json_t *head)
{
	AUTO(json_auto) json_t *payload = NULL;
	const json_t *statement;
	struct receipt receipt;

	TRY(json_get_object(&statement, head, "statement"));
	TRY(receipt_verify(&receipt, arena, statement, S(""), c->vkey));
	if (!receipt.payload.size)
		return failure(ERR_FORGED, "the statement's payload is missing");
	TRY(json_read(&payload, receipt.payload, MAX_PAYLOAD));
	if (!slice_equal(receipt.kind, S("audit.query")) ||
	    !says(payload, "read", S("completeness")) ||
	    !says(payload, "of", slice_of_string(kinds[c->subject])) ||
	    !says(payload, "id", c->id) || !counts(payload, "size", c->size) ||
	    !counts(payload, "count", c->count) || (c->count && !counts(payload, "last", c->last)))
		return failure(ERR_FORGED, "the entry that is to state how many there are states "
					   "something else");
	if (receipt.index < c->size)
		return failure(ERR_FORGED, "the statement is older than what it speaks of");
	c->stated_at = receipt.index;
	return OK;
}

static enum err read_head(struct complete *c, struct arena *arena, const json_t *head)
{
	struct slice of, id;

	TRY(json_get_text(&of, head, "of"));
	TRY(json_get_text(&id, head, "id"));
	if (!c->id.size) {
		c->id = arena_copy(arena, id);
		c->subject = slice_equal(of, S("license")) ? AUDIT_SUBJECT_LICENSE
							   : AUDIT_SUBJECT_ACTOR;
	}
	if (!slice_equal(of, slice_of_string(kinds[c->subject])) || !slice_equal(id, c->id))
		return failure(ERR_FORGED, "this is about the %.*s %.*s", SLICE_PRINT(of),
			       SLICE_PRINT(id));
	TRY(read_checkpoint(c, arena, head));
	if (!counts(head, "size", c->size))
		return failure(ERR_FORGED, "\"size\" is not that of the checkpoint");
	TRY(read_count(&c->count, head, "count"));
	if (c->count)
		TRY(read_count(&c->last, head, "last"));
	TRY(check_statement(c, arena, head));
	c->walk = (struct audit_walk){.subject = c->subject, .id = c->id};
	c->has_head = true;
	return OK;
}

/* ---- an entry */

static enum err read_path(struct merkle_proof *out, const json_t *line)
{
	const json_t *path;

	TRY(json_get_array(&path, line, "path"));
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

static enum err check_inclusion(const struct complete *c, uint64_t index, struct slice entry,
				const json_t *line)
{
	struct digest leaf = merkle_leaf(entry);
	struct merkle_proof proof;

	TRY(read_path(&proof, line));
	if (merkle_check_inclusion(index, c->size, &leaf, &proof, &c->root) != OK)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " is not in the log as it is given: its proof does "
			       "not lead to the checkpoint",
			       index);
	return OK;
}

static enum err check_commitment(uint64_t index, struct slice entry, struct slice payload,
				 const json_t *line)
{
	AUTO(buf_free) struct buf nonce = buf_new(COMMIT_NONCE);
	AUTO(buf_free) struct buf told = buf_new(DIGEST_SIZE);
	AUTO(json_auto) json_t *leaf = NULL;
	struct slice text;
	struct digest made;

	TRY(json_get_text(&text, line, "nonce"));
	if (text_read_base64(&nonce, text, TEXT_BASE64) != OK || nonce.size != COMMIT_NONCE)
		return failure(ERR_FORMAT, "entry %" PRIu64 ": its nonce is not base64 of %d bytes",
			       index, COMMIT_NONCE);
	TRY(json_read(&leaf, entry, MAX_ENTRY));
	TRY(json_get_text(&text, leaf, "c"));
	TRY(text_read_base64(&told, text, TEXT_BASE64_URL_RAW));
	made = audit_commitment(nonce.data, payload);
	if (!digest_equal_bytes(buf_slice(&told), digest_slice(&made)))
		return failure(ERR_FORGED, "entry %" PRIu64 " does not commit to this payload",
			       index);
	return OK;
}

/* Its payload is gone. The chain it is given with must fit; what follows confirms it. */
static enum err step_over(struct complete *c, uint64_t index, const json_t *line)
{
	AUTO(json_auto) json_t *payload = json_object_new(), *chain = NULL;
	struct audit_chain links;
	struct slice text;

	TRY(json_get_text(&text, line, "chain"));
	if (text.size) {
		TRY(json_read(&chain, text, AUDIT_MAX_CHAIN));
		json_put(payload, "chain", json_incref(chain));
	}
	TRY(audit_chain_read(&links, payload));
	c->erased++;
	c->is_last_erased = true;
	return audit_walk_over(&c->walk, index, &links);
}

static enum err step(struct complete *c, uint64_t index, struct slice entry, const json_t *line)
{
	AUTO(json_auto) json_t *payload = NULL;
	struct slice text;
	bool erased;

	TRY(json_get_bool_or(&erased, line, "erased", false));
	if (erased)
		return step_over(c, index, line);
	TRY(json_get_text(&text, line, "payload"));
	TRY(check_commitment(index, entry, text, line));
	TRY(json_read(&payload, text, MAX_PAYLOAD));
	c->is_last_erased = false;
	return audit_walk_step(&c->walk, index, payload);
}

static enum err compare_earlier(struct complete *c, uint64_t index)
{
	struct complete_earlier *e = &c->earlier;

	if (!e->is_given || c->walk.count != e->count)
		return OK;
	e->is_met = index == e->last;
	return OK;
}

static enum err read_entry(struct complete *c, const json_t *line)
{
	struct slice entry;
	uint64_t index = 0;

	TRY(read_count(&index, line, "index"));
	TRY(json_get_text(&entry, line, "entry"));
	TRY(check_inclusion(c, index, entry, line));
	TRY(step(c, index, entry, line));
	if (c->held.is_given && c->held.index == index)
		c->held.is_met = slice_equal(c->held.entry, entry);
	return compare_earlier(c, index);
}

/* ---- all of it */

static enum err read_end(struct complete *c, const json_t *end)
{
	if (!counts(end, "count", c->walk.count))
		return failure(ERR_FORGED, "the last line counts other entries than there are");
	c->has_end = true;
	return OK;
}

enum err complete_line(struct complete *c, struct arena *arena, struct slice text)
{
	AUTO(json_auto) json_t *line = NULL;
	const json_t *part;

	if (c->has_end)
		return failure(ERR_FORMAT, "there is something behind the last line");
	TRY(json_read(&line, text, COMPLETE_MAX_LINE));
	if (!c->has_head) {
		TRY(json_get_object(&part, line, "completeness"));
		return read_head(c, arena, part);
	}
	if (!json_has(line, "end"))
		return read_entry(c, line);
	TRY(json_get_object(&part, line, "end"));
	return read_end(c, part);
}

/* Two signed statements that deny each other. */
static enum err check_others(const struct complete *c)
{
	const struct complete_earlier *e = &c->earlier;
	const struct complete_held *held = &c->held;

	if (e->is_given && e->size <= c->size && e->count && !e->is_met)
		return failure(ERR_FORGED,
			       "earlier the gateway stated %" PRIu64
			       " entries, the last at %" PRIu64 "; now entry %" PRIu64
			       " of the log denies it. Both are signed: keep "
			       "them",
			       e->count, e->last, c->stated_at);
	if (held->is_given && held->index >= c->size)
		return failure(ERR_CONFLICT,
			       "the receipt is of entry %" PRIu64 ", and this is about the first "
			       "%" PRIu64 " of the log; ask again",
			       held->index, c->size);
	if (held->is_given && !held->is_met)
		return failure(ERR_FORGED,
			       "the receipt's entry %" PRIu64 " is not among them: the statement "
			       "at entry %" PRIu64 " is false, or the receipt is of something else",
			       held->index, c->stated_at);
	return OK;
}

enum err complete_end(const struct complete *c)
{
	if (!c->has_head || !c->has_end)
		return failure(ERR_FORMAT, "the answer is not whole: its %s line is missing",
			       c->has_head ? "last" : "first");
	if (c->walk.count != c->count || (c->count && c->walk.last != c->last))
		return failure(ERR_FORGED,
			       "%" PRIu64 " entries are stated, the last at %" PRIu64
			       ", but %" PRIu64 " are given, the last at %" PRIu64,
			       c->count, c->last, c->walk.count, c->walk.last);
	return check_others(c);
}
