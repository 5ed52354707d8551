/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/transfers.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "gateway/porter/blobs.h"

/* An open file, shared by the transfers that read it. */
struct source {
	struct source *next;
	uint64_t handle;
	uint8_t blob[BLOBS_ID];
	int fd;
	uint64_t size;
	struct age_payload *payload; /* NULL: the sealed bytes themselves */
	unsigned transfers;
};

struct transfer {
	uint64_t id;
	uint32_t ring;
	struct source *source;
	uint64_t first, end;
	unsigned users; /* fills under way */
	bool is_closed; /* out of the table; its last user frees it */
};

struct transfers {
	int store;
	pthread_mutex_t lock; /* of all below */
	struct source *sources;
	struct transfer *slots[TRANSFERS_MAX]; /* at id % TRANSFERS_MAX */
	uint64_t last_id;
	uint32_t last_ring;
	uint32_t rings[ROLE_MAX_INDEX]; /* of each edge; 0: none */
};

struct transfers *transfers_new(int store)
{
	struct transfers *t = calloc(1, sizeof *t);

	assert(t);
	t->store = store;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void free_source(struct source *source)
{
	if (!source)
		return;
	age_payload_free(source->payload);
	file_close(&source->fd);
	free(source);
}

/* Under the lock. */
static void let_go_of_source(struct transfers *t, struct source *source)
{
	struct source **link = &t->sources;

	if (--source->transfers)
		return;
	while (*link != source)
		link = &(*link)->next;
	*link = source->next;
	free_source(source);
}

/* Under the lock: out of the table; freed now or by its last user. */
static void close_slot(struct transfers *t, struct transfer **slot)
{
	struct transfer *r = *slot;

	*slot = NULL;
	r->is_closed = true;
	if (r->users)
		return;
	let_go_of_source(t, r->source);
	free(r);
}

static void close_all_of(struct transfers *t, uint32_t ring)
{
	for (size_t i = 0; i < TRANSFERS_MAX; i++)
		if (t->slots[i] && t->slots[i]->ring == ring)
			close_slot(t, &t->slots[i]);
}

void transfers_free(struct transfers *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < TRANSFERS_MAX; i++)
		if (t->slots[i])
			close_slot(t, &t->slots[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

uint32_t transfers_begin_ring(struct transfers *t, unsigned edge)
{
	uint32_t ring;

	assert(edge < ROLE_MAX_INDEX);
	pthread_mutex_lock(&t->lock);
	if (t->rings[edge])
		close_all_of(t, t->rings[edge]);
	ring = t->rings[edge] = ++t->last_ring;
	pthread_mutex_unlock(&t->lock);
	return ring;
}

void transfers_end_ring(struct transfers *t, uint32_t ring)
{
	pthread_mutex_lock(&t->lock);
	for (unsigned edge = 0; edge < ROLE_MAX_INDEX; edge++)
		if (t->rings[edge] == ring)
			t->rings[edge] = 0;
	close_all_of(t, ring);
	pthread_mutex_unlock(&t->lock);
}

/* Under the lock. The ring may have ended while the file was being opened. */
static enum err add(uint64_t *id, struct transfers *t, unsigned edge, struct source *source,
		    uint64_t first, uint64_t length)
{
	struct transfer *r;

	if (!t->rings[edge])
		return failure(ERR_UNAVAILABLE, "there is no ring to this edge");
	for (unsigned i = 0; i < TRANSFERS_MAX; i++)
		if (!t->slots[++t->last_id % TRANSFERS_MAX])
			break;
	if (t->slots[t->last_id % TRANSFERS_MAX])
		return failure(ERR_UNAVAILABLE, "busy: %d transfers are open", TRANSFERS_MAX);
	r = calloc(1, sizeof *r);
	assert(r);
	*r = (struct transfer){.id = t->last_id,
			       .ring = t->rings[edge],
			       .source = source,
			       .first = first,
			       .end = first + length};
	source->transfers++;
	t->slots[r->id % TRANSFERS_MAX] = r;
	*id = r->id;
	return OK;
}

/* A new source joins the list with its first transfer, or is freed. */
static enum err add_with_source(uint64_t *id, struct transfers *t, unsigned edge,
				struct source *source, uint64_t first, uint64_t length)
{
	enum err result;

	pthread_mutex_lock(&t->lock);
	result = add(id, t, edge, source, first, length);
	if (result == OK) {
		source->next = t->sources;
		t->sources = source;
	}
	pthread_mutex_unlock(&t->lock);
	if (result != OK)
		free_source(source);
	return result;
}

static enum err open_source(struct source **out, int store, const uint8_t blob[BLOBS_ID])
{
	struct source *source;
	uint64_t size;
	int fd;

	TRY(blobs_open(&fd, &size, store, blob));
	source = calloc(1, sizeof *source);
	assert(source);
	*source = (struct source){.fd = fd, .size = size};
	memcpy(source->blob, blob, BLOBS_ID);
	*out = source;
	return OK;
}

static enum err open_payload(struct source *source, const struct secret *file_key,
			     const struct wire_porter_open *ask)
{
	if (source->size != age_sealed_size(ask->plain_size))
		return failure(ERR_FORGED, "the sealed file has %llu bytes instead of %llu",
			       (unsigned long long)source->size,
			       (unsigned long long)age_sealed_size(ask->plain_size));
	source->handle = ask->handle;
	return age_payload_open(&source->payload, file_key, source->fd, source->size);
}

/* Under the lock. What has the handle was opened with its key. */
static struct source *find_source(struct transfers *t, const struct wire_porter_open *ask)
{
	struct source *source = t->sources;

	while (source && !(source->payload && source->handle == ask->handle &&
			   memcmp(source->blob, ask->blob, BLOBS_ID) == 0 &&
			   age_payload_size(source->payload) == ask->plain_size))
		source = source->next;
	return source;
}

enum err transfers_open(struct wire_porter_opened *out, struct transfers *t, unsigned edge,
			const struct secret *file_key, const struct wire_porter_open *ask)
{
	struct source *source;
	enum err result = OK;

	if (ask->plain_size > AGE_PLAIN_MAX || ask->offset > ask->plain_size ||
	    ask->length > ask->plain_size - ask->offset)
		return failure(ERR_LIMIT, "a range that is not in its file of %llu bytes",
			       (unsigned long long)ask->plain_size);
	out->size = ask->plain_size;
	pthread_mutex_lock(&t->lock);
	source = find_source(t, ask);
	if (source)
		result = add(&out->transfer, t, edge, source, ask->offset, ask->length);
	pthread_mutex_unlock(&t->lock);
	if (source)
		return result;
	TRY(open_source(&source, t->store, ask->blob));
	result = open_payload(source, file_key, ask);
	if (result != OK) {
		free_source(source);
		return result;
	}
	return add_with_source(&out->transfer, t, edge, source, ask->offset, ask->length);
}

enum err transfers_copy(struct wire_porter_copied *out, struct transfers *t, unsigned edge,
			const struct wire_porter_copy *ask)
{
	struct source *source;

	TRY(open_source(&source, t->store, ask->blob));
	out->size = source->size;
	return add_with_source(&out->transfer, t, edge, source, 0, source->size);
}

/* Under the lock. */
static struct transfer **find(struct transfers *t, uint32_t ring, uint64_t id)
{
	struct transfer **slot = &t->slots[id % TRANSFERS_MAX];

	return *slot && (*slot)->id == id && (*slot)->ring == ring ? slot : NULL;
}

void transfers_close(struct transfers *t, uint32_t ring, uint64_t id)
{
	struct transfer **slot;

	pthread_mutex_lock(&t->lock);
	slot = find(t, ring, id);
	if (slot)
		close_slot(t, slot);
	pthread_mutex_unlock(&t->lock);
}

struct transfer *transfers_use(struct transfers *t, uint32_t ring, uint64_t id)
{
	struct transfer **slot, *r = NULL;

	pthread_mutex_lock(&t->lock);
	slot = find(t, ring, id);
	if (slot) {
		r = *slot;
		r->users++;
	}
	pthread_mutex_unlock(&t->lock);
	return r;
}

bool transfer_covers(const struct transfer *r, uint64_t offset, size_t size)
{
	return offset >= r->first && offset <= r->end && size <= r->end - offset;
}

enum err transfer_read(const struct transfer *r, struct age_reader *reader, uint8_t *out,
		       uint64_t offset, size_t size)
{
	if (r->source->payload)
		return age_payload_read(r->source->payload, reader, out, offset, size);
	return file_read_at(r->source->fd, out, size, offset);
}

void transfers_release(struct transfers *t, struct transfer *r)
{
	pthread_mutex_lock(&t->lock);
	if (--r->users == 0 && r->is_closed) {
		let_go_of_source(t, r->source);
		free(r);
	}
	pthread_mutex_unlock(&t->lock);
}
