/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-witness: serves a witness (witness.h) over HTTPS. It knows nothing of a gateway: no
 * database, no settings, no other process; it belongs to the organization that runs it.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "crypto/add_checkpoint.h"
#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/edge.h"
#include "gateway/edge/exchange.h"
#include "gateway/proc/landlock.h"
#include "gateway/supervisor/listener.h"
#include "gateway/witness/witness.h"

enum { PEM_MAX = 256 * 1024, WITNESS_WORKERS = 4, WITNESS_CONNECTIONS = 512 };

struct route_context {
	struct witness *witness;
};

struct arguments {
	const char *directory, *listen, *certificate, *key;
};

static void add_checkpoint(struct exchange *x, struct route_context *context)
{
	struct witness_answer answer = {.body = buf_new(WITNESS_MAX_ANSWER)};

	witness_add_checkpoint(context->witness, &answer, exchange_body(x),
			       (uint64_t)clock_now_seconds());
	exchange_answer(x, answer.status, answer.content_type, buf_slice(&answer.body));
	buf_free(&answer.body);
}

static void read_checkpoint(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf note = buf_new(ADD_CHECKPOINT_MAX);

	if (witness_read(context->witness, &note, exchange_param(x, "hash")) == OK)
		exchange_answer(x, 200, "text/plain; charset=utf-8", buf_slice(&note));
	else
		exchange_answer(x, 404, "text/plain; charset=utf-8",
				S("no checkpoint of such a log was cosigned here\n"));
}

static void read_vkey(struct exchange *x, struct route_context *context)
{
	exchange_answer(x, 200, "text/plain; charset=utf-8",
			slice_of_string(arena_printf(exchange_arena(x), "%.*s\n",
						     SLICE_PRINT(witness_vkey(context->witness)))));
}

static const struct route routes[] = {
	{"POST", "/add-checkpoint", "public", BODY_BUFFER, ADD_CHECKPOINT_MAX, add_checkpoint},
	{"GET", "/{hash}/checkpoint", "public", BODY_NONE, 0, read_checkpoint},
	{"GET", "/vkey", "public", BODY_NONE, 0, read_vkey},
};

static struct route_context *worker_new(void *shared)
{
	return shared;
}

static void worker_free(struct route_context *context)
{
	(void)context; /* the same for all */
}

static enum err read_arguments(struct arguments *out, int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"listen", required_argument, NULL, 'l'},
						{"certificate", required_argument, NULL, 'c'},
						{"key", required_argument, NULL, 'k'},
						{0}};
	int letter;

	*out = (struct arguments){0};
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'd')
			out->directory = optarg;
		else if (letter == 'l')
			out->listen = optarg;
		else if (letter == 'c')
			out->certificate = optarg;
		else if (letter == 'k')
			out->key = optarg;
		else
			break;
	}
	if (letter != -1 || optind != argc || !out->directory || !out->listen ||
	    !out->certificate || !out->key)
		return failure(ERR_FORMAT, "usage: sallyport-witness --dir DIR --listen ADDR:PORT "
					   "--certificate FILE --key FILE");
	return OK;
}

/* SIGTERM and SIGINT end it in order: they make *out readable. */
static enum err catch_signals(int *out)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return failure_errno("signals");
	*out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *out < 0 ? failure_errno("signals") : OK;
}

/* From here on: this directory, the sockets that are open, and no connection of our own. */
static enum err confine(const struct witness *w)
{
	const struct confine_path path = {witness_directory(w), PATH_READ | PATH_WRITE};
	const struct confinement all = {&path, 1};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failure_errno("prctl");
	if (landlock_restrict(&all, 0) != OK)
		log_warn("witness.sandbox", "missing=\"%s\"", failure_text());
	return OK;
}

static enum err serve(const struct arguments *a)
{
	AUTO(buf_free) struct buf certificate = buf_new(PEM_MAX), key = buf_new(PEM_MAX);
	AUTO(listeners_close) struct listeners listeners = {0};
	AUTO(witness_auto) struct witness *w = NULL;
	AUTO(file_close) int stop = -1;
	struct route_context context;
	struct edge_options options = {.routes = routes,
				       .route_count = sizeof routes / sizeof routes[0],
				       .worker_new = worker_new,
				       .worker_free = worker_free,
				       .shared = &context,
				       .workers = WITNESS_WORKERS,
				       .max_connections = WITNESS_CONNECTIONS};

	TRY(witness_open(&w, a->directory));
	TRY(file_read(&certificate, AT_FDCWD, a->certificate));
	TRY(file_read(&key, AT_FDCWD, a->key));
	TRY(listeners_open(&listeners, a->listen, 1));
	TRY(catch_signals(&stop));
	TRY(confine(w));
	context.witness = w;
	options.listen_fd = listeners.fds[0];
	options.stop_fd = stop;
	options.certificate = buf_slice(&certificate);
	options.key = buf_slice(&key);
	log_info("witness.started", "listen=%s vkey=%.*s", a->listen, SLICE_PRINT(witness_vkey(w)));
	return edge_run(&options);
}

int main(int argc, char **argv)
{
	struct arguments arguments;

	log_start("witness", LOG_LEVEL_INFO);
	if (read_arguments(&arguments, argc, argv) != OK) {
		fprintf(stderr, "%s\n", failure_text());
		return 2;
	}
	if (serve(&arguments) == OK)
		return EXIT_SUCCESS;
	log_error("witness.stopped", "reason=\"%s\"", failure_text());
	return EXIT_FAILURE;
}
