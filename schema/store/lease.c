/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/lease.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "schema/store/connection.h"

static const char *const cut_names[STORE_CUT_COUNT] = {
#define STORE_CUT_NAME(kind, name) [STORE_CUT_##kind] = name,
	STORE_CUTS(STORE_CUT_NAME)
#undef STORE_CUT_NAME
};

/* The table's CHECK lets no other name in. */
static enum store_cut_kind kind_of(struct slice name)
{
	for (unsigned i = 0; i < STORE_CUT_COUNT; i++)
		if (slice_equal(name, slice_of_string(cut_names[i])))
			return (enum store_cut_kind)i;
	abort();
}

static void take_cut(struct store_step *step, void *out)
{
	struct store_cut *cut = out;

	cut->kind = kind_of(store_take_text(step));
	store_take_id(step, cut->subject);
}

static const struct store_statement read_epoch = {"epoch_read", "SELECT epoch FROM access_epoch"};

static enum err take_epoch(struct store_step *step, uint64_t *out)
{
	if (!store_next(step))
		return failure(ERR_INTERNAL, "the database has lost its epoch");
	*out = (uint64_t)store_take_int(step);
	return OK;
}

/* The epoch first: what is committed between the two statements comes as a cut too many. */
enum err store_epoch_read(struct store *s, struct arena *arena, struct store_epoch *out,
			  uint64_t after)
{
	static const struct store_statement list = {
		"cut_list", "SELECT kind, subject FROM access_cut WHERE epoch > $1::bigint "
			    "ORDER BY epoch LIMIT 1001"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	store_batch_add(&batch, &read_epoch, NULL);
	store_put_int(store_batch_add(&batch, &list, arena), (int64_t)after);
	TRY(store_batch_run(s, &batch));
	TRY(take_epoch(&batch.steps[0], &out->epoch));
	out->cuts = store_all(&batch.steps[1], &out->cut_count, sizeof *out->cuts, take_cut);
	out->has_more = out->cut_count > STORE_MAX_ROWS;
	return OK;
}

enum err store_lease_begin(struct store *s, const uint8_t edge[STORE_ID], int64_t lease_ms)
{
	static const struct store_statement sweep = {
		"lease_sweep",
		"DELETE FROM edge_lease WHERE renewed_at < clock_timestamp() - interval '1 hour'"};
	static const struct store_statement insert = {
		"lease_begin", "INSERT INTO edge_lease (edge, epoch, lease_ms) "
			       "VALUES ($1, 0, $2::bigint::integer) "
			       "ON CONFLICT (edge) DO UPDATE SET epoch = 0"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;

	store_batch_add(&batch, &sweep, NULL);
	step = store_batch_add(&batch, &insert, NULL);
	store_put_id(step, edge);
	store_put_int(step, lease_ms);
	return store_batch_run(s, &batch);
}

enum err store_lease_renew(struct store *s, const uint8_t edge[STORE_ID], uint64_t epoch)
{
	static const struct store_statement update = {
		"lease_renew", "UPDATE edge_lease SET epoch = $2::bigint WHERE edge = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, edge);
	store_put_int(&step, (int64_t)epoch);
	return store_change(s, &step, "lease");
}

enum err store_lease_end(struct store *s, const uint8_t edge[STORE_ID])
{
	static const struct store_statement end = {"lease_end",
						   "DELETE FROM edge_lease WHERE edge = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &end};

	store_put_id(&step, edge);
	return store_run(s, &step, 1);
}

static void take_lease(struct store_step *step, void *out)
{
	struct store_lease *lease = out;

	store_take_id(step, lease->edge);
	lease->epoch = (uint64_t)store_take_int(step);
	lease->is_live = store_take_bool(step);
}

enum err store_lease_list(struct store *s, struct arena *arena, struct store_lease **out,
			  size_t *count, uint64_t *epoch)
{
	static const struct store_statement list = {
		"lease_list",
		"SELECT edge, epoch, renewed_at + lease_ms * interval '1 ms' > clock_timestamp() "
		"FROM edge_lease ORDER BY edge LIMIT 1000"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	store_batch_add(&batch, &read_epoch, NULL);
	store_batch_add(&batch, &list, arena);
	TRY(store_batch_run(s, &batch));
	TRY(take_epoch(&batch.steps[0], epoch));
	*out = store_all(&batch.steps[1], count, sizeof **out, take_lease);
	return OK;
}

enum err store_epoch_listen(struct store *s)
{
	static const struct store_statement listen = {"epoch_listen", "LISTEN sallyport_epoch"};
	AUTO(store_step_clear) struct store_step step = {.statement = &listen};

	return store_run(s, &step, 1);
}

/* Notices that came, all of them: what they say is that there is something to read. */
static bool take_notices(struct store *s)
{
	bool heard = false;

	for (PGnotify *notice; (notice = PQnotifies(s->connection)) != NULL; heard = true)
		PQfreemem(notice);
	return heard;
}

enum err store_epoch_wait(struct store *s, int wake_fd, int timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

	if (!s->connection)
		return failure(ERR_UNAVAILABLE, "the connection to the database is lost");
	while (!take_notices(s)) { /* one may have come with an answer */
		struct pollfd polled[] = {{.fd = PQsocket(s->connection), .events = POLLIN},
					  {.fd = wake_fd, .events = POLLIN}};
		int64_t left_ms = deadline_ms - clock_monotonic_ms();

		if (left_ms <= 0)
			return OK;
		if (poll(polled, 2, (int)left_ms) < 0 && errno != EINTR)
			return failure_errno("cannot wait for the database");
		if (polled[1].revents)
			return OK;
		if (polled[0].revents && !PQconsumeInput(s->connection))
			return store_refused(s, NULL);
	}
	return OK;
}
