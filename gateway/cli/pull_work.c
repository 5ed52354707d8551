/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull_work.h"

#include <stdio.h>

#include "gateway/cli/pull.h"

typedef enum err work_fn(struct pull_work *w, struct pull_line *line);

/* A thread's connection and what it does with it. */
struct worker {
	struct pull_work *work;
	work_fn *run;
	pthread_t thread;
};

static void lock(struct pull_work *w)
{
	pthread_mutex_lock(&w->shared.lock);
}

static void unlock(struct pull_work *w)
{
	pthread_mutex_unlock(&w->shared.lock);
}

static void note_failure(struct pull_work *w, enum err result, const struct client *client)
{
	lock(w);
	if (w->result == OK) {
		w->result = result;
		snprintf(w->why, sizeof w->why, "%s", failure_text());
		if (client)
			client_take_problem(w->client, client);
	}
	atomic_store(&w->shared.is_stopped, true);
	pthread_cond_broadcast(&w->shared.changed);
	unlock(w);
}

static void *worker_main(void *context)
{
	const struct worker *one = context;
	struct pull_line line = {.shared = &one->work->shared};
	enum err result = client_clone(&line.client, one->work->client);

	if (result == OK)
		result = one->run(one->work, &line);
	if (result != OK)
		note_failure(one->work, result, line.client);
	client_free(line.client);
	arena_free(&line.arena);
	return NULL;
}

static enum err run_all(struct pull_work *w, work_fn *run)
{
	struct worker workers[PULL_MAX_JOBS];
	size_t count = 0;

	for (; count < w->jobs; count++) {
		workers[count] = (struct worker){.work = w, .run = run};
		if (pthread_create(&workers[count].thread, NULL, worker_main, &workers[count]) != 0)
			break;
	}
	if (count == 0)
		return failure(ERR_INTERNAL, "no thread can be started");
	for (size_t i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	return w->result == OK ? OK : failure(w->result, "%s", w->why);
}

static enum err look_at_items(struct pull_work *w, struct pull_line *line)
{
	for (;;) {
		struct pull_item *item = NULL;

		lock(w);
		if (w->result == OK && w->next < w->count)
			item = &w->items[w->next++];
		unlock(w);
		if (!item)
			return OK;
		TRY(pull_item_look(line, item));
	}
}

enum err pull_work_look(struct pull_work *w)
{
	w->next = 0;
	return run_all(w, look_at_items);
}

static bool is_over(const struct pull_item *item)
{
	return item->state == PULL_THERE || item->state == PULL_READY;
}

/* A piece that waits for a connection. Under the lock. */
static bool claim_of(struct pull_item *item, size_t *index)
{
	for (size_t i = 0; i < item->map.count; i++)
		if (!item->claimed[i] && !pull_map_is_done(&item->map, i)) {
			item->claimed[i] = true;
			*index = i;
			return true;
		}
	return false;
}

/* Can the next piece in order be hashed, or the whole be checked, and does nobody do it? */
static bool can_hash(const struct pull_item *item)
{
	return item->state == PULL_OPEN && !item->is_hashing &&
	       (item->hashed == item->map.count || pull_map_is_done(&item->map, item->hashed));
}

/* What there is to do now, hashing before fetching: it is what the end waits for. NULL with
 * *wait: others are at the last of it. Under the lock. */
static struct pull_item *find_work(struct pull_work *w, bool *hash, size_t *index, bool *wait)
{
	while (w->first_open < w->count && is_over(&w->items[w->first_open]))
		w->first_open++;
	*wait = false;
	for (size_t i = w->first_open; i < w->count; i++) {
		struct pull_item *item = &w->items[i];

		if (is_over(item))
			continue;
		*wait = true;
		if (item->state == PULL_MISSING) {
			*hash = !claim_of(item, index); /* empty, or an earlier run has it all */
			return item;
		}
		*hash = can_hash(item);
		if (*hash || claim_of(item, index))
			return item;
	}
	return NULL;
}

/* Entered and left under the lock. */
static enum err end_item(struct pull_work *w, struct pull_item *item)
{
	bool good, again;
	enum err result;

	unlock(w);
	result = pull_item_finish(item, &good);
	lock(w);
	TRY(result);
	if (good) {
		item->state = PULL_READY;
		progress_file(&w->shared.progress, item->file->path, item->file->size);
		return OK;
	}
	TRY(pull_item_reject(item, &again));
	w->shared.progress.total += item->file->size;
	return OK;
}

/* Pieces in order, as far as they are whole. Entered and left under the lock. */
static enum err hash_item(struct pull_work *w, struct pull_line *line, struct pull_item *item)
{
	enum err result = OK;

	item->is_hashing = true;
	while (result == OK && item->hashed < item->map.count &&
	       pull_map_is_done(&item->map, item->hashed)) {
		unlock(w);
		result = pull_item_hash(line, item, item->hashed);
		lock(w);
		item->hashed += result == OK;
	}
	if (result == OK && item->hashed == item->map.count)
		result = end_item(w, item);
	item->is_hashing = false;
	pthread_cond_broadcast(&w->shared.changed);
	return result;
}

static enum err fetch_piece(struct pull_work *w, struct pull_line *line, struct pull_item *item,
			    size_t index)
{
	enum err result = OK;

	unlock(w);
	result = pull_item_fetch(line, item, index);
	lock(w);
	pthread_cond_broadcast(&w->shared.changed);
	return result;
}

/* Under the lock, but for the waiting and the moving of bytes. */
static enum err do_work(struct pull_work *w, struct pull_line *line)
{
	enum err result = OK;

	while (result == OK && w->result == OK) {
		size_t index = 0;
		bool hash, wait;
		struct pull_item *item = find_work(w, &hash, &index, &wait);

		if (!item && !wait)
			break;
		if (!item) {
			pthread_cond_wait(&w->shared.changed, &w->shared.lock);
			continue;
		}
		if (item->state == PULL_MISSING)
			result = pull_item_open(&w->shared, item);
		if (result == OK && hash)
			result = hash_item(w, line, item);
		else if (result == OK)
			result = fetch_piece(w, line, item, index);
	}
	return result;
}

static enum err fetch_pieces(struct pull_work *w, struct pull_line *line)
{
	enum err result;

	lock(w);
	result = do_work(w, line);
	unlock(w);
	return result;
}

enum err pull_work_fetch(struct pull_work *w)
{
	w->first_open = 0;
	return run_all(w, fetch_pieces);
}
