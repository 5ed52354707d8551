/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyring.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/keyring_file.h"
#include "crypto/random.h"

struct keyring {
	int dir;
	char path[KEYRING_PATH_MAX];
	struct secret *root; /* of the file: derived from the root key */
	struct keyring_content content;
};

enum err keyring_create(int dir, const char *path, const struct secret *root, struct slice escrow)
{
	AUTO(keyring_content_clear) struct keyring_content fresh = {0};
	AUTO(secret_auto) struct secret *file_root = NULL;
	AUTO(buf_free) struct buf sealed = buf_new(KEYRING_FILE_MAX);

	TRY(keyring_content_set_escrow(&fresh, escrow));
	for (size_t i = 0; i < KEYRING_SIGNERS; i++)
		TRY(sign_key_random(&fresh.signers[i]));
	TRY(keyring_file_root(&file_root, root));
	TRY(keyring_file_seal(&sealed, &fresh, file_root));
	return file_write_new(dir, path, buf_slice(&sealed), 0600);
}

enum err keyring_open(struct keyring **out, int dir, const char *path, const struct secret *root)
{
	AUTO(keyring_auto) struct keyring *k = calloc(1, sizeof *k);
	AUTO(buf_free) struct buf sealed = buf_new(KEYRING_FILE_MAX);

	assert(k);
	if (strlen(path) >= sizeof k->path)
		return failure(ERR_LIMIT, "keyring: a path of more than %zu bytes", sizeof k->path);
	snprintf(k->path, sizeof k->path, "%s", path);
	k->dir = dir;
	TRY(keyring_file_root(&k->root, root));
	TRY(file_read(&sealed, dir, path));
	TRY(keyring_file_open(&k->content, buf_slice(&sealed), k->root));
	*out = k;
	k = NULL; /* given away */
	return OK;
}

void keyring_free(struct keyring *k)
{
	if (!k)
		return;
	keyring_content_clear(&k->content);
	secret_free(k->root);
	free(k);
}

static enum err save(const struct keyring *k, const struct keyring_content *content)
{
	AUTO(buf_free) struct buf sealed = buf_new(KEYRING_FILE_MAX);

	TRY(keyring_file_seal(&sealed, content, k->root));
	return file_write_atomic(k->dir, k->path, buf_slice(&sealed), 0600);
}

const struct sign_key *keyring_token_key(const struct keyring *k)
{
	return k->content.signers[KEYRING_TOKEN];
}

const struct sign_key *keyring_license_key(const struct keyring *k)
{
	return k->content.signers[KEYRING_LICENSE];
}

const struct sign_key *keyring_log_key(const struct keyring *k)
{
	return k->content.signers[KEYRING_LOG];
}

struct slice keyring_escrow(const struct keyring *k)
{
	return slice_of_string(k->content.escrow);
}

enum err keyring_set_escrow(struct keyring *k, struct slice recipient)
{
	struct keyring_content changed = k->content; /* shares the keys; lives shortly */

	TRY(keyring_content_set_escrow(&changed, recipient));
	TRY(save(k, &changed));
	memcpy(k->content.escrow, changed.escrow, sizeof changed.escrow);
	return OK;
}

static struct keyring_kek view(const struct keyring_entry *e)
{
	return (struct keyring_kek){.id = slice_of_string(e->id),
				    .model = slice_of_string(e->model),
				    .epoch = e->epoch,
				    .key = e->key};
}

static const struct keyring_entry *newest(const struct keyring *k, struct slice model)
{
	const struct keyring_entry *found = NULL;

	for (size_t i = 0; i < k->content.entry_count; i++) {
		const struct keyring_entry *e = k->content.entries[i];

		if (slice_equal(model, slice_of_string(e->model)) &&
		    (!found || e->epoch > found->epoch))
			found = e;
	}
	return found;
}

static enum err make_entry(struct keyring_entry **out, struct slice model, uint32_t epoch)
{
	AUTO(keyring_entry_auto) struct keyring_entry *e = calloc(1, sizeof *e);
	uint64_t number;

	assert(e);
	if (model.size > KEYRING_MODEL_MAX || slice_find(model, '\0') != model.size)
		return failure(ERR_LIMIT, "keyring: a model's name has at most %d bytes",
			       KEYRING_MODEL_MAX);
	random_bytes(&number, sizeof number);
	snprintf(e->id, sizeof e->id, "k%016llx", (unsigned long long)number);
	if (model.size)
		memcpy(e->model, model.data, model.size);
	e->epoch = epoch;
	TRY(secret_random(&e->key, AGE_KEK));
	*out = e;
	e = NULL; /* given away */
	return OK;
}

enum err keyring_rotate(struct keyring_kek *out, struct keyring *k, struct slice model)
{
	AUTO(keyring_entry_auto) struct keyring_entry *e = NULL;
	const struct keyring_entry *before = newest(k, model);
	struct keyring_content *content = &k->content;
	enum err result;

	if (content->entry_count == KEYRING_KEKS_MAX)
		return failure(ERR_LIMIT, "keyring: it holds %d keys; shred models that are gone",
			       KEYRING_KEKS_MAX);
	TRY(make_entry(&e, model, before ? before->epoch + 1 : 1));
	content->entries[content->entry_count++] = e;
	result = save(k, content);
	if (result != OK) {
		content->entries[--content->entry_count] = NULL;
		return result;
	}
	*out = view(e);
	e = NULL; /* given away */
	return OK;
}

enum err keyring_kek(struct keyring_kek *out, struct keyring *k, struct slice model)
{
	const struct keyring_entry *e = newest(k, model);

	if (!e)
		return keyring_rotate(out, k, model);
	*out = view(e);
	return OK;
}

enum err keyring_kek_find(struct keyring_kek *out, const struct keyring *k, struct slice id)
{
	for (size_t i = 0; i < k->content.entry_count; i++) {
		if (!slice_equal(id, slice_of_string(k->content.entries[i]->id)))
			continue;
		*out = view(k->content.entries[i]);
		return OK;
	}
	return failure(ERR_NOT_FOUND, "keyring: key \"%.*s\" is not here; was its model shredded?",
		       id.size < AGE_KEK_ID_MAX ? (int)id.size : AGE_KEK_ID_MAX,
		       (const char *)id.data);
}

/* Of the model, or of something of it: no model's own name has a colon. */
static bool belongs_to(const struct keyring_entry *e, struct slice model)
{
	struct slice name = slice_of_string(e->model);

	return slice_equal(name, model) ||
	       (model.size && slice_starts_with(name, model) && name.data[model.size] == ':');
}

/* The file without them comes first: a key is gone from memory only if it is gone from disk. */
enum err keyring_shred(struct keyring *k, struct slice model, size_t *count)
{
	struct keyring_content *content = &k->content;
	struct keyring_content *rest = calloc(1, sizeof *rest);
	struct keyring_content *gone = calloc(1, sizeof *gone);
	enum err result;

	assert(rest && gone);
	*rest = *content;
	rest->entry_count = 0;
	for (size_t i = 0; i < content->entry_count; i++) {
		struct keyring_entry *e = content->entries[i];
		struct keyring_content *to = belongs_to(e, model) ? gone : rest;

		to->entries[to->entry_count++] = e;
	}
	result = gone->entry_count ? save(k, rest)
				   : failure(ERR_NOT_FOUND, "keyring: no key of model \"%.*s\"",
					     SLICE_PRINT(model));
	if (result == OK) {
		if (count)
			*count = gone->entry_count;
		*content = *rest;
		keyring_content_clear(gone);
	}
	free(rest);
	free(gone);
	return result;
}
