/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/complete.h"

#include <inttypes.h>

#include "crypto/merkle.h"
#include "gateway/cli/receipt.h"

enum { MAX_PAYLOAD = 128 * 1024 };

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

static bool places(const json_t *payload, const char *name, uint64_t value)
{
	uint64_t place = 0;

	return audit_place_read(&place, json_object_get(payload, name)) == OK && place == value;
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
	    !counts(payload, "count", c->count) || (c->count && !places(payload, "last", c->last)))
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
		TRY(audit_place_read(&c->last, json_object_get(head, "last")));
	TRY(check_statement(c, arena, head));
	c->walk = (struct audit_walk){.subject = c->subject, .id = c->id};
	c->has_head = true;
	return OK;
}

/* ---- an entry */

static enum err check_inclusion(const struct complete *c, uint64_t index, struct slice entry,
				const json_t *line)
{
	struct digest leaf = merkle_leaf(entry);
	struct merkle_proof proof;

	TRY(receipt_read_path(&proof, line));
	if (merkle_check_inclusion(index, c->size, &leaf, &proof, &c->root) != OK)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " is not in the log as it is given: its proof does "
			       "not lead to the checkpoint",
			       index);
	return OK;
}

/* ---- what was erased */

static enum err read_ranges(struct complete_erasure *e, const json_t *ranges)
{
	e->ranges = arena_alloc(&e->arena, (json_array_size(ranges) + 1) * sizeof *e->ranges);
	for (e->count = 0; e->count < json_array_size(ranges); e->count++) {
		const json_t *range = json_array_get(ranges, e->count);

		if (json_array_size(range) != 2)
			return failure(ERR_FORMAT, "\"ranges\" are of two places each");
		for (size_t i = 0; i < 2; i++)
			TRY(audit_place_read(&e->ranges[e->count][i], json_array_get(range, i)));
	}
	return OK;
}

static enum err read_erasure(struct complete *c, const json_t *receipt)
{
	AUTO(json_auto) json_t *payload = NULL;
	struct complete_erasure *e = &c->erasure;
	const json_t *ranges;
	struct receipt said;

	arena_free(&e->arena);
	*e = (struct complete_erasure){.count = 0};
	TRY(receipt_verify(&said, &e->arena, receipt, S(""), c->vkey));
	if (said.is_row || !said.payload.size ||
	    (!slice_equal(said.kind, S("erasure.run")) &&
	     !slice_equal(said.kind, S("retention.run"))))
		return failure(ERR_FORGED, "entry %" PRIu64 " (%.*s) erases nothing", said.index,
			       SLICE_PRINT(said.kind));
	TRY(json_read(&payload, said.payload, MAX_PAYLOAD));
	TRY(json_get_array(&ranges, payload, "ranges"));
	e->index = said.index;
	return read_ranges(e, ranges);
}

/* A range of entries says nothing of rows that stand between them. */
static bool covers(const uint64_t range[2], uint64_t place)
{
	bool is_row = place % AUDIT_PLACES != 0, of_rows = range[0] % AUDIT_PLACES != 0;

	return is_row == of_rows && place >= range[0] && place <= range[1];
}

/* Does an entry of the log say that this one was erased? */
static enum err check_erased(const struct complete *c, uint64_t place, const json_t *level)
{
	const struct complete_erasure *e = &c->erasure;
	uint64_t by = 0;
	const json_t *erased;

	TRY(json_get_object(&erased, level, "erased"));
	if (!json_has(erased, "by"))
		return failure(
			ERR_CONFLICT,
			"%s was erased just now, and the entry that says so is not published "
			"yet; ask again",
			audit_place_name(place).text);
	TRY(read_count(&by, erased, "by"));
	for (size_t i = 0; i < e->count && by == e->index; i++)
		if (covers(e->ranges[i], place))
			return OK;
	return failure(ERR_FORGED,
		       "%s is said to be erased, but no entry of the log that is given says so",
		       audit_place_name(place).text);
}

/* Its payload is gone. The chain it is given with must fit; what follows confirms it. */
static enum err step_over(struct complete *c, uint64_t place, const json_t *level)
{
	AUTO(json_auto) json_t *payload = json_object_new(), *chain = NULL;
	struct audit_chain links;
	struct slice text;

	TRY(check_erased(c, place, level));
	TRY(json_get_text(&text, level, "chain"));
	if (text.size) {
		TRY(json_read(&chain, text, AUDIT_MAX_CHAIN));
		json_put(payload, "chain", json_incref(chain));
	}
	TRY(audit_chain_read(&links, payload));
	c->erased++;
	c->is_last_erased = true;
	return audit_walk_over(&c->walk, place, &links);
}

static enum err step(struct complete *c, struct arena *arena, uint64_t place, const json_t *level)
{
	AUTO(json_auto) json_t *payload = NULL;
	struct receipt said;

	if (json_has(level, "erased"))
		return step_over(c, place, level);
	TRY(receipt_read_level(&said, arena, level, S("")));
	if (!said.payload.size)
		return failure(ERR_FORMAT,
			       "%s: its payload is missing, and it is not said to be erased",
			       audit_place_name(place).text);
	TRY(json_read(&payload, said.payload, MAX_PAYLOAD));
	c->is_last_erased = false;
	return audit_walk_step(&c->walk, place, payload);
}

/* Which of the two levels the entry is in: an entry of the log, or a row of one that is a batch. */
static enum err find_level(const json_t **level, uint64_t *place, struct arena *arena,
			   uint64_t index, const json_t *line)
{
	struct receipt batch;
	uint64_t row = 0;

	*level = line;
	*place = audit_place(index);
	if (!json_has(line, "row"))
		return OK;
	TRY(json_get_object(level, line, "row"));
	TRY(receipt_read_level(&batch, arena, line, S("")));
	TRY(receipt_check_row(&row, batch.kind, batch.payload, *level));
	*place = audit_place_of_row(index, (uint32_t)row);
	return OK;
}

static enum err compare(struct complete *c, uint64_t place, const json_t *level)
{
	struct complete_earlier *e = &c->earlier;
	struct complete_held *held = &c->held;
	struct slice entry;

	TRY(json_get_text(&entry, level, "entry"));
	if (e->is_given && c->walk.count == e->count)
		e->is_met = place == e->last;
	if (held->is_given && held->place == place)
		held->is_met = slice_equal(held->entry, entry);
	return OK;
}

static enum err read_entry(struct complete *c, const json_t *line)
{
	AUTO(arena_free) struct arena arena = {NULL};
	uint64_t index = 0, place = 0;
	const json_t *level;
	struct slice entry;

	TRY(read_count(&index, line, "index"));
	TRY(json_get_text(&entry, line, "entry"));
	TRY(check_inclusion(c, index, entry, line));
	TRY(find_level(&level, &place, &arena, index, line));
	TRY(step(c, &arena, place, level));
	return compare(c, place, level);
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
	if (json_has(line, "erasure")) {
		TRY(json_get_object(&part, line, "erasure"));
		return read_erasure(c, part);
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
			       "earlier the gateway stated %" PRIu64 " entries, the last being %s; "
			       "now entry %" PRIu64 " of the log denies it. Both are signed: keep "
			       "them",
			       e->count, audit_place_name(e->last).text, c->stated_at);
	if (held->is_given && held->place >= audit_place(c->size))
		return failure(ERR_CONFLICT,
			       "the receipt is of %s, and this is about the first %" PRIu64
			       " of the log; ask again",
			       audit_place_name(held->place).text, c->size);
	if (held->is_given && !held->is_met)
		return failure(ERR_FORGED,
			       "the receipt's %s is not among them: the statement at entry %" PRIu64
			       " is false, or the receipt is of something else",
			       audit_place_name(held->place).text, c->stated_at);
	return OK;
}

enum err complete_end(const struct complete *c)
{
	if (!c->has_head || !c->has_end)
		return failure(ERR_FORMAT, "the answer is not whole: its %s line is missing",
			       c->has_head ? "last" : "first");
	if (c->walk.count != c->count || (c->count && c->walk.last != c->last))
		return failure(ERR_FORGED,
			       "%" PRIu64 " entries are stated, the last being %s, but %" PRIu64
			       " are given, the last being %s",
			       c->count, audit_place_name(c->last).text, c->walk.count,
			       audit_place_name(c->walk.last).text);
	return check_others(c);
}

void complete_clear(struct complete *c)
{
	arena_free(&c->erasure.arena);
}
