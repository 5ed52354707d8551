/* SPDX-License-Identifier: Apache-2.0 */
/* Weights that several threads bring to their places, some rows of them each. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "crypto/base/buf.h"
#include "inference/format/widen.h"
#include "inference/model/loader.h"
#include "inference/model/region.h"
#include "tests/unit/inference/bytes.h"

enum {
	ROWS = 4101, /* of 8 KiB in F16: four stretches and some odd rows */
	COLUMNS = 4096,
	MOST = 48 << 20,
};

/* One tensor in one file. */
struct scene {
	struct model_files files;
	struct weight_source source;
	struct buf file;
	size_t begin;    /* of the tensor in it */
	uint64_t broken; /* reads that come over this byte fail; 0: none */
	struct weights *weights;
	struct config config;
	pthread_t caller;
	atomic_uint lent;    /* threads */
	atomic_uint by_more; /* reads by others than the caller */
	bool lends;          /* its first read lends more, and waits for who comes */
};

static void lend_more(struct scene *s)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};

	atomic_store(&s->lent, 2);
	for (int i = 0; i < 20000 && atomic_load(&s->by_more) == 0; i++)
		nanosleep(&pause, NULL);
}

static enum err read_broken(struct weight_source *source, void *out, size_t size, uint64_t offset)
{
	struct scene *s = source->context;

	if (s->broken > 0 && s->broken >= offset && s->broken < offset + size)
		return failure(ERR_FORGED, "chunk 77 does not verify");
	if (!pthread_equal(pthread_self(), s->caller))
		atomic_fetch_add(&s->by_more, 1);
	else if (s->lends && offset >= s->begin)
		lend_more(s);
	memcpy(out, s->file.data + offset, size);
	return OK;
}

static enum err find_one(struct model_files *files, const char *name, struct weight_source **out)
{
	struct scene *s = files->context;

	*out = &s->source;
	return strcmp(name, "model.safetensors") == 0 ? OK : failure(ERR_NOT_FOUND, "none");
}

/* Any numbers, none of them infinite. */
static uint16_t number_at(size_t i)
{
	return (uint16_t)(0x2c00 + i * 40503u % 0x0fff);
}

static void put_number(struct scene *s, size_t i, uint16_t bits)
{
	memcpy(s->file.data + s->begin + 2 * i, &bits, sizeof bits);
}

static void scene_open(struct scene *s, size_t rows, size_t columns)
{
	char head[256];
	uint64_t size;

	*s = (struct scene){
		.file = buf_new(MOST), .config = {.head_size = 1}, .caller = pthread_self()};
	size = (uint64_t)snprintf(head, sizeof head,
				  "{\"w\":{\"dtype\":\"F16\",\"shape\":[%zu,%zu],"
				  "\"data_offsets\":[0,%zu]}}",
				  rows, columns, rows * columns * 2);
	buf_write(&s->file, slice_of(&size, sizeof size));
	buf_write(&s->file, slice_of(head, (size_t)size));
	s->begin = s->file.size;
	(void)buf_reserve(&s->file, rows * columns * 2);
	buf_commit(&s->file, rows * columns * 2);
	for (size_t i = 0; i < rows * columns; i++)
		put_number(s, i, number_at(i));
	s->source = (struct weight_source){read_broken, s->file.size, s, true};
	s->files = (struct model_files){.find = find_one, .context = s};
	assert_ok(weights_open(&s->weights, &s->files));
}

static void scene_close(struct scene *s)
{
	weights_free(s->weights);
	buf_free(&s->file);
}

/* Into `to`, whose room is new. */
static enum err load(struct scene *s, struct packed *to, struct region *room,
		     enum family_layout layout, unsigned threads)
{
	AUTO(pool_auto) struct pool *pool = NULL;
	AUTO(loader_auto) struct loader *loader = loader_new();
	const struct tensor *t = weights_find(s->weights, "w");
	struct place_matrix m = {.tensor = t, .layout = layout, .parts = {to}, .count = 1};
	size_t bytes = packed_bytes(to->type, to->rows, to->columns);

	assert_ok(pool_new(&pool, threads));
	assert_ok(region_open_as(room, REGION_SMALL_FIRST, region_round(bytes), false));
	to->data = region_take(room, bytes);
	loader_add_matrix(loader, &m);
	return loader_run(loader, &(struct loader_options){.weights = s->weights,
							   .config = &s->config,
							   .pool = pool,
							   .lent = &s->lent,
							   .room = place_room(t, layout)});
}

static void rows_come_to_their_places_on_any_number_of_threads(void **state)
{
	static float row[COLUMNS];
	static struct scene s;

	(void)state;
	scene_open(&s, ROWS, COLUMNS);
	for (unsigned threads = 1; threads <= 5; threads += 2) {
		AUTO(region_close) struct region room = {0};
		struct packed w = {.type = PACKED_F16, .rows = ROWS, .columns = COLUMNS};

		assert_ok(load(&s, &w, &room, FAMILY_PLAIN, threads));
		for (size_t i = 0; i < ROWS; i++) {
			packed_row(&w, i, row);
			for (size_t j = 0; j < COLUMNS; j++)
				assert_true(row[j] == widen_f16(number_at(i * COLUMNS + j)));
		}
	}
	scene_close(&s);
}

/* A file's row is a column; blocks of 32 of them are made of what lies in as many rows. */
static void turned_matrices_are_the_same_on_any_number_of_threads(void **state)
{
	enum { INPUTS = 2560, OUTPUTS = 2005 };
	static struct scene s;
	static const enum packed_type types[] = {PACKED_F16, PACKED_Q8_0};

	(void)state;
	scene_open(&s, INPUTS, OUTPUTS);
	for (size_t i = 0; i < 2; i++) {
		AUTO(region_close) struct region one_room = {0};
		AUTO(region_close) struct region room = {0};
		struct packed one = {.type = types[i], .rows = OUTPUTS, .columns = INPUTS};
		struct packed many = one;

		assert_ok(load(&s, &one, &one_room, FAMILY_TRANSPOSED, 1));
		assert_ok(load(&s, &many, &room, FAMILY_TRANSPOSED, 4));
		assert_memory_equal(one.data, many.data, packed_bytes(types[i], OUTPUTS, INPUTS));
	}
	scene_close(&s);
}

static void what_is_broken_in_the_middle_is_refused_by_the_tensors_name(void **state)
{
	static struct scene s;

	(void)state;
	scene_open(&s, ROWS, COLUMNS);
	s.broken = s.begin + 20 * 1000 * 1000;
	for (unsigned threads = 1; threads <= 4; threads++) {
		AUTO(region_close) struct region room = {0};
		struct packed w = {.type = PACKED_F16, .rows = ROWS, .columns = COLUMNS};

		assert_err(load(&s, &w, &room, FAMILY_PLAIN, threads), ERR_FORGED);
		assert_string_equal(failure_text(),
				    "weights: tensor \"w\": chunk 77 does not verify");
	}
	scene_close(&s);
}

/* Whoever finds one first: the file's first one is what is said. */
static void the_first_of_several_bad_numbers_is_reported(void **state)
{
	static struct scene s;

	(void)state;
	scene_open(&s, ROWS, COLUMNS);
	put_number(&s, 9000000, 0x7e00);
	put_number(&s, 9000001, 0x7c00);
	put_number(&s, 14000000, 0xfc00);
	for (unsigned threads = 1; threads <= 4; threads++) {
		AUTO(region_close) struct region room = {0};
		struct packed w = {.type = PACKED_F16, .rows = ROWS, .columns = COLUMNS};

		assert_err(load(&s, &w, &room, FAMILY_PLAIN, threads), ERR_FORMAT);
		assert_non_null(strstr(failure_text(), "\"w\""));
		assert_non_null(strstr(failure_text(), "element 9000000"));
	}
	scene_close(&s);
}

static void threads_load_on_the_cores_that_are_lent(void **state)
{
	static struct scene s;

	(void)state;
	scene_open(&s, ROWS, COLUMNS);
	for (unsigned i = 0; i < 2; i++) {
		AUTO(region_close) struct region room = {0};
		struct packed w = {.type = PACKED_F16, .rows = ROWS, .columns = COLUMNS};

		atomic_store(&s.lent, 1);
		s.lends = i > 0;
		assert_ok(load(&s, &w, &room, FAMILY_PLAIN, 3));
		if (i == 0)
			assert_int_equal(atomic_load(&s.by_more), 0);
		else
			assert_true(atomic_load(&s.by_more) > 0);
	}
	scene_close(&s);
}

static void sources_for_one_thread_are_read_by_the_caller(void **state)
{
	AUTO(region_close) struct region room = {0};
	static float row[64];
	static struct scene s;
	struct packed w = {.type = PACKED_F16, .rows = 70, .columns = 64};

	(void)state;
	scene_open(&s, 70, 64);
	s.source.is_shared = false;
	assert_false(weights_are_shared(s.weights));
	assert_ok(load(&s, &w, &room, FAMILY_PLAIN, 4));
	packed_row(&w, 69, row);
	assert_true(row[63] == widen_f16(number_at(70 * 64 - 1)));
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_to_their_places_on_any_number_of_threads),
		cmocka_unit_test(turned_matrices_are_the_same_on_any_number_of_threads),
		cmocka_unit_test(what_is_broken_in_the_middle_is_refused_by_the_tensors_name),
		cmocka_unit_test(the_first_of_several_bad_numbers_is_reported),
		cmocka_unit_test(threads_load_on_the_cores_that_are_lent),
		cmocka_unit_test(sources_for_one_thread_are_read_by_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
