/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wiping_free.c - free() and realloc() of this process wipe what they give back. Prompts, answers
 * and the ids of their tokens pass through buffers of many modules and of libraries (jansson,
 * PCRE2, utf8proc); none of them knows that their text was a secret. A definition in the program
 * goes before glibc's, for all libraries; weights lie in regions, which wipe themselves.
 *
 * Builds with a sanitizer have a free() of their own, and leave this file out.
 */
#define _GNU_SOURCE /* explicit_bzero */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void __libc_free(void *memory); /* glibc's own name for what stands behind free */

void free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	__libc_free(memory);
}

/* What has to move is copied by us, since glibc would leave the old place as it was. */
void *realloc(void *memory, size_t size)
{
	size_t had = memory ? malloc_usable_size(memory) : 0;
	void *moved;

	if (memory && size <= had && size >= had / 2 && size > 0)
		return memory;
	moved = malloc(size);
	if (!moved)
		return NULL;
	if (memory)
		memcpy(moved, memory, had < size ? had : size);
	free(memory);
	return moved;
}
