/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK = 16 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t capacity;
	alignas(max_align_t) uint8_t data[];
};

static struct arena_block *block_new(struct arena_block *next, size_t capacity)
{
	struct arena_block *block = malloc(sizeof *block + capacity);

	assert(block);
	block->next = next;
	block->used = 0;
	block->capacity = capacity;
	return block;
}

void arena_begin(struct arena *a, size_t size)
{
	assert(!a->blocks && size <= SIZE_MAX - sizeof(struct arena_block));
	a->blocks = block_new(NULL, size);
}

size_t arena_used(const struct arena *a)
{
	size_t used = 0;

	for (const struct arena_block *block = a->blocks; block; block = block->next)
		used += block->used;
	return used;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	void *p;

	assert(size <= SIZE_MAX - align - sizeof(struct arena_block));
	size = (size + align - 1) / align * align;
	if (!a->blocks || size > a->blocks->capacity - a->blocks->used)
		a->blocks = block_new(a->blocks, size > ARENA_BLOCK ? size : ARENA_BLOCK);
	p = a->blocks->data + a->blocks->used;
	a->blocks->used += size;
	return memset(p, 0, size);
}

char *arena_string(struct arena *a, struct slice text)
{
	char *copy = arena_alloc(a, text.size + 1);

	if (text.size)
		memcpy(copy, text.data, text.size);
	return copy;
}

struct slice arena_copy(struct arena *a, struct slice bytes)
{
	return slice_of(arena_string(a, bytes), bytes.size);
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	int size;
	char *text;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(size >= 0);
	text = arena_alloc(a, (size_t)size + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)size + 1, format, args);
	va_end(args);
	return text;
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = NULL;

	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		if (!kept && a->blocks->capacity == ARENA_BLOCK)
			kept = a->blocks;
		else
			free(a->blocks);
		a->blocks = next;
	}
	if (!kept)
		return;
	kept->next = NULL;
	kept->used = 0;
	a->blocks = kept;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
}
