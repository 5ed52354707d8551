/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <sodium.h>

#include "crypto/random.h"

struct secret {
	uint8_t *bytes; /* sodium_malloc: guard pages, mlock, MADV_DONTDUMP, wiped by sodium_free */
	size_t size;
};

enum err secret_new(struct secret **out, size_t size)
{
	struct secret *s;

	if (size == 0 || size > SECRET_MAX)
		return failure(ERR_LIMIT, "secret: %zu bytes, 1 to %d are possible", size,
			       SECRET_MAX);
	assert(sodium_init() >= 0);
	s = calloc(1, sizeof *s);
	assert(s);
	s->bytes = sodium_malloc(size);
	if (!s->bytes) {
		free(s);
		return failure_errno("secret: no protected memory for %zu bytes", size);
	}
	s->size = size;
	sodium_memzero(s->bytes, size);
	*out = s;
	return OK;
}

enum err secret_random(struct secret **out, size_t size)
{
	TRY(secret_new(out, size));
	random_bytes((*out)->bytes, size);
	return OK;
}

enum err secret_from(struct secret **out, void *bytes, size_t size)
{
	enum err result = secret_new(out, size);

	if (result == OK)
		memcpy((*out)->bytes, bytes, size);
	sodium_memzero(bytes, size);
	return result;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	sodium_free(s->bytes);
	free(s);
}

uint8_t *secret_bytes(struct secret *s)
{
	return s->bytes;
}

struct slice secret_slice(const struct secret *s)
{
	return slice_of(s->bytes, s->size);
}

size_t secret_size(const struct secret *s)
{
	return s->size;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->size == b->size && sodium_memcmp(a->bytes, b->bytes, a->size) == 0;
}

bool secret_can_lock(size_t size)
{
	void *page = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool locked;

	if (page == MAP_FAILED)
		return false;
	locked = mlock(page, size) == 0;
	munmap(page, size);
	return locked;
}

void secret_wipe(void *bytes, size_t size)
{
	sodium_memzero(bytes, size);
}
