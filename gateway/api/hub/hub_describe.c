/* SPDX-License-Identifier: Apache-2.0 */
/* Files, models and commits in the Hub's own words (research/access-and-hub.md 1.3, 1.4). */
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/infer/able.h"
#include "policy/open_paths.h"

enum { POINTER_SIZE = 134 }; /* of an LFS pointer file: clients want the number */

static const char mask[] = "****************************************************************";

static struct slice oid_of(struct arena *arena, const struct store_file *file, bool masked)
{
	return slice_of_string(masked ? mask + 24
				      : api_hex(arena, slice_of(file->git_sha1, STORE_GIT_SHA1)));
}

/* Trees call the digest "oid", siblings call it "sha256". */
static json_t *lfs_of(struct arena *arena, const struct store_file *file, const char *name,
		      bool masked)
{
	json_t *lfs = json_object_new();

	json_put_text(lfs, name,
		      slice_of_string(masked ? mask : api_hex(arena, slice_of(file->sha256, 32))));
	json_put_int(lfs, "size", (int64_t)file->size);
	json_put_int(lfs, "pointerSize", POINTER_SIZE);
	return lfs;
}

json_t *hub_describe_file(struct arena *arena, const struct store_file *file, bool masked)
{
	json_t *entry = json_object_new();

	json_put_text(entry, "type", S("file"));
	json_put_text(entry, "oid", oid_of(arena, file, masked));
	json_put_int(entry, "size", (int64_t)file->size);
	json_put_text(entry, "path", file->path);
	if (file->is_large)
		json_put(entry, "lfs", lfs_of(arena, file, "oid", masked));
	return entry;
}

json_t *hub_describe_folder(struct slice path)
{
	json_t *entry = json_object_new();

	json_put_text(entry, "type", S("directory"));
	json_put_text(entry, "oid", S("0000000000000000000000000000000000000000"));
	json_put_int(entry, "size", 0);
	json_put_text(entry, "path", path);
	return entry;
}

json_t *hub_describe_sibling(struct arena *arena, const struct store_file *file, bool blobs,
			     bool masked)
{
	json_t *one = json_object_new();

	json_put_text(one, "rfilename", file->path);
	if (!blobs)
		return one;
	json_put_int(one, "size", (int64_t)file->size);
	json_put_text(one, "blobId", oid_of(arena, file, masked));
	if (file->is_large)
		json_put(one, "lfs", lfs_of(arena, file, "sha256", masked));
	return one;
}

json_t *hub_describe_commit(struct arena *arena, const struct store_commit *commit)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", commit->id);
	json_put_text(one, "title", commit->title);
	json_put_text(one, "date", slice_of_string(api_time(arena, commit->created_ms)));
	return one;
}

/* The Hub knows false, "auto" and "manual"; what is open to any signed-in person is not gated
 * in its words. */
static json_t *gated_of(const struct store_model *m)
{
	if (slice_equal(m->gate, S("manual")) || slice_equal(m->gate, S("auto")))
		return json_stringn((const char *)m->gate.data, m->gate.size);
	return json_false();
}

json_t *hub_describe_open_paths(struct slice list)
{
	json_t *array = json_array_new();
	struct slice pattern;

	while (open_paths_next(&pattern, &list))
		json_push_text(array, pattern);
	return array;
}

static const char *terms_of(struct arena *arena, const struct store_model *m)
{
	return api_hex(arena, slice_of(m->terms_sha256, STORE_SHA256));
}

/* Of the revision that is shown: may we run it, and under what digest is its manifest logged? */
struct running_part {
	bool runnable;
	struct slice reason;
	const uint8_t *manifest;
	struct slice tasks;
	const struct store_revision *revision; /* NULL: main's, in a list */
};

static json_t *text_or_null(struct slice text)
{
	return text.size ? json_stringn((const char *)text.data, text.size) : json_null();
}

/* A GGUF file is taken at its word until an engine has looked at it. */
static struct slice state_of(const struct running_part *r)
{
	if (!r->runnable)
		return S("no");
	return r->tasks.size ? S("yes") : S("checking");
}

/* What the Hub has no word for. */
static json_t *own_part(struct arena *arena, const struct store_model *m,
			const struct running_part *r)
{
	json_t *own = json_object_new();

	json_put_text(own, "state", m->state);
	json_put_text(own, "gate", m->gate);
	json_put_bool(own, "hidden", m->hidden);
	json_put_bool(own, "allow_pickle", m->allow_pickle);
	json_put(own, "open_paths", hub_describe_open_paths(m->open_paths));
	json_put(own, "terms_sha256", m->has_terms ? json_string(terms_of(arena, m)) : json_null());
	json_put_bool(own, "inference", r->runnable);
	json_put_text(own, "inference_state", state_of(r));
	json_put(own, "tasks", able_list(r->tasks));
	if (r->revision) {
		json_put_bool(own, "chat_template", r->revision->has_template);
		json_put(own, "chat", text_or_null(r->revision->chat));
	}
	json_put(own, "inference_reason", text_or_null(r->reason));
	json_put_text(own, "manifest_sha256",
		      slice_of_string(api_hex(arena, slice_of(r->manifest, 32))));
	return own;
}

/* Where a person reads the terms before asking. */
static json_t *card_of(struct arena *arena, const char *external_url, const struct store_model *m)
{
	json_t *card = json_object_new();

	json_put_text(card, "license", S("other"));
	if (m->has_terms)
		json_put_text(card, "extra_gated_prompt",
			      slice_of_string(arena_printf(
				      arena, "Access is licensed. The terms: %s/api/v1/terms/%s",
				      external_url, terms_of(arena, m))));
	return card;
}

/* The Hub's word for what a model is for in the first place. */
static struct slice pipeline_of(struct slice tasks)
{
	if (!tasks.size || able_has(tasks, "generate")) /* most that do not say so yet do */
		return S("text-generation");
	if (able_has(tasks, "classify"))
		return S("text-classification");
	return able_has(tasks, "fill-mask") ? S("fill-mask") : S("feature-extraction");
}

json_t *hub_describe_model(struct arena *arena, const char *external_url,
			   const struct store_model *m, const struct store_revision *revision)
{
	struct running_part running = {m->runnable, m->runnable_reason, m->manifest_sha256,
				       m->tasks, NULL};
	json_t *info = json_object_new();

	if (revision)
		running = (struct running_part){revision->runnable, revision->runnable_reason,
						revision->manifest_sha256, revision->tasks,
						revision};
	else if (m->main.size == 0)
		running.reason = S("no revision yet");
	json_put_text(info, "_id", slice_of_string(api_hex(arena, slice_of(m->id, 12))));
	json_put_text(info, "id", m->name);
	json_put_text(info, "modelId", m->name);
	json_put_bool(info, "private", m->hidden);
	json_put(info, "gated", gated_of(m));
	json_put_bool(info, "disabled", !slice_equal(m->state, S("active")));
	json_put_int(info, "downloads", 0);
	json_put_int(info, "likes", 0);
	json_put(info, "tags", json_array_new());
	if (running.runnable) { /* of the rest we do not know what it is for */
		json_put_text(info, "pipeline_tag", pipeline_of(running.tasks));
		json_put_text(info, "library_name", S("transformers"));
	}
	json_put_text(info, "createdAt", slice_of_string(api_time(arena, m->created_ms)));
	json_put_text(
		info, "lastModified",
		slice_of_string(api_time(arena, revision ? revision->created_ms : m->changed_ms)));
	json_put(info, "cardData", card_of(arena, external_url, m));
	json_put(info, "sallyport", own_part(arena, m, &running));
	return info;
}
