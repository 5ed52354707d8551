/* SPDX-License-Identifier: Apache-2.0 */
/* `sallyport pull`: its words, and what is said in the end. */
#include <stdio.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/pull.h"

enum { PULL_RATE_MAX = 1000 * 1000 };

static enum err read_plan(struct pull_plan *plan, struct cli *cli)
{
	const char *revision = arguments_value(&cli->arguments, "revision");
	uint64_t jobs = PULL_JOBS, rate = 0;

	*plan = (struct pull_plan){.model = cli_word(cli, 0),
				   .revision = revision ? revision : "main",
				   .dir = cli_word(cli, 1),
				   .vkey = arguments_value(&cli->arguments, "vkey"),
				   .force = arguments_flag(&cli->arguments, "force")};
	TRY(arguments_number(&jobs, &cli->arguments, "jobs", PULL_MAX_JOBS));
	TRY(arguments_number(&rate, &cli->arguments, "limit-rate", PULL_RATE_MAX));
	if (jobs == 0)
		return cli_usage(cli, "--jobs 0: a number from 1 to %d is expected", PULL_MAX_JOBS);
	plan->jobs = (size_t)jobs;
	plan->limit_rate = rate * 1000 * 1000;
	plan->include_count = arguments_list(&cli->arguments, "include", plan->include,
					     PULL_MAX_PATTERNS);
	plan->exclude_count = arguments_list(&cli->arguments, "exclude", plan->exclude,
					     PULL_MAX_PATTERNS);
	return OK;
}

static void put_result(json_t *answer, const struct pull_done *done)
{
	json_put_text(answer, "revision", slice_of_string(done->revision));
	json_put_int(answer, "files", (int64_t)done->files);
	json_put_int(answer, "fetched", (int64_t)done->fetched);
	json_put_int(answer, "left_out", (int64_t)done->left_out);
	json_put_int(answer, "bytes", (int64_t)done->bytes);
	json_put_int(answer, "milliseconds", done->milliseconds);
	json_put_int(answer, "retries", (int64_t)done->retries);
	json_put_int(answer, "log_index", (int64_t)done->log_index);
	json_put_int(answer, "log_size", (int64_t)done->log_size);
	json_put_text(answer, "log_vkey", slice_of_string(done->log_key));
	json_put_bool(answer, "log_vkey_first_sight", done->is_first_sight);
}

static void print_more(const struct pull_done *done)
{
	printf("each is what entry %llu of the public log says, proven in the log of %llu "
	       "entries\n",
	       (unsigned long long)done->log_index, (unsigned long long)done->log_size);
	if (done->is_first_sight)
		printf("the log's key was taken on first sight, and is remembered; compare it "
		       "with what its operator publishes:\n%s\n",
		       done->log_key);
	if (done->left_out)
		printf("%zu files of the revision were not chosen\n", done->left_out);
	if (done->retries)
		printf("%u times something was asked for again\n", done->retries);
}

enum err command_pull(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	char amount[PROGRESS_AMOUNT], rate[PROGRESS_AMOUNT];
	struct pull_plan plan;
	struct pull_done done;
	struct client *c;

	TRY(read_plan(&plan, cli));
	TRY(cli_client(&c, cli));
	TRY(pull_run(&done, &cli->arena, c, &plan));
	put_result(answer, &done);
	progress_amount(amount, (double)done.bytes);
	progress_amount(rate, (double)done.bytes * 1000 /
				      (double)(done.milliseconds ? done.milliseconds : 1));
	TRY(output_done(cli, answer,
			"revision %s: %zu files are there and checked; %zu fetched, %s in %.1f s "
			"(%s/s)",
			done.revision, done.files, done.fetched, amount,
			(double)done.milliseconds / 1000, rate));
	if (!cli->json)
		print_more(&done);
	return OK;
}
