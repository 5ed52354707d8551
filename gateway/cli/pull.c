/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/api/commit.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/pull_file.h"

enum { PULL_MAX_MANIFEST = 16 * 1024 * 1024 };

/* A pull under way. */
struct pull {
	struct pull_shared shared;
	struct arena *arena;
	struct client *client;
	const char *manifest; /* SHA-256 of it, as hexadecimal digits */
	struct tree tree;
	struct pull_item *items;
	pthread_mutex_t lock; /* of what follows */
	size_t next;
	enum err result; /* the first that was not OK, and its text */
	char why[FAILURE_MAX_TEXT];
};

/* A branch may move meanwhile: everything is fetched from the commit it names now. */
static enum err resolve_revision(struct pull *p, const char *revision)
{
	AUTO(json_auto) json_t *info = NULL;
	const json_t *ours;
	struct slice sha, manifest;

	TRY(client_call(p->client, &info, "GET",
			arena_printf(p->arena, "/api/models/%s/revision/%s", p->shared.model,
				     client_encode(p->arena, slice_of_string(revision))),
			NULL));
	TRY(json_get_text(&sha, info, "sha"));
	TRY(json_get_object(&ours, info, "sallyport"));
	TRY(json_get_text(&manifest, ours, "manifest_sha256"));
	p->shared.revision = client_encode(p->arena, sha);
	p->manifest = arena_string(p->arena, manifest);
	return OK;
}

static enum err read_tree(struct pull *p)
{
	AUTO(json_auto) json_t *list = NULL;

	TRY(client_list(p->client, &list,
			arena_printf(p->arena, "/api/models/%s/tree/%s?recursive=true",
				     p->shared.model, p->shared.revision)));
	TRY(tree_read(&p->tree, p->arena, list));
	if (!p->tree.is_masked)
		return OK;
	TRY(client_call(p->client, NULL, "GET",
			arena_printf(p->arena, "/api/models/%s/auth-check", p->shared.model),
			NULL));
	return failure(ERR_CONFLICT, "the license came into force just now; pull again");
}

static enum err open_directory(struct pull *p, const char *dir)
{
	TRY(file_make_directory(AT_FDCWD, dir, 0755));
	TRY(file_open_directory(&p->shared.dir, AT_FDCWD, dir));
	if (flock(p->shared.dir, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (errno == EWOULDBLOCK)
		return failure(ERR_CONFLICT, "another pull is under way in \"%s\"", dir);
	return failure_errno("\"%s\" cannot be locked", dir);
}

static void note_failure(struct pull *p, enum err result)
{
	pthread_mutex_lock(&p->lock);
	if (p->result == OK) {
		p->result = result;
		snprintf(p->why, sizeof p->why, "%s", failure_text());
	}
	pthread_mutex_unlock(&p->lock);
	atomic_store(&p->shared.is_stopped, true);
}

static struct pull_item *next_item(struct pull *p)
{
	struct pull_item *item = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->result == OK && p->next < p->tree.count)
		item = &p->items[p->next++];
	pthread_mutex_unlock(&p->lock);
	return item;
}

static void run_line(struct pull *p, struct pull_line *line)
{
	struct pull_item *item = next_item(p);

	for (; item; item = next_item(p)) {
		enum err result = pull_file_fetch(line, item);

		if (result != OK) {
			note_failure(p, result);
			return;
		}
	}
}

static void *line_main(void *context)
{
	struct pull *p = context;
	struct pull_line line = {.shared = &p->shared};
	enum err result = client_clone(&line.client, p->client);

	if (result == OK)
		run_line(p, &line);
	else
		note_failure(p, result);
	client_free(line.client);
	arena_free(&line.arena);
	return NULL;
}

static enum err fetch_all(struct pull *p, size_t jobs)
{
	pthread_t threads[PULL_MAX_JOBS];
	size_t count = 0;

	p->items = arena_alloc(p->arena, (p->tree.count + 1) * sizeof *p->items);
	for (size_t i = 0; i < p->tree.count; i++)
		pull_item_init(&p->items[i], &p->tree.files[i]);
	while (count < jobs && pthread_create(&threads[count], NULL, line_main, p) == 0)
		count++;
	if (count == 0)
		return failure(ERR_INTERNAL, "no thread can be started");
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return p->result == OK ? OK : failure(p->result, "%s", p->why);
}

/* What was fetched, against the one number that the log holds of the revision. */
static enum err check_manifest(struct pull *p)
{
	AUTO(buf_free) struct buf text = buf_new(PULL_MAX_MANIFEST);
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct commit_file *files = arena_alloc(p->arena, (p->tree.count + 1) * sizeof *files);
	struct digest digest;

	for (size_t i = 0; i < p->tree.count; i++)
		files[i] = (struct commit_file){slice_of_string(p->tree.files[i].path),
						p->tree.files[i].size, p->items[i].sha256};
	TRY(commit_write_manifest(&text, files, p->tree.count));
	TRY(buf_done(&text));
	digest = digest_of(buf_slice(&text));
	text_write_hex(&hex, digest_slice(&digest));
	if (!slice_equal(buf_slice(&hex), slice_of_string(p->manifest)))
		return failure(ERR_FORGED,
			       "the files are not those of the revision's manifest (%s); "
			       "none of them got its name. Tell the administrator",
			       p->manifest);
	return OK;
}

static enum err make_parents(struct pull *p, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return OK;
	return file_make_directory(p->shared.dir,
				   arena_string(p->arena, slice_of(path, (size_t)(slash - path))),
				   0755);
}

static enum err give_names(struct pull *p, size_t *given)
{
	int dir = p->shared.dir;

	for (size_t i = 0; i < p->tree.count; i++) {
		const char *path = p->items[i].file->path;

		if (p->items[i].is_there)
			continue;
		TRY(make_parents(p, path));
		if (renameat(dir, p->items[i].part, dir, path) != 0)
			return failure_errno("\"%s\" cannot get its name", path);
		++*given;
	}
	return fsync(dir) == 0 ? OK : failure_errno("the directory cannot be kept");
}

static void list_auto(DIR **list)
{
	if (*list)
		closedir(*list);
}

/* Parts of a revision that nobody asks for any more. */
static void remove_old_parts(const struct pull *p)
{
	int copy = openat(p->shared.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(list_auto) DIR *list = copy < 0 ? NULL : fdopendir(copy);

	for (const struct dirent *e = list ? readdir(list) : NULL; e; e = readdir(list))
		if (slice_starts_with(slice_of_string(e->d_name), S(TREE_PART_PREFIX)))
			unlinkat(p->shared.dir, e->d_name, 0);
}

static void pull_clear(struct pull *p)
{
	file_close(&p->shared.dir);
	pthread_mutex_destroy(&p->shared.lock);
	pthread_mutex_destroy(&p->lock);
}

enum err pull_run(struct pull_done *out, struct arena *arena, struct client *c,
		  const struct pull_plan *plan)
{
	AUTO(pull_clear)
	struct pull p = {.shared = {.dir = -1, .lock = PTHREAD_MUTEX_INITIALIZER},
			 .arena = arena,
			 .client = c,
			 .lock = PTHREAD_MUTEX_INITIALIZER};

	*out = (struct pull_done){.revision = NULL};
	p.shared.model = client_encode_path(arena, slice_of_string(plan->model));
	TRY(resolve_revision(&p, plan->revision));
	TRY(read_tree(&p));
	TRY(open_directory(&p, plan->dir));
	p.shared.progress = progress_begin(arena_printf(arena, "pulling %s", plan->model),
					   p.tree.bytes);
	TRY(fetch_all(&p, plan->jobs));
	progress_end(&p.shared.progress);
	TRY(check_manifest(&p));
	TRY(give_names(&p, &out->fetched));
	remove_old_parts(&p);
	out->revision = p.shared.revision;
	out->files = p.tree.count;
	out->bytes = p.shared.received;
	return OK;
}

enum err command_pull(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	const char *revision = arguments_value(&cli->arguments, "revision");
	struct pull_plan plan = {.model = cli_word(cli, 0),
				 .revision = revision ? revision : "main",
				 .dir = cli_word(cli, 1)};
	uint64_t jobs = PULL_JOBS;
	struct pull_done done;
	struct client *c;

	TRY(arguments_number(&jobs, &cli->arguments, "jobs", PULL_MAX_JOBS));
	if (jobs == 0)
		return cli_usage(cli, "--jobs 0: a number from 1 to %d is expected", PULL_MAX_JOBS);
	plan.jobs = (size_t)jobs;
	TRY(cli_client(&c, cli));
	TRY(pull_run(&done, &cli->arena, c, &plan));
	json_put_text(answer, "revision", slice_of_string(done.revision));
	json_put_int(answer, "files", (int64_t)done.files);
	json_put_int(answer, "fetched", (int64_t)done.fetched);
	json_put_int(answer, "bytes", (int64_t)done.bytes);
	return output_done(cli, answer,
			   "revision %s: %zu files are there and checked; %zu fetched, %llu bytes",
			   done.revision, done.files, done.fetched, (unsigned long long)done.bytes);
}
