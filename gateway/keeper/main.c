/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - sallyport-keeper: holds every key, speaks to nobody but its peers, keeps the log. */
#include <stdlib.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/keeper/init.h"
#include "gateway/keeper/serve.h"

static void loop_auto(struct loop **l)
{
	loop_free(*l);
}

static enum err confine(struct process *p, int directory)
{
	struct confine_path path = {directory, PATH_READ | PATH_WRITE};

	return process_confine(p, &(struct confinement){&path, 1});
}

static enum err serve_until_stopped(struct process *p, struct keeper *k)
{
	struct serve serve = {.keeper = k};
	struct loop_handlers handlers = {.frame = serve_frame, .context = &serve};
	AUTO(loop_auto) struct loop *loop = NULL;

	TRY(loop_new(&loop, p, &handlers));
	serve.loop = loop;
	keeper_on_key(k, serve_send_key, &serve);
	keeper_on_engine(k, serve_tell_engine, &serve);
	TRY(process_ready(p));
	return loop_run(loop);
}

/* Said once a start, since nothing else would show it. */
static void tell_mode(const struct keeper *k)
{
	struct wire_approvers_are approvers;

	keeper_approvers(k, S(""), &approvers);
	if (approvers.persons == 0)
		log_warn("approver.none",
			 "what=\"licenses are signed without an approver's own signature\"");
	else
		log_info("approver.some", "persons=%u needed=%u", approvers.persons,
			 approvers.needed);
}

static enum err run(int argc, char **argv)
{
	AUTO(process_auto) struct process *p = NULL;
	AUTO(keeper_auto) struct keeper *k = NULL;
	AUTO(file_close) int directory = -1;

	TRY(process_start(&p, ROLE_KEEPER, argc, argv));
	TRY(process_open_directory(&directory, p, "keeper"));
	TRY(keeper_open(&k, directory, slice_of_string(process_settings(p)->origin)));
	TRY(confine(p, directory));
	tell_mode(k);
	return serve_until_stopped(p, k);
}

int main(int argc, char **argv)
{
	enum err result;

	if (init_is_wanted(argc, argv))
		return init_main(argc, argv);
	result = run(argc, argv);
	if (result == OK)
		return EXIT_SUCCESS;
	log_error("keeper.stopped", "kind=%s why=\"%s\"", err_name(result), failure_text());
	return EXIT_FAILURE;
}
