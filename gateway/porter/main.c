/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - sallyport-porter: seals what is imported, opens what is downloaded. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/porter/blobs.h"
#include "gateway/porter/serve.h"

static void loop_auto(struct loop **l)
{
	loop_free(*l);
}

static enum err confine(struct process *p, int store)
{
	struct confine_path path = {store, PATH_READ | PATH_WRITE};

	return process_confine(p, &(struct confinement){&path, 1});
}

/* Jobs and rings that run at the end are cut off by the end: what they wrote stands in tmp, and the
 * next start sweeps it. So the serve is not freed here. */
static enum err run(int argc, char **argv)
{
	AUTO(process_auto) struct process *p = NULL;
	AUTO(file_close) int store = -1;
	AUTO(loop_auto) struct loop *loop = NULL;
	struct loop_handlers handlers = {.frame = serve_frame, .timer = serve_timer};
	struct serve *serve;

	TRY(process_start(&p, ROLE_PORTER, argc, argv));
	TRY(process_open_directory(&store, p, "store"));
	TRY(confine(p, store));
	TRY(blobs_sweep(store));
	serve = serve_new(store, p);
	handlers.context = serve;
	TRY(loop_new(&loop, p, &handlers));
	serve_use_loop(serve, loop);
	TRY(process_ready(p));
	TRY(loop_run(loop));
	_exit(EXIT_SUCCESS); /* not exit(): threads may be in the middle of what it takes down */
}

int main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN); /* a file too large is an error, not an end */
	if (run(argc, argv) == OK)
		return EXIT_SUCCESS;
	log_error("porter.stopped", "why=\"%s\"", failure_text());
	return EXIT_FAILURE;
}
