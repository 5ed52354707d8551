/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.h - the real sallyport-porter with a store of its own; this program is keeper and edge, and
 * has the edge's end of the ring.
 */
#ifndef TESTS_UNIT_GATEWAY_PORTER_SCENE_H
#define TESTS_UNIT_GATEWAY_PORTER_SCENE_H

#include "tests/unit/gateway/keeper/child.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include "crypto/age_stream.h"
#include "crypto/bulk.h"
#include "gateway/porter/blobs.h"
#include "schema/wire/keeper.h"
#include "schema/wire/porter.h"

enum { HANDLE = 5, PLAIN = 3 * AGE_CHUNK + 1000 };

struct scene {
	struct child child;
	struct channel edge;
	struct channel keeper;
	uint8_t plain[PLAIN];
	int store;
	struct channel ring;
	uint32_t segments;
	int pool_fd;
	const uint8_t *pool;
};

static inline void send_key(struct scene *s)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_handle_key message = {.handle = HANDLE, .key = {1, 2, 3}};

	wire_write_handle_key(&body, &message);
	child_send(&s->keeper, WIRE_HANDLE_KEY, 0, &body, -1);
	child_send(&s->keeper, WIRE_SEAL_KEY, 0, &body, -1);
}

/* A ring to the porter, in place of the one there was. */
static inline void ring_begin(struct scene *s)
{
	AUTO(buf_free) struct buf nothing = buf_new(1);
	struct wire_ring_pool pool;
	struct frame frame;
	int ends[2];

	assert_ok(channel_pair(ends));
	child_send(&s->edge, WIRE_PORTER_RING, 9, &nothing, ends[1]);
	close(ends[1]);
	child_expect(&s->child, &s->edge, WIRE_PORTER_RINGED, &frame);
	s->ring = (struct channel){ends[0], ROLE_EDGE, ROLE_PORTER, 0};
	child_expect(&s->child, &s->ring, WIRE_RING_POOL, &frame);
	assert_ok(wire_read_ring_pool(&pool, frame.body));
	assert_int_equal(pool.segment_size, WIRE_SEGMENT);
	s->segments = pool.segments;
	s->pool_fd = frame.fd;
	s->pool = mmap(NULL, (size_t)s->segments * WIRE_SEGMENT, PROT_READ, MAP_SHARED, frame.fd,
		       0);
	assert_true(s->pool != MAP_FAILED);
}

static inline void ring_end(struct scene *s)
{
	if (s->ring.fd < 0)
		return;
	munmap((void *)(uintptr_t)s->pool, (size_t)s->segments * WIRE_SEGMENT);
	close(s->pool_fd);
	channel_close(&s->ring);
}

static inline int scene_begin(void **state, rlim_t largest_file)
{
	struct rlimit before;
	struct rlimit limit;
	struct scene *s = calloc(1, sizeof *s);

	s->ring.fd = -1;
	for (size_t i = 0; i < PLAIN; i++)
		s->plain[i] = (uint8_t)(i * 31 + i / 256);
	child_prepare(&s->child, ROLE_PORTER);
	child_directory(&s->child, "store");
	child_own(&s->child, "store");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){largest_file, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	child_start(&s->child);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	s->edge = child_join(&s->child, ROLE_EDGE, 0);
	s->keeper = child_join(&s->child, ROLE_KEEPER, 0);
	send_key(s);
	assert_ok(file_open_directory(&s->store, AT_FDCWD, s->child.path));
	*state = s;
	return 0;
}

static inline int scene_new(void **state)
{
	return scene_begin(state, RLIM_INFINITY);
}

/* As good as a full disk: a file cannot grow past its second chunk. */
static inline int scene_full(void **state)
{
	return scene_begin(state, 2 * AGE_CHUNK);
}

static inline int scene_free(void **state)
{
	struct scene *s = *state;

	ring_end(s);
	if (s->child.pid)
		child_stop(&s->child);
	channel_close(&s->edge);
	channel_close(&s->keeper);
	close(s->store);
	child_remove(&s->child);
	free(s);
	return 0;
}

/* Declares `declared` bytes and gives it the first `given` of the plaintext. */
static inline void seal(struct scene *s, uint64_t declared, size_t given)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_seal ask = {.handle = HANDLE, .blob = {0xab, 1}, .size = declared};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	wire_write_porter_seal(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_SEAL, 1, &body, ends[0]);
	close(ends[0]);
	if (file_write_all(ends[1], slice_of(s->plain, given)) != OK)
		print_message("the porter does not read on\n");
	close(ends[1]);
}

static inline void seal_all(struct scene *s)
{
	struct wire_porter_sealed sealed;
	struct frame frame;
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	uint8_t sha256[BULK_SHA256];
	uint8_t git[BULK_GIT];

	seal(s, PLAIN, PLAIN);
	child_expect(&s->child, &s->edge, WIRE_PORTER_SEALED, &frame);
	assert_ok(wire_read_porter_sealed(&sealed, frame.body));
	assert_ok(bulk_new(&bulk, PLAIN));
	assert_ok(bulk_add(bulk, slice_of(s->plain, PLAIN)));
	assert_ok(bulk_end(bulk, sha256, git));
	assert_true(sealed.size == PLAIN);
	assert_memory_equal(sealed.sha256, sha256, sizeof sha256);
	assert_memory_equal(sealed.git_sha1, git, sizeof git);
}

static inline void ask_to_open(struct scene *s, uint64_t offset, uint64_t length)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_open ask = {.handle = HANDLE,
				       .blob = {0xab, 1},
				       .plain_size = PLAIN,
				       .offset = offset,
				       .length = length};

	wire_write_porter_open(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_OPEN, 2, &body, -1);
}

static inline uint64_t open_transfer(struct scene *s, uint64_t offset, uint64_t length)
{
	struct wire_porter_opened opened;
	struct frame frame;

	ask_to_open(s, offset, length);
	child_expect(&s->child, &s->edge, WIRE_PORTER_OPENED, &frame);
	assert_ok(wire_read_porter_opened(&opened, frame.body));
	assert_true(opened.size == PLAIN);
	return opened.transfer;
}

static inline void ask_to_fill(struct scene *s, uint64_t transfer, uint32_t segment,
			       uint64_t offset, uint32_t length)
{
	AUTO(buf_free) struct buf body = buf_new(64);

	wire_write_ring_fill(&body, &(struct wire_ring_fill){transfer, offset, segment, length});
	child_send(&s->ring, WIRE_RING_FILL, 0, &body, -1);
}

static inline enum err expect_filled(struct scene *s, uint64_t transfer, uint32_t segment)
{
	struct wire_ring_filled filled;
	struct frame frame;

	child_expect(&s->child, &s->ring, WIRE_RING_FILLED, &frame);
	assert_ok(wire_read_ring_filled(&filled, frame.body));
	assert_true(filled.transfer == transfer);
	assert_int_equal(filled.segment, segment);
	return filled.result;
}

static inline void close_transfer(struct scene *s, uint64_t transfer)
{
	AUTO(buf_free) struct buf body = buf_new(64);

	wire_write_ring_close(&body, &(struct wire_ring_close){transfer});
	child_send(&s->ring, WIRE_RING_CLOSE, 0, &body, -1);
}

/* Fills segments in turn, as long as there is something and it can be opened. */
static inline enum err read_transfer(struct scene *s, uint64_t transfer, uint64_t offset,
				     uint64_t length, struct buf *got)
{
	for (uint32_t i = 0; length; i = (i + 1) % s->segments) {
		uint32_t size = length < 100000 ? (uint32_t)length : 100000;
		enum err result;

		ask_to_fill(s, transfer, i, offset, size);
		result = expect_filled(s, transfer, i);
		if (result != OK)
			return result;
		buf_write(got, slice_of(s->pool + (size_t)i * WIRE_SEGMENT, size));
		offset += size;
		length -= size;
	}
	return OK;
}

static inline void expect_range(struct scene *s, uint64_t offset, uint64_t length)
{
	AUTO(buf_free) struct buf got = buf_new(PLAIN + 8192);
	uint64_t transfer = open_transfer(s, offset, length);

	assert_ok(read_transfer(s, transfer, offset, length, &got));
	assert_true(slice_equal(buf_slice(&got), slice_of(s->plain + offset, length)));
	close_transfer(s, transfer);
}

static inline void read_payload(struct scene *s, struct buf *out)
{
	char path[BLOBS_PATH];
	char full[BLOBS_PATH + 8];
	uint8_t id[BLOBS_ID] = {0xab, 1};

	blobs_path(path, id);
	snprintf(full, sizeof full, "store/%s", path);
	assert_ok(file_read(out, s->store, full));
}

static inline void write_payload(struct scene *s, struct slice bytes)
{
	char path[BLOBS_PATH];
	char full[BLOBS_PATH + 8];
	uint8_t id[BLOBS_ID] = {0xab, 1};

	blobs_path(path, id);
	snprintf(full, sizeof full, "store/%s", path);

	AUTO(file_close) int fd = openat(s->store, full, O_WRONLY | O_TRUNC);

	assert_ok(file_write_all(fd, bytes));
}

static inline void expect_nothing_left(struct scene *s)
{
	char path[BLOBS_PATH];
	char full[BLOBS_PATH + 8];
	uint8_t id[BLOBS_ID] = {0xab, 1};

	blobs_path(path, id);
	snprintf(full, sizeof full, "store/%s", path);
	assert_int_not_equal(faccessat(s->store, full, F_OK, 0), 0);
}

#endif
