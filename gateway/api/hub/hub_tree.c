/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a revision has: tree and paths-info (research/access-and-hub.md 1.4). Everyone may
 * see the names; what only the licensed may read has its digests masked.
 */
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/http/url.h"

enum {
	TREE_PAGE = 1000,
	TREE_EXPANDED_PAGE = 50,
	TREE_EXPANDED_MOST = 100,
	PATHS_MOST = 1000, /* of one question */
};

/* A listing under way. Everything lives in the exchange's arena. */
struct tree {
	struct exchange *x;
	struct route_context *context;
	struct store_model model;
	struct store_revision revision;
	struct hub_sight sight;
	struct store_file *files; /* all of the revision, in byte order of their paths */
	size_t count;
	bool expand; /* with lastCommit */
};

/* An item of a listing: a file, or a folder (file NULL) that holds some. */
struct item {
	const struct store_file *file;
	struct slice path;
	struct slice key; /* its place in the order: a folder's ends with a slash */
};

static enum err load(struct tree *t)
{
	t->sight = hub_look(t->x, t->context, &t->model);
	return store_revision_files(t->context->store, exchange_arena(t->x), &t->files, &t->count,
				    t->model.id, t->revision.id);
}

/* Is the file below `folder` ("" is the root)? *item becomes what stands for it right there. */
static bool below(struct item *item, const struct store_file *file, struct slice folder,
		  bool recursive)
{
	struct slice path = file->path, child, tail;
	size_t from = folder.size ? folder.size + 1 : 0;

	if (folder.size && (!slice_starts_with(path, folder) || path.size <= folder.size ||
			    path.data[folder.size] != '/'))
		return false;
	*item = (struct item){.file = file, .path = path, .key = path};
	if (recursive || !slice_cut(slice_part(path, from, path.size), '/', &child, &tail))
		return true;
	*item = (struct item){.path = slice_of(path.data, from + child.size),
			      .key = slice_of(path.data, from + child.size + 1)};
	return true;
}

static bool is_after(struct slice key, struct slice last)
{
	size_t size = key.size < last.size ? key.size : last.size;
	int order = size ? memcmp(key.data, last.data, size) : 0;

	return order > 0 || (order == 0 && key.size > last.size);
}

/* The items of the page; *more: there are some behind it. A cursor is the key of the last item. */
static struct item *collect(const struct tree *t, struct slice folder, bool recursive,
			    const struct page *page, size_t *count, bool *more)
{
	struct item *items = arena_alloc(exchange_arena(t->x), (page->limit + 1) * sizeof *items);
	struct slice last = page->after;

	*count = 0;
	for (size_t i = 0; i < t->count && *count <= page->limit; i++) {
		struct item item;

		if (!below(&item, &t->files[i], folder, recursive) || !is_after(item.key, last))
			continue;
		items[(*count)++] = item;
		last = item.key;
	}
	*more = *count > page->limit;
	*count -= *more;
	return items;
}

static const struct store_commit *find_change(const struct store_commit *changes, size_t count,
					      struct slice path)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(changes[i].path, path))
			return &changes[i];
	return NULL;
}

/* Folders have none: what changed in them last is a question of their files. */
static enum err describe(json_t **out, const struct tree *t, const struct item *items, size_t count)
{
	struct arena *arena = exchange_arena(t->x);
	struct store_commit *changes = NULL;
	size_t change_count = 0;
	json_t *list;

	if (t->expand && count)
		TRY(store_last_changes(t->context->store, arena, &changes, &change_count,
				       t->model.id, t->revision.id, items[0].key,
				       items[count - 1].key));
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		const struct store_file *file = items[i].file;
		const struct store_commit *change = find_change(changes, change_count,
								items[i].path);
		json_t *one = file ? hub_describe_file(arena, file,
						       !hub_sees(&t->sight, file->path))
				   : hub_describe_folder(items[i].path);

		if (change && file)
			json_put(one, "lastCommit", hub_describe_commit(arena, change));
		json_push(list, one);
	}
	*out = list;
	return OK;
}

static void reply_tree(struct tree *t, struct slice folder, const struct page *page)
{
	json_t *list;
	size_t count;
	bool more;
	struct item *items = collect(t, folder, hub_is_true(t->x, "recursive"), page, &count,
				     &more);
	enum err result;

	exchange_header(t->x, "X-Repo-Commit", "%.*s", SLICE_PRINT(t->revision.id));
	/* Python's transformers asks for this folder at every start; an empty list is what all
	 * versions understand (research 1.4). */
	if (count == 0 && page->after.size == 0 && folder.size &&
	    !slice_equal(folder, S("additional_chat_templates"))) {
		reply_hub(t->x, 404, "EntryNotFound",
			  arena_printf(exchange_arena(t->x), "%.*s does not exist",
				       SLICE_PRINT(folder)));
		return;
	}
	result = describe(&list, t, items, count);
	if (result != OK) {
		reply_failure(t->x, result);
		return;
	}
	if (more)
		hub_link_next(t->x, t->context, items[count - 1].key);
	reply_json(t->x, 200, list);
}

void hub_tree(struct exchange *x, struct route_context *context)
{
	struct tree t = {.x = x, .context = context, .expand = hub_is_true(x, "expand")};
	struct page page;
	enum err result;

	if (!hub_find_model(&t.model, x, context) ||
	    !hub_find_revision(&t.revision, x, context, &t.model))
		return;
	result = page_read(&page, exchange_arena(x), exchange_request(x)->query,
			   t.expand ? TREE_EXPANDED_PAGE : TREE_PAGE,
			   t.expand ? TREE_EXPANDED_MOST : TREE_PAGE);
	if (result == OK)
		result = load(&t);
	if (result == OK)
		reply_tree(&t, exchange_param(x, "path"), &page);
	else
		reply_failure(x, result);
}

/* The paths somebody asks about. */
struct wanted {
	struct slice *paths;
	size_t count;
};

static enum err want(struct wanted *w, struct arena *arena, struct slice path)
{
	if (!w->paths)
		w->paths = arena_alloc(arena, PATHS_MOST * sizeof *w->paths);
	if (w->count == PATHS_MOST)
		return failure(ERR_FORMAT, "at most %d paths at a time", PATHS_MOST);
	while (slice_ends_with(path, S("/")))
		path.size--;
	w->paths[w->count++] = path;
	return OK;
}

/* What Python sends: paths=a&paths=b&expand=True. */
static enum err read_form(struct wanted *w, bool *expand, struct exchange *x)
{
	struct slice rest = exchange_body(x), name, value;
	bool failed = false;

	while (url_form_next(&rest, exchange_arena(x), &name, &value, &failed)) {
		if (slice_equal(name, S("paths")))
			TRY(want(w, exchange_arena(x), value));
		if (slice_equal(name, S("expand")))
			*expand = slice_equal_ignoring_case(value, S("true"));
	}
	return failed ? failure(ERR_FORMAT, "the form is badly encoded") : OK;
}

/* What JavaScript sends: {"paths":["a","b"],"expand":true}. */
static enum err read_json(struct wanted *w, bool *expand, struct exchange *x)
{
	AUTO(json_auto) json_t *body = NULL;
	const json_t *paths;

	TRY(json_read(&body, exchange_body(x), API_MAX_JSON));
	TRY(json_get_array(&paths, body, "paths"));
	TRY(json_get_bool_or(expand, body, "expand", false));
	for (size_t i = 0; i < json_array_size(paths); i++) {
		struct slice path;

		TRY(json_text_at(&path, paths, i));
		TRY(want(w, exchange_arena(x), arena_copy(exchange_arena(x), path)));
	}
	return OK;
}

static enum err read_wanted(struct wanted *w, bool *expand, struct exchange *x)
{
	struct slice type = http_header(exchange_request(x), "Content-Type"), rest;

	slice_cut(type, ';', &type, &rest);
	if (slice_equal_ignoring_case(slice_trim(type), S("application/x-www-form-urlencoded")))
		return read_form(w, expand, x);
	return read_json(w, expand, x);
}

static bool is_wanted(const struct wanted *w, struct slice path)
{
	for (size_t i = 0; i < w->count; i++)
		if (slice_equal(w->paths[i], path))
			return true;
	return false;
}

static bool is_folder(const struct tree *t, struct slice path)
{
	struct item item;

	for (size_t i = 0; i < t->count && path.size; i++)
		if (below(&item, &t->files[i], path, true))
			return true;
	return false;
}

/* Files in their order, then folders in that of the question. Paths that are not there are left
 * out, as on the Hub. */
static enum err find_wanted(json_t **out, const struct tree *t, const struct wanted *w)
{
	struct item *items = arena_alloc(exchange_arena(t->x),
					 (t->count + w->count + 1) * sizeof *items);
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++)
		if (is_wanted(w, t->files[i].path))
			items[count++] = (struct item){&t->files[i], t->files[i].path,
						       t->files[i].path};
	TRY(describe(out, t, items, count));
	for (size_t i = 0; i < w->count; i++)
		if (is_folder(t, w->paths[i]))
			json_push(*out, hub_describe_folder(w->paths[i]));
	return OK;
}

void hub_paths_info(struct exchange *x, struct route_context *context)
{
	struct tree t = {.x = x, .context = context};
	struct wanted wanted = {.count = 0};
	json_t *list;
	enum err result;

	if (!hub_find_model(&t.model, x, context) ||
	    !hub_find_revision(&t.revision, x, context, &t.model))
		return;
	result = read_wanted(&wanted, &t.expand, x);
	if (result == OK)
		result = load(&t);
	if (result == OK)
		result = find_wanted(&list, &t, &wanted);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "X-Repo-Commit", "%.*s", SLICE_PRINT(t.revision.id));
	reply_json(x, 200, list);
}
