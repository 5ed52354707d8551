/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine leaves in memory once it is closed: no weights, no text of a prompt or an answer,
 * no ids of its tokens. The test looks through all of its own memory; what it looks for it keeps
 * masked, or it would find its own copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/file.h"
#include "inference/engine.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/test.h"

enum {
	MASK = 0x5a,
	FILES = 3,
	PATTERN = 24,
	WORD = 8,
	TOKENS = 40,
	RANGES = 1024,
	RANGE_MAX = 1 << 30, /* larger ones are reserved, not used */
	MASKED_MAX = 16 << 20,
};

static const char *const names[FILES] = {"config.json", "tokenizer.json", "model.safetensors"};

struct masked {
	uint8_t bytes[PATTERN];
};

struct scene {
	struct model_files files;
	struct buf masked[FILES];
	struct weight_source sources[FILES];
	struct masked weights[2]; /* from the middle of the file, and further on */
	uint32_t ids[TOKENS];     /* masked */
	size_t count;
	struct buf text; /* masked */
};

static uint8_t unmasked(uint8_t byte)
{
	return byte ^ MASK;
}

static enum err read_masked(struct weight_source *source, void *out, size_t size, uint64_t offset)
{
	const struct buf *from = source->context;
	uint8_t *to = out;

	for (size_t i = 0; i < size; i++)
		to[i] = unmasked(from->data[offset + i]);
	return OK;
}

static enum err find_masked(struct model_files *files, const char *name, struct weight_source **out)
{
	struct scene *s = files->context;

	for (size_t i = 0; i < FILES; i++)
		if (strcmp(names[i], name) == 0) {
			*out = &s->sources[i];
			return OK;
		}
	return failure(ERR_NOT_FOUND, "no %s", name);
}

static const char *name_of(struct model_files *files, size_t i)
{
	(void)files;
	return i < FILES ? names[i] : NULL;
}

/* By system calls into one place: no buffer of a library keeps a copy. */
static void read_file_masked(struct buf *out, const char *path)
{
	*out = buf_new(MASKED_MAX);
	assert_ok(file_read(out, AT_FDCWD, path));
	for (size_t i = 0; i < out->size; i++)
		out->data[i] ^= MASK;
}

static bool scene_open(struct scene *s)
{
	char path[480];

	*s = (struct scene){.text = buf_new(4096)};
	for (size_t i = 0; i < FILES; i++) {
		char name[100];

		snprintf(name, sizeof name, "models/stories260K/%s", names[i]);
		if (!shared_path(path, sizeof path, name))
			return false;
		read_file_masked(&s->masked[i], path);
		s->sources[i] = (struct weight_source){read_masked, s->masked[i].size,
						       &s->masked[i], true};
	}
	for (size_t i = 0; i < 2; i++)
		memcpy(s->weights[i].bytes,
		       s->masked[2].data + (s->masked[2].size / 3 * (i + 1) & ~(size_t)3), PATTERN);
	s->files = (struct model_files){.find = find_masked, .context = s, .name_at = name_of};
	return true;
}

static void scene_close(struct scene *s)
{
	for (size_t i = 0; i < FILES; i++)
		buf_free(&s->masked[i]);
	buf_free(&s->text);
}

struct range {
	const uint8_t *from, *to;
};

/* What can be written to, and so may hold something that was written. */
static size_t list_ranges(struct range *out)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	size_t count = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps) && count < RANGES) {
		char *end;
		uintptr_t from = strtoul(line, &end, 16);
		uintptr_t to = strtoul(end + 1, &end, 16);

		if (end[1] == 'r' && end[2] == 'w' && to - from <= RANGE_MAX)
			out[count++] = (struct range){(const uint8_t *)from, (const uint8_t *)to};
	}
	fclose(maps);
	return count;
}

static bool holds(const struct range *r, const uint8_t *pattern, size_t size)
{
	const uint8_t first = unmasked(pattern[0]);
	const uint8_t *at = r->from;

	while ((size_t)(r->to - at) >= size) {
		size_t i = 1;

		at = memchr(at, first, (size_t)(r->to - at) - size + 1);
		if (!at)
			return false;
		while (i < size && at[i] == unmasked(pattern[i]))
			i++;
		if (i == size)
			return true;
		at++;
	}
	return false;
}

static bool memory_holds(const void *pattern, size_t size)
{
	static struct range ranges[RANGES];
	size_t count = list_ranges(ranges);

	for (size_t i = 0; i < count; i++)
		if (holds(&ranges[i], pattern, size))
			return true;
	return false;
}

/* As panels have it: what lies side by side in a file lies a column of sixteen outputs apart. */
static bool holds_panel(const struct range *r, const uint8_t *pattern)
{
	enum { STEP = 16 * sizeof(float), SPAN = STEP * (PATTERN / sizeof(float) - 1) };

	for (const uint8_t *at = r->from; (size_t)(r->to - at) >= SPAN + sizeof(float);
	     at += sizeof(float)) {
		size_t i = 0;

		while (i < PATTERN && at[i / 4 * STEP + i % 4] == unmasked(pattern[i]))
			i++;
		if (i == PATTERN)
			return true;
	}
	return false;
}

static bool memory_holds_weights(const struct masked *weights)
{
	static struct range ranges[RANGES];
	size_t count = list_ranges(ranges);

	for (size_t i = 0; i < count; i++)
		if (holds(&ranges[i], weights->bytes, PATTERN) ||
		    holds_panel(&ranges[i], weights->bytes))
			return true;
	return false;
}

static void on_event(void *context, const struct engine_event *event)
{
	struct scene *s = context;

	for (size_t i = 0; i < event->text.size; i++)
		buf_write_u8(&s->text, event->text.data[i] ^ MASK);
	if (event->sample && !event->sample->is_read && s->count < TOKENS)
		s->ids[s->count++] = event->sample->chosen.token ^ (MASK * 0x01010101U);
}

/* "Zanzibar quokkas yodel at dawn; marmots whistle." */
static const uint8_t prompt_masked[] = {
	'Z' ^ MASK, 'a' ^ MASK, 'n' ^ MASK, 'z' ^ MASK, 'i' ^ MASK, 'b' ^ MASK, 'a' ^ MASK,
	'r' ^ MASK, ' ' ^ MASK, 'q' ^ MASK, 'u' ^ MASK, 'o' ^ MASK, 'k' ^ MASK, 'k' ^ MASK,
	'a' ^ MASK, 's' ^ MASK, ' ' ^ MASK, 'y' ^ MASK, 'o' ^ MASK, 'd' ^ MASK, 'e' ^ MASK,
	'l' ^ MASK, ' ' ^ MASK, 'a' ^ MASK, 't' ^ MASK, ' ' ^ MASK, 'd' ^ MASK, 'a' ^ MASK,
	'w' ^ MASK, 'n' ^ MASK, ';' ^ MASK, ' ' ^ MASK, 'm' ^ MASK, 'a' ^ MASK, 'r' ^ MASK,
	'm' ^ MASK, 'o' ^ MASK, 't' ^ MASK, 's' ^ MASK, ' ' ^ MASK, 'w' ^ MASK, 'h' ^ MASK,
	'i' ^ MASK, 's' ^ MASK, 't' ^ MASK, 'l' ^ MASK, 'e' ^ MASK, '.' ^ MASK,
};

/* Of it: a tokenizer leaves words whole. */
enum { WORDS = 4 };
static const struct {
	size_t at, size;
} words[WORDS] = {{0, 8}, {9, 7}, {32, 7}, {40, 7}};

static void submit(struct scene *s, struct engine *engine)
{
	uint8_t prompt[sizeof prompt_masked];
	struct engine_request request = {.prompt = slice_of(prompt, sizeof prompt),
					 .max_tokens = TOKENS};

	(void)s;
	for (size_t i = 0; i < sizeof prompt; i++)
		prompt[i] = unmasked(prompt_masked[i]);
	for (size_t i = 0; i < WORDS; i++) /* the search finds what is there */
		assert_true(memory_holds(prompt_masked + words[i].at, words[i].size));
	request.sampling.top_p = 1;
	assert_ok(engine_submit(engine, 1, &request));
	explicit_bzero(prompt, sizeof prompt);
}

static void a_closed_engine_leaves_nothing(void **state)
{
	static struct scene s;
	struct engine_options options = {.memory_budget_bytes = 64 << 20, .threads = 2};
	struct engine *engine = NULL;
	size_t at;

	(void)state;
	if (!scene_open(&s))
		skip();
	assert_ok(engine_open(&engine, &s.files, &options));
	assert_true(memory_holds_weights(&s.weights[0])); /* where they are, they are found */
	submit(&s, engine);
	while (!engine_is_idle(engine))
		assert_ok(engine_step(engine, on_event, &s));
	assert_int_equal(s.count, TOKENS);
	engine_close(engine);
	for (size_t i = 0; i < 2; i++)
		assert_false(memory_holds_weights(&s.weights[i]));
	for (size_t i = 0; i < WORDS; i++)
		assert_false(memory_holds(prompt_masked + words[i].at, words[i].size));
	for (at = 0; at + WORD <= s.text.size; at += WORD)
		assert_false(memory_holds(s.text.data + at, WORD));
	for (at = 0; at + 8 <= s.count; at += 8)
		assert_false(memory_holds(&s.ids[at], 8 * sizeof s.ids[0]));
	scene_close(&s);
}

/* A load that ends in the middle: what it had read is gone as well. */
static enum err fail_late(struct weight_source *source, void *out, size_t size, uint64_t offset)
{
	if (offset > source->size / 8 * 7)
		return failure(ERR_FORGED, "the end of the file is not what it was");
	return read_masked(source, out, size, offset);
}

static void a_load_that_fails_leaves_nothing(void **state)
{
	static struct scene s;
	struct engine_options options = {.memory_budget_bytes = 64 << 20, .threads = 3};
	struct engine *engine = NULL;

	(void)state;
	if (!scene_open(&s))
		skip();
	s.sources[2].read = fail_late;
	assert_int_equal(engine_open(&engine, &s.files, &options), ERR_FORGED);
	assert_null(engine);
	for (size_t i = 0; i < 2; i++)
		assert_false(memory_holds_weights(&s.weights[i]));
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_engine_leaves_nothing),
		cmocka_unit_test(a_load_that_fails_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
