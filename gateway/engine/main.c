/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - sallyport-engine: one model, opened in memory, written with until it is unloaded. */
#define _GNU_SOURCE /* CPU_COUNT */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/random.h"
#include "gateway/engine/serve.h"
#include "inference/kernel/pool.h"

static void loop_auto(struct loop **l)
{
	loop_free(*l);
}

/* More threads than cores would only wait for each other. */
static unsigned threads_wanted(const struct settings *settings)
{
	int64_t count = settings->engine_threads, most = 1;
	cpu_set_t cores;

	if (sched_getaffinity(0, sizeof cores, &cores) == 0)
		most = CPU_COUNT(&cores);
	if (count > most)
		log_warn("engine.threads", "wanted=%lld cores=%lld", (long long)count,
			 (long long)most);
	if (count == 0 || count > most)
		count = most;
	return count < POOL_MAX_THREADS ? (unsigned)count : POOL_MAX_THREADS;
}

static enum attend_type cache_of(const struct settings *settings)
{
	enum attend_type type = ATTEND_F32;

	while (type < ATTEND_Q8 && strcmp(settings->engine_cache, attend_type_name(type)) != 0)
		type++;
	return type;
}

static struct engine_options options_of(const struct settings *settings)
{
	uint64_t secret;

	random_bytes(&secret, sizeof secret);
	return (struct engine_options){
		.chunk = (size_t)settings->engine_chunk,
		.secret = secret,
		.memory_budget_bytes = (size_t)settings->engine_memory_mib << 20,
		.adapter_budget_bytes = (size_t)settings->engine_memory_mib << 17, /* an eighth */
		.threads = threads_wanted(settings),
		.is_quick = true,
		.strict = settings->strict,
		.cache = cache_of(settings),
	};
}

static enum err confine(struct process *p, int store)
{
	struct confine_path path = {store, PATH_READ};

	return process_confine(p, &(struct confinement){&path, 1});
}

static enum err run(int argc, char **argv)
{
	AUTO(process_auto) struct process *p = NULL;
	AUTO(file_close) int store = -1;
	AUTO(loop_auto) struct loop *loop = NULL;
	AUTO(serve_clear) struct serve serve = {0};
	struct loop_handlers handlers = {
		.frame = serve_frame, .peer = serve_peer, .timer = serve_timer, .context = &serve};
	struct engine_options options;

	TRY(process_start(&p, ROLE_ENGINE, argc, argv));
	TRY(process_open_directory(&store, p, "store"));
	options = options_of(process_settings(p));
	TRY(confine(p, store));
	serve_init(&serve, store, &options);
	TRY(loop_new(&loop, p, &handlers));
	serve.loop = loop;
	loop_on_cores(loop, serve_cores);
	serve.process = p;
	TRY(process_ready(p));
	return serve_run(&serve);
}

int main(int argc, char **argv)
{
	if (run(argc, argv) == OK)
		return EXIT_SUCCESS;
	log_error("engine.stopped", "why=\"%s\"", failure_text());
	return EXIT_FAILURE;
}
