/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - the real sallyport-engine with a model's three files, sealed, an edge and a keeper. */
#ifndef TESTS_UNIT_GATEWAY_ENGINE_SCENE_H
#define TESTS_UNIT_GATEWAY_ENGINE_SCENE_H

#include "tests/unit/gateway/keeper/child.h"

#include "crypto/age_stream.h"
#include "gateway/porter/blobs.h"

enum { FILES = 3 };

static const char *const names[FILES] = {"config.json", "tokenizer.json", "model.safetensors"};

struct scene {
	struct child child; /* not started: there is no model */
	struct channel edge, keeper;
	uint64_t sizes[FILES];
};

static enum err write_out(void *context, struct slice bytes)
{
	const int *fd = context;

	return file_write_all(*fd, bytes);
}

/* File `i` into the child's store; its key is {i, 9}. */
static void seal(struct scene *s, uint8_t i, struct slice plain)
{
	AUTO(age_sealer_auto) struct age_sealer *sealer = NULL;
	AUTO(secret_auto) struct secret *key = NULL;
	AUTO(file_close) int store = -1;
	AUTO(file_close) int fd = -1;
	uint8_t id[BLOBS_ID] = {i}, bytes[16] = {i, 9};
	char path[512];

	s->sizes[i] = plain.size;
	snprintf(path, sizeof path, "%s/store", s->child.path);
	assert_ok(file_open_directory(&store, AT_FDCWD, path));
	assert_ok(blobs_begin(&fd, store, id));
	assert_ok(secret_from(&key, bytes, sizeof bytes));
	assert_ok(age_sealer_new(&sealer, key, write_out, &fd));
	assert_ok(age_sealer_push(sealer, plain));
	assert_ok(age_sealer_finish(sealer));
	assert_ok(blobs_publish(store, id, fd));
}

static void scene_start(struct scene *s)
{
	child_start(&s->child);
	s->edge = child_join(&s->child, ROLE_EDGE, 0);
	s->keeper = child_join(&s->child, ROLE_KEEPER, 0);
}

static int scene_free(void **state)
{
	struct scene *s = *state;

	if (s->child.pid) {
		kill(s->child.pid, SIGKILL);
		child_wait(&s->child);
		channel_close(&s->edge);
		channel_close(&s->keeper);
	}
	child_remove(&s->child);
	free(s);
	return 0;
}

static void skip_without_model(const struct scene *s)
{
	if (s->child.pid)
		return;
	printf("skipped: no stories260K below SALLYPORT_SHARED\n");
	skip();
}

#endif
