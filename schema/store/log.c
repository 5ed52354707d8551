/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/log.h"

#include "schema/store/payload.h"
#include "schema/store/query.h"

static const struct store_statement size_of_tree = {
	"log_size", "SELECT coalesce(max(seq) + 1, 0) FROM audit_leaf"};

enum err store_log_size(struct store *s, uint64_t *size)
{
	AUTO(store_step_clear) struct store_step step = {.statement = &size_of_tree};

	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the log has no size");
	*size = (uint64_t)store_take_int(&step);
	return OK;
}

static void take_leaf(struct store_step *step, void *out)
{
	struct store_leaf *leaf = out;

	leaf->index = (uint64_t)store_take_int(step);
	store_take_id(step, leaf->event);
	leaf->leaf = store_take_text(step);
	store_take_bytes(step, leaf->leaf_hash, sizeof leaf->leaf_hash);
}

static void take_entry(struct store_step *step, void *out)
{
	struct store_leaf *leaf = out;

	take_leaf(step, out);
	store_take_bytes(step, leaf->nonce, sizeof leaf->nonce);
	leaf->payload = store_take_payload(step);
}

/* The leaves must come without a gap from `first` on: a hole is a broken database. */
static enum err check_dense(const struct store_leaf *leaves, size_t count, uint64_t first)
{
	for (size_t i = 0; i < count; i++)
		if (leaves[i].index != first + i)
			return failure(ERR_INTERNAL, "log: leaf %llu is missing",
				       (unsigned long long)(first + i));
	return OK;
}

enum err store_log_entries(struct store *s, struct arena *arena, struct store_leaf **out,
			   size_t *count, uint64_t first, size_t limit, size_t max_bytes)
{
	static const struct store_statement list = {
		"log_entries", /* of what is erased, what the keeper keeps of it; no chain then */
		"SELECT seq, event, leaf, leaf_hash, nonce, payload, chain FROM ("
		"SELECT l.seq, l.event, l.leaf, l.leaf_hash, e.nonce, e.payload, "
		"CASE WHEN NOT e.erased THEN l.chain END AS chain, "
		"sum(octet_length(l.leaf) + coalesce(octet_length(e.payload), 0) "
		"+ coalesce(octet_length(l.chain), 0) + 80) OVER (ORDER BY l.seq) AS bytes "
		"FROM audit_leaf l, LATERAL (SELECT coalesce(v.nonce, r.seal) AS nonce, "
		"coalesce(v.payload, r.facts) AS payload, v.payload IS NULL AS erased "
		"FROM audit_event v LEFT JOIN audit_reduced r ON r.event = v.id "
		"WHERE v.id = l.event OFFSET 0) e "
		"WHERE l.seq >= $1::bigint AND l.seq < $1::bigint + $2::bigint) t "
		"WHERE bytes <= $3::bigint OR seq = $1::bigint ORDER BY seq"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, (int64_t)first);
	store_put_int(&step, limit > STORE_LOG_BATCH ? STORE_LOG_BATCH : (int64_t)limit);
	store_put_int(&step, (int64_t)max_bytes);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_entry);
	return check_dense(*out, *count, first);
}

enum err store_log_leaves(struct store *s, struct arena *arena, struct store_leaf **out,
			  size_t *count, uint64_t first, size_t limit)
{
	static const struct store_statement list = {
		"log_leaves", "SELECT seq, event, leaf, leaf_hash FROM audit_leaf "
			      "WHERE seq >= $1::bigint ORDER BY seq LIMIT $2::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, (int64_t)first);
	store_put_int(&step, (int64_t)limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_leaf);
	return check_dense(*out, *count, first);
}

enum err store_log_checkpoint_add(struct store *s, const struct store_checkpoint *checkpoint)
{
	static const struct store_statement insert = {
		"checkpoint_insert", "INSERT INTO audit_checkpoint (size, root, note) "
				     "VALUES ($1::bigint, $2, $3) ON CONFLICT DO NOTHING"};
	static const struct store_statement check = {
		"checkpoint_check",
		"SELECT root = $2 FROM audit_checkpoint WHERE size = $1::bigint"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);

	store_put_int(step, (int64_t)checkpoint->size);
	store_put_bytes(step, slice_of(checkpoint->root, sizeof checkpoint->root));
	store_put_bytes(step, checkpoint->note);
	step = store_batch_add(&batch, &check, NULL);
	store_put_int(step, (int64_t)checkpoint->size);
	store_put_bytes(step, slice_of(checkpoint->root, sizeof checkpoint->root));
	TRY(store_batch_run(s, &batch));
	if (!store_next(step) || !store_take_bool(step))
		return failure(ERR_CONFLICT, "log: another tree of size %llu was published",
			       (unsigned long long)checkpoint->size);
	return OK;
}

static void take_checkpoint(struct store_step *step, void *out)
{
	struct store_checkpoint *checkpoint = out;

	checkpoint->size = (uint64_t)store_take_int(step);
	store_take_bytes(step, checkpoint->root, sizeof checkpoint->root);
	checkpoint->note = store_take_text(step);
}

enum err store_log_checkpoint_last(struct store *s, struct arena *arena,
				   struct store_checkpoint *out)
{
	static const struct store_statement find = {
		"checkpoint_last",
		"SELECT size, root, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_checkpoint, "checkpoint");
}

enum err store_log_index(struct store *s, uint64_t *index, const uint8_t event[STORE_ID])
{
	static const struct store_statement find = {"log_index",
						    "SELECT seq FROM audit_leaf WHERE event = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, event);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "the event has no number yet");
	*index = (uint64_t)store_take_int(&step);
	return OK;
}

static enum err set_state(struct store *s, bool read_only, struct slice reason)
{
	static const struct store_statement update = {
		"audit_set_state",
		"UPDATE audit_state SET read_only = $1, reason = $2, changed_at = now() "
		"WHERE (read_only, reason) IS DISTINCT FROM ($1, $2)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_bool(&step, read_only);
	store_put_text(&step, reason);
	return store_run(s, &step, 1);
}

enum err store_log_set_read_only(struct store *s, struct slice reason)
{
	return set_state(s, true, reason);
}

enum err store_log_set_writable(struct store *s)
{
	return set_state(s, false, S(""));
}

enum err store_log_set_full(struct store *s, struct slice why)
{
	static const struct store_statement update = {
		"audit_set_full", "UPDATE audit_state SET full_files = $1, changed_at = now() "
				  "WHERE full_files <> $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_text(&step, why);
	return store_run(s, &step, 1);
}

enum err store_log_resume(struct store *s)
{
	static const struct store_statement resume = {
		"log_resume", "UPDATE audit_state SET halted = '', changed_at = now()"};
	AUTO(store_step_clear) struct store_step step = {.statement = &resume};

	return store_run(s, &step, 1);
}
