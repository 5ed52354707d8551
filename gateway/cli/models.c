/* SPDX-License-Identifier: Apache-2.0 */
/* Models: bring them in, look at them, take them out of service, save them as sealed. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/import_source.h"
#include "gateway/cli/output.h"
#include "gateway/cli/progress.h"
#include "policy/open_paths.h"

static const char *model_address(struct cli *cli, const char *before, const char *behind)
{
	return arena_printf(&cli->arena, "%s%s%s", before,
			    client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))),
			    behind);
}

static enum err read_gate(const char **out, struct cli *cli)
{
	static const char *const gates[] = {"manual", "auto", "no"};
	const char *gated = arguments_value(&cli->arguments, "gated");

	*out = arguments_flag(&cli->arguments, "public") ? "public" : gated;
	if (gated && arguments_flag(&cli->arguments, "public"))
		return cli_usage(cli, "--gated and --public exclude each other");
	for (size_t i = 0; gated && i < sizeof gates / sizeof gates[0]; i++)
		if (strcmp(gated, gates[i]) == 0)
			return OK;
	if (gated)
		return cli_usage(cli, "--gated %s: manual, auto or no is expected", gated);
	return OK;
}

/* "" alone opens nothing at all; what is no pattern the gateway refuses, and says why. */
static enum err read_open(struct import_plan *plan, struct cli *cli)
{
	const char **open = arena_alloc(&cli->arena, ARGUMENTS_MAX_OPTIONS * sizeof *open);

	plan->open_count = arguments_list(&cli->arguments, "open", open, ARGUMENTS_MAX_OPTIONS);
	plan->open = open;
	if (plan->open_count > OPEN_PATHS_MAX)
		return cli_usage(cli, "--open may be given %d times at most", OPEN_PATHS_MAX);
	return OK;
}

/* As with git, a revision is what the directory holds; what that takes away is said. */
static void print_removed(const json_t *removed)
{
	for (size_t i = 0; i < json_array_size(removed); i++) {
		struct slice path;

		if (json_text_at(&path, removed, i) != OK)
			continue;
		printf("removed: ");
		output_text(stdout, path);
		fputc('\n', stdout);
	}
}

/* A directory is sent; what has an address the gateway fetches. */
static enum err import_either(struct import_done *done, struct cli *cli, struct client *c,
			      const struct import_plan *plan)
{
	const struct import_source source = {
		.address = plan->path,
		.endpoint = arguments_value(&cli->arguments, "endpoint"),
		.token_file = arguments_value(&cli->arguments, "source-token-file")};

	if (import_is_source(plan->path))
		return import_from(done, &cli->arena, c, plan, &source);
	if (source.endpoint || source.token_file)
		return cli_usage(cli, "--endpoint and --source-token-file are for hf:ORG/NAME and "
				      "https:// sources");
	return import_run(done, &cli->arena, c, plan);
}

static void put_done(json_t *answer, const struct import_done *done)
{
	json_put_text(answer, "revision", slice_of_string(done->revision));
	json_put_text(answer, "notes", slice_of_string(done->notes));
	json_put_int(answer, "files", (int64_t)done->files);
	json_put_int(answer, "sent", (int64_t)done->sent);
	json_put_int(answer, "hidden", (int64_t)done->hidden);
	json_put_int(answer, "bytes", (int64_t)done->bytes);
	json_put(answer, "removed", json_incref(done->removed));
	if (!done->source)
		return;
	json_put_text(answer, "source", slice_of_string(done->source));
	json_put_text(answer, "commit", slice_of_string(done->commit));
	json_put_bool(answer, "unchanged", done->is_unchanged);
	json_put_int(answer, "fetched", (int64_t)done->fetched);
	json_put_int(answer, "milliseconds", done->milliseconds);
}

/* Where it came from, and how much of it had to come. */
static void print_source(const struct import_done *done)
{
	double seconds = (double)(done->milliseconds ? done->milliseconds : 1) / 1000;
	char amount[PROGRESS_AMOUNT], rate[PROGRESS_AMOUNT];

	progress_amount(amount, (double)done->fetched);
	progress_amount(rate, (double)done->fetched / seconds);
	printf("from ");
	output_text(stdout, slice_of_string(done->source));
	printf(" at its commit ");
	output_text(stdout, slice_of_string(done->commit));
	printf("\n%zu files fetched, %s in %.1f s (%s/s); %zu were here already\n", done->sent,
	       amount, seconds, rate, done->files - done->sent);
	if (done->is_unchanged)
		printf("nothing has changed: no revision was made\n");
}

static void print_more(const struct import_done *done)
{
	if (done->source)
		print_source(done);
	print_removed(done->removed);
	if (done->notes[0])
		printf("%s\n", done->notes);
	if (done->hidden)
		printf("%zu hidden names were left out\n", done->hidden);
}

enum err command_model_import(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	struct import_plan plan = {.name = cli_word(cli, 0), .path = cli_word(cli, 1)};
	AUTO(import_done_clear) struct import_done done = {.removed = NULL};
	struct client *c;

	plan.branch = arguments_value(&cli->arguments, "revision");
	plan.branch = plan.branch ? plan.branch : "main";
	plan.terms = arguments_value(&cli->arguments, "license-terms");
	plan.hidden = arguments_flag(&cli->arguments, "hidden");
	plan.allow_pickle = arguments_flag(&cli->arguments, "allow-pickle");
	TRY(read_gate(&plan.gate, cli));
	TRY(read_open(&plan, cli));
	TRY(cli_client(&c, cli));
	TRY(import_either(&done, cli, c, &plan));
	json_put_text(answer, "model", slice_of_string(plan.name));
	put_done(answer, &done);
	TRY(output_done(cli, answer, "%s is sealed: revision %s, %zu files, %llu bytes", plan.name,
			done.revision, done.files, (unsigned long long)done.bytes));
	if (!cli->json)
		print_more(&done);
	return OK;
}

enum err command_model_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_list(c, &answer, "/api/models"));
	return output_table(cli, answer, "models", "id sha gated lastModified");
}

static void print_files(const json_t *tree)
{
	for (size_t i = 0; i < json_array_size(tree); i++) {
		const json_t *one = json_array_get(tree, i);
		struct slice path;
		int64_t size;

		if (json_get_text(&path, one, "path") != OK ||
		    json_get_int_or(&size, one, "size", 0) != OK)
			continue;
		printf("%14lld  ", (long long)size);
		output_text(stdout, path);
		fputc('\n', stdout);
	}
}

/* What made the revision: for an import, the source and its commit. */
static enum err add_title(struct cli *cli, struct client *c, json_t *info)
{
	AUTO(json_auto) json_t *commits = NULL;
	struct slice sha, id, title;

	TRY(json_get_text_or(&sha, info, "sha", S("")));
	if (sha.size == 0)
		return OK;
	TRY(client_list(c, &commits,
			arena_printf(&cli->arena, "%s/commits/%.*s",
				     model_address(cli, "/api/models/", ""), SLICE_PRINT(sha))));
	for (size_t i = 0; i < json_array_size(commits); i++) {
		const json_t *one = json_array_get(commits, i);

		TRY(json_get_text(&id, one, "id"));
		TRY(json_get_text_or(&title, one, "title", S("")));
		if (slice_equal(id, sha))
			json_put_text(info, "made_by", title);
	}
	return OK;
}

enum err command_model_show(struct cli *cli)
{
	AUTO(json_auto) json_t *info = NULL;
	AUTO(json_auto) json_t *tree = NULL;
	const char *revision = arguments_value(&cli->arguments, "revision");
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(
		c, &info, "GET",
		revision ? arena_printf(&cli->arena, "%s/revision/%s",
					model_address(cli, "/api/models/", ""),
					client_encode(&cli->arena, slice_of_string(revision)))
			 : model_address(cli, "/api/models/", ""),
		NULL));
	TRY(client_list(
		c, &tree,
		arena_printf(&cli->arena, "%s/tree/%s?recursive=true",
			     model_address(cli, "/api/models/", ""),
			     client_encode(&cli->arena,
					   slice_of_string(revision ? revision : "main")))));
	TRY(add_title(cli, c, info));
	if (cli->json)
		json_put(info, "tree", json_incref(tree));
	if (cli->json)
		return output_json(info);
	TRY(output_object(cli, info, "id sha made_by gated private disabled"));
	TRY(output_object(
		cli, json_object_get(info, "sallyport"),
		"state gate hidden allow_pickle open_paths terms_sha256 inference inference_state "
		"tasks chat_template chat inference_reason manifest_sha256"));
	print_files(tree);
	return OK;
}

static enum err change(struct cli *cli, const char *act, const char *what)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason = arguments_value(&cli->arguments, "reason");
	json_t *body;
	struct client *c;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "reason", slice_of_string(reason ? reason : ""));
	TRY(client_call(c, &answer, "POST", model_address(cli, "/api/v1/models/", act), body));
	return output_done(cli, answer, "%s is %s", cli_word(cli, 0), what);
}

enum err command_model_disable(struct cli *cli)
{
	return change(cli, "/disable", "disabled: every use is refused");
}

enum err command_model_enable(struct cli *cli)
{
	return change(cli, "/enable", "enabled");
}

enum err command_model_shred(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *remains;
	const char *reason;
	json_t *body;
	struct client *c;

	if (!arguments_flag(&cli->arguments, "yes"))
		return cli_usage(cli,
				 "this destroys the keys of %s for good; say --yes if that is "
				 "meant",
				 cli_word(cli, 0));
	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", model_address(cli, "/api/v1/models/", "/shred"), body));
	TRY(output_done(cli, answer,
			"%s is shredded: its keys are destroyed. What remains:", cli_word(cli, 0)));
	TRY(json_get_array(&remains, answer, "remains"));
	for (size_t i = 0; !cli->json && i < json_array_size(remains); i++) {
		struct slice text;

		TRY(json_text_at(&text, remains, i));
		printf("  - ");
		output_text(stdout, text);
		fputc('\n', stdout);
	}
	return OK;
}

static enum err write_piece(void *context, struct slice bytes)
{
	return file_write_all(*(const int *)context, bytes);
}

enum err command_model_sealed(struct cli *cli)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	const char *revision = arguments_value(&cli->arguments, "revision");
	const char *out = cli_word(cli, 2);
	const char *partial = arena_printf(&cli->arena, "%s.partial", out);
	AUTO(file_close) int fd = -1;
	struct client_request request = {.method = "GET", .sink = write_piece, .sink_context = &fd};
	struct client *c;

	TRY(cli_client(&c, cli));
	request.path = arena_printf(
		&cli->arena, "%s/sealed/%s/%s", model_address(cli, "/api/v1/models/", ""),
		client_encode(&cli->arena, slice_of_string(revision ? revision : "main")),
		client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 1))));
	fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failure_errno("\"%s\" cannot be written", partial);
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	if (fsync(fd) != 0 || rename(partial, out) != 0)
		return failure_errno("\"%s\" cannot be written", out);
	return output_done(cli, NULL, "%s holds %s as it is sealed; age -d -i ESCROW opens it", out,
			   cli_word(cli, 1));
}
