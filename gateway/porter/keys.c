/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/keys.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "schema/wire/keeper.h"

struct key {
	struct key *next;
	uint64_t handle;
	struct secret *secret;
	int64_t put_ms;
	unsigned users;
	bool dropped; /* no longer in the table; freed by its last user */
};

struct keys {
	pthread_mutex_t lock;
	struct key *first;
	size_t count;
};

struct keys *keys_new(void)
{
	struct keys *k = calloc(1, sizeof *k);

	assert(k);
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

static void free_key(struct key *key)
{
	secret_free(key->secret);
	free(key);
}

/* Out of the table; freed now or by its last user. The lock is held. */
static void unlink_key(struct keys *k, struct key **link)
{
	struct key *key = *link;

	*link = key->next;
	k->count--;
	key->dropped = true;
	if (key->users == 0)
		free_key(key);
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	while (k->first)
		unlink_key(k, &k->first);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static struct key **find_link(struct keys *k, uint64_t handle)
{
	struct key **link = &k->first;

	while (*link && (*link)->handle != handle)
		link = &(*link)->next;
	return link;
}

static bool is_over(const struct key *key, int64_t now_ms)
{
	return now_ms - key->put_ms > KEYS_LIFE_MS;
}

static void add_key(struct keys *k, uint64_t handle, struct secret *file_key, int64_t now_ms)
{
	struct key *key = calloc(1, sizeof *key);

	assert(key);
	*key = (struct key){.next = k->first, .handle = handle, .secret = file_key};
	key->put_ms = now_ms;
	k->first = key;
	k->count++;
}

enum err keys_put(struct keys *k, uint64_t handle, struct secret *file_key, int64_t now_ms)
{
	struct key **link;
	bool full;

	pthread_mutex_lock(&k->lock);
	link = find_link(k, handle);
	if (*link)
		unlink_key(k, link);
	full = k->count == KEYS_MAX;
	if (!full)
		add_key(k, handle, file_key, now_ms);
	pthread_mutex_unlock(&k->lock);
	if (!full)
		return OK;
	secret_free(file_key);
	return failure(ERR_LIMIT, "more than %d keys at once", KEYS_MAX);
}

enum err keys_take(struct keys *k, uint64_t *handle, struct slice body, int64_t now_ms)
{
	struct secret *key = NULL;
	struct wire_handle_key message;
	enum err result = wire_read_handle_key(&message, body);

	if (result == OK)
		result = secret_from(&key, message.key, sizeof message.key);
	*handle = message.handle;
	secret_wipe(&message, sizeof message);
	secret_wipe((void *)(uintptr_t)body.data, body.size);
	TRY(result);
	return keys_put(k, *handle, key, now_ms);
}

struct key *keys_use(struct keys *k, uint64_t handle, int64_t now_ms)
{
	struct key *key;

	pthread_mutex_lock(&k->lock);
	key = *find_link(k, handle);
	if (key && is_over(key, now_ms))
		key = NULL;
	if (key)
		key->users++;
	pthread_mutex_unlock(&k->lock);
	return key;
}

const struct secret *key_secret(const struct key *key)
{
	return key->secret;
}

void keys_release(struct keys *k, struct key *key)
{
	pthread_mutex_lock(&k->lock);
	key->users--;
	if (key->dropped && key->users == 0)
		free_key(key);
	pthread_mutex_unlock(&k->lock);
}

void keys_drop(struct keys *k, uint64_t handle)
{
	struct key **link;

	pthread_mutex_lock(&k->lock);
	link = find_link(k, handle);
	if (*link)
		unlink_key(k, link);
	pthread_mutex_unlock(&k->lock);
}

void keys_drop_old(struct keys *k, int64_t now_ms)
{
	struct key **link = &k->first;

	pthread_mutex_lock(&k->lock);
	while (*link) {
		if (is_over(*link, now_ms))
			unlink_key(k, link);
		else
			link = &(*link)->next;
	}
	pthread_mutex_unlock(&k->lock);
}

size_t keys_count(struct keys *k)
{
	size_t count;

	pthread_mutex_lock(&k->lock);
	count = k->count;
	pthread_mutex_unlock(&k->lock);
	return count;
}
