/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_api_alone.c - the engine alone, for bench_api.py: for each line on standard input one
 * prompt is begun, and the microseconds from its submission to its first text are written. The
 * argument is the folder of the model, then the prompt, tokens, threads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "inference/engine.h"
#include "tests/unit/inference/files.h"

struct heard {
	int64_t first_us; /* 0: nothing yet */
};

static void on_event(void *context, const struct engine_event *event)
{
	struct heard *h = context;

	if (event->text.size > 0 && !h->first_us)
		h->first_us = clock_monotonic_us();
}

static void must(enum err result)
{
	if (result == OK)
		return;
	fprintf(stderr, "%s\n", failure_text());
	exit(1);
}

int main(int argc, char **argv)
{
	struct engine_options options = {.memory_budget_bytes = (size_t)4 << 30};
	struct engine_request request = {.sampling = {.top_p = 1, .is_silent = true}};
	struct folder folder = {0};
	struct engine *engine;
	uint64_t id = 0;
	char line[8];

	if (argc != 5)
		return 2;
	options.threads = (unsigned)strtoul(argv[4], NULL, 10);
	request.prompt = slice_of_string(argv[2]);
	request.max_tokens = (uint32_t)strtoul(argv[3], NULL, 10);
	folder_init(&folder, argv[1]);
	must(engine_open(&engine, &folder.files, &options));
	while (fgets(line, sizeof line, stdin)) {
		struct heard heard = {0};
		int64_t began = clock_monotonic_us();

		must(engine_submit(engine, id++, &request));
		while (!engine_is_idle(engine))
			must(engine_step(engine, on_event, &heard));
		printf("%lld\n", (long long)(heard.first_us - began));
		fflush(stdout);
	}
	engine_close(engine);
	folder_free(&folder);
	return 0;
}
