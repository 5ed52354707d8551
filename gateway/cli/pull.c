/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "gateway/cli/interrupt.h"
#include "gateway/cli/pull_place.h"
#include "gateway/cli/pull_proof.h"
#include "gateway/cli/pull_work.h"

enum { PULL_NAMED = 5 /* files that a refusal names */ };

/* A pull under way. */
struct pull {
	struct pull_work work;
	const struct pull_plan *plan;
	struct arena *arena;
	struct tree tree;
	json_t *record;
	struct pull_done *done;
};

/* A branch may move meanwhile: everything is fetched from the commit it names now. */
static enum err resolve_revision(struct pull *p)
{
	AUTO(json_auto) json_t *info = NULL;
	struct slice sha;

	TRY(client_call(p->work.client, &info, "GET",
			arena_printf(p->arena, "/api/models/%s/revision/%s", p->work.shared.model,
				     client_encode(p->arena, slice_of_string(p->plan->revision))),
			NULL));
	TRY(json_get_text(&sha, info, "sha"));
	p->work.shared.revision = client_encode(p->arena, sha);
	p->done->revision = p->work.shared.revision;
	return OK;
}

static enum err read_tree(struct pull *p)
{
	AUTO(json_auto) json_t *list = NULL;
	const char *model = p->work.shared.model;

	TRY(client_list(p->work.client, &list,
			arena_printf(p->arena, "/api/models/%s/tree/%s?recursive=true", model,
				     p->work.shared.revision)));
	TRY(tree_read(&p->tree, p->arena, list));
	if (!p->tree.is_masked)
		return OK;
	TRY(client_call(p->work.client, NULL, "GET",
			arena_printf(p->arena, "/api/models/%s/auth-check", model), NULL));
	return failure(ERR_CONFLICT, "the license came into force just now; pull again");
}

static enum err check_log(struct pull *p)
{
	struct pull_proof proof = {.model = p->plan->model,
				   .revision = p->work.shared.revision,
				   .vkey = p->plan->vkey};

	TRY(pull_proof_check(&proof, &p->tree, p->arena, p->work.client));
	p->done->log_index = proof.index;
	p->done->log_size = proof.size;
	p->done->log_key = proof.key;
	p->done->is_first_sight = proof.is_first;
	return OK;
}

/* --include and --exclude, after the log was asked about all of them. */
static enum err choose(struct pull *p)
{
	const struct pull_plan *plan = p->plan;
	size_t kept = 0;

	for (size_t i = 0; i < p->tree.count; i++) {
		const char *path = p->tree.files[i].path;

		if ((plan->include_count == 0 ||
		     tree_matches(path, plan->include, plan->include_count)) &&
		    !tree_matches(path, plan->exclude, plan->exclude_count))
			p->tree.files[kept++] = p->tree.files[i];
	}
	p->done->left_out = p->tree.count - kept;
	p->tree.count = kept;
	if (kept || p->done->left_out == 0)
		return OK;
	return failure(ERR_NOT_FOUND,
		       "none of the revision's %zu files is chosen by --include and "
		       "--exclude",
		       p->done->left_out);
}

static enum err open_directory(struct pull *p)
{
	const char *dir = p->plan->dir;

	TRY(file_make_directory(AT_FDCWD, dir, 0755));
	TRY(file_open_directory(&p->work.shared.dir, AT_FDCWD, dir));
	if (flock(p->work.shared.dir, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			       ? failure(ERR_CONFLICT, "another pull is under way in \"%s\"", dir)
			       : failure_errno("\"%s\" cannot be locked", dir);
	TRY(place_record_read(&p->record, p->work.shared.dir));
	p->work.shared.record = p->record;
	return OK;
}

/* Files that no pull has put there, or that were changed since: they are somebody's. */
static enum err check_foreign(struct pull *p)
{
	AUTO(buf_free) struct buf names = buf_new(FAILURE_MAX_TEXT);
	size_t count = 0;

	for (size_t i = 0; i < p->work.count && !p->plan->force; i++) {
		if (!p->work.items[i].is_foreign)
			continue;
		if (count++ < PULL_NAMED)
			buf_printf(&names, "%s\"%.60s\"", count > 1 ? ", " : "",
				   p->work.items[i].file->path);
	}
	if (count == 0)
		return OK;
	return failure(ERR_CONFLICT,
		       "%zu of the files that are in the directory are not the revision's, and no "
		       "pull put them there as they are now: %s%s. Nothing was downloaded. Move "
		       "them away, or replace them with --force",
		       count, buf_string(&names), count > PULL_NAMED ? ", ..." : "");
}

/* What is to come, and whether there is room for it. */
static enum err measure(struct pull *p)
{
	uint64_t missing = 0, room = place_free_bytes(p->work.shared.dir);
	char need[PROGRESS_AMOUNT], have[PROGRESS_AMOUNT];

	for (size_t i = 0; i < p->work.count; i++)
		if (p->work.items[i].state == PULL_MISSING)
			missing += pull_item_missing(&p->work.shared, &p->work.items[i]);
	p->work.shared.progress = progress_begin(
		arena_printf(p->arena, "pulling %s", p->plan->model), missing);
	if (missing <= room)
		return OK;
	progress_amount(need, (double)missing);
	progress_amount(have, (double)room);
	return failure(ERR_IO, "%s are still to come, and \"%s\" has room for %s", need,
		       p->plan->dir, have);
}

static enum err look(struct pull *p)
{
	p->work.count = p->tree.count;
	p->work.items = arena_alloc(p->arena, (p->tree.count + 1) * sizeof *p->work.items);
	for (size_t i = 0; i < p->tree.count; i++)
		pull_item_init(&p->work.items[i], &p->tree.files[i]);
	TRY(pull_work_look(&p->work));
	TRY(check_foreign(p));
	return measure(p);
}

/* Both what is replaced and what replaces it are ours: a pull may be killed between two names. */
static enum err announce_names(struct pull *p)
{
	for (size_t i = 0; i < p->work.count; i++)
		place_record_add(p->record, p->work.items[i].file->path, &p->work.items[i].sha256);
	return place_record_write(p->work.shared.dir, p->record);
}

static enum err give_name(struct pull *p, const struct pull_item *item)
{
	AUTO(file_close) int parent = -1;
	const char *name;

	TRY(place_parent(&parent, &name, p->work.shared.dir, item->file->path, true));
	if (renameat(p->work.shared.dir, item->part, parent, name) != 0)
		return failure_errno("\"%s\" cannot get its name", item->file->path);
	if (fsync(parent) != 0)
		return failure_errno("the directory of \"%s\" cannot be kept", item->file->path);
	return OK;
}

static enum err give_names(struct pull *p)
{
	TRY(announce_names(p));
	for (size_t i = 0; i < p->work.count; i++) {
		struct pull_item *item = &p->work.items[i];

		if (item->state == PULL_READY) {
			TRY(give_name(p, item));
			p->done->fetched++;
		}
		json_object_del(p->record, item->file->path);
		place_record_add(p->record, item->file->path, &item->sha256);
	}
	return place_record_write(p->work.shared.dir, p->record);
}

static void list_auto(DIR **list)
{
	if (*list)
		closedir(*list);
}

/* Maps, and parts of a revision that nobody asks for any more. */
static void remove_old_parts(const struct pull *p)
{
	int copy = openat(p->work.shared.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(list_auto) DIR *list = copy < 0 ? NULL : fdopendir(copy);

	for (const struct dirent *e = list ? readdir(list) : NULL; e; e = readdir(list))
		if (slice_starts_with(slice_of_string(e->d_name), S(TREE_PART_PREFIX)))
			unlinkat(p->work.shared.dir, e->d_name, 0);
}

static void pull_clear(struct pull *p)
{
	for (size_t i = 0; i < p->work.count; i++)
		pull_item_clear(&p->work.items[i]);
	json_free(p->record);
	file_close(&p->work.shared.dir);
	pthread_mutex_destroy(&p->work.shared.lock);
	pthread_cond_destroy(&p->work.shared.changed);
}

/* Ctrl-C: what came is kept, and how to go on is said. */
static enum err fetch(struct pull *p)
{
	enum err result = pull_work_fetch(&p->work);
	uint64_t left = p->work.shared.progress.total - p->work.shared.progress.done;
	char amount[PROGRESS_AMOUNT];

	progress_end(&p->work.shared.progress);
	p->done->retries = p->work.shared.retries;
	p->done->bytes = p->work.shared.received;
	if (result == OK || !interrupt_came())
		return result;
	progress_amount(amount, (double)left);
	return failure(ERR_CLOSED,
		       "interrupted; what came is kept, %s are missing. To go on: sallyport pull "
		       "%s %s",
		       amount, p->plan->model, p->plan->dir);
}

enum err pull_run(struct pull_done *out, struct arena *arena, struct client *c,
		  const struct pull_plan *plan)
{
	AUTO(pull_clear)
	struct pull p = {.work = {.shared = {.dir = -1,
					     .model = client_encode_path(
						     arena, slice_of_string(plan->model)),
					     .limit_rate = plan->limit_rate / plan->jobs,
					     .lock = PTHREAD_MUTEX_INITIALIZER,
					     .changed = PTHREAD_COND_INITIALIZER,
					     .interrupted = interrupt_came},
				  .client = c,
				  .jobs = plan->jobs},
			 .plan = plan,
			 .arena = arena,
			 .done = out};
	int64_t began_ms = clock_monotonic_ms();

	*out = (struct pull_done){.revision = NULL};
	interrupt_catch();
	client_stop_when(c, interrupt_came);
	TRY(resolve_revision(&p));
	TRY(read_tree(&p));
	TRY(check_log(&p));
	TRY(choose(&p));
	TRY(open_directory(&p));
	TRY(look(&p));
	TRY(fetch(&p));
	TRY(give_names(&p));
	remove_old_parts(&p);
	out->files = p.work.count;
	out->milliseconds = clock_monotonic_ms() - began_ms;
	return OK;
}
