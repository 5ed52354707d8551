/* SPDX-License-Identifier: Apache-2.0 */
/* Signed reports: make one and take all its forms; verify one offline. */
#include "gateway/cli/audit_report.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/log_fetch.h"
#include "gateway/cli/log_state.h"
#include "gateway/cli/output.h"
#include "gateway/cli/report_check.h"

enum { REPORT_SILENT_SECONDS = 1800 };

/* What the gateway calls a form, and how its file ends. */
static const struct {
	const char *form, *file;
} parts[] = {
	{"json", "json"},
	{"csv", "csv"},
	{"html", "html"},
	{"note", "note"},
	{"receipt", "receipt.json"},
};

enum { PART_COUNT = sizeof parts / sizeof parts[0] };

/* --vkey, --policy, else what is remembered of the gateway's log; else *out is NULL. */
static enum err known_key(const char **out, struct cli *cli, const struct witnessed *witnessed)
{
	const char *path = arguments_value(&cli->arguments, "state");
	struct log_state state;
	struct client *c;

	*out = arguments_value(&cli->arguments, "vkey");
	if (!*out)
		*out = witnessed->vkey;
	if (*out)
		return OK;
	if (!path) {
		if (cli_client(&c, cli) != OK) {
			cli->is_usage = false; /* nobody is logged in: nothing is remembered */
			return OK;
		}
		TRY(log_state_path(&path, &cli->arena, client_url(c)));
	}
	TRY(log_state_read(&state, &cli->arena, path));
	*out = state.vkey;
	return OK;
}

static enum err print_checked(struct cli *cli, const struct report_checked *r, const char *path)
{
	AUTO(json_auto) json_t *answer = json_object_new();

	json_put_text(answer, "name", r->name);
	json_put_int(answer, "rows", (int64_t)r->rows);
	json_put_int(answer, "erased", (int64_t)r->erased);
	json_put_int(answer, "size", (int64_t)r->size);
	json_put_text(answer, "entry", r->receipt.id);
	json_put_int(answer, "index", (int64_t)r->receipt.index);
	json_put_text(answer, "made_at", r->receipt.time);
	json_put_text(answer, "witnesses", slice_of_string(r->witnesses));
	json_put_bool(answer, "csv", r->has_csv);
	json_put_bool(answer, "html", r->has_html);
	json_put_bool(answer, "counted", r->is_counted);
	json_put_text(answer, "file", slice_of_string(path));
	if (!cli->json && r->is_counted && r->batches)
		printf("no entry is missing, but for rows of %llu batches, which are not public\n",
		       (unsigned long long)r->batches);
	else if (!cli->json && r->is_counted)
		printf("no entry of its kinds and period is missing\n");
	return output_done(
		cli, answer,
		"the report holds: %.*s, %llu rows (%llu of them erased) out of %llu entries of "
		"the "
		"log,\nmade at %.*s by entry %llu%s%s\nrecomputed: commitments, cells, sums, and "
		"the tree's root from the rows%s%s",
		SLICE_PRINT(r->title), (unsigned long long)r->rows, (unsigned long long)r->erased,
		(unsigned long long)r->size, SLICE_PRINT(r->receipt.time),
		(unsigned long long)r->receipt.index, *r->witnesses ? ", cosigned by " : "",
		r->witnesses, r->has_csv ? "; compared: CSV" : "",
		r->has_html ? (r->has_csv ? ", page" : "; compared: page") : "");
}

enum err audit_verify_report(struct cli *cli, const char *path)
{
	struct witnessed witnessed;
	const char *vkey, *dir = arguments_value(&cli->arguments, "dir");
	struct log_from from = {.dir = dir, .save_to = -1};
	struct report_copy copy = {dir ? log_fetch : NULL, &from};
	struct report_checked checked;

	TRY(witnessed_read(&witnessed, &cli->arena, arguments_value(&cli->arguments, "policy")));
	TRY(known_key(&vkey, cli, &witnessed));
	if (!vkey)
		return failure(
			ERR_FORMAT,
			"a report is verified with --vkey KEY, the log's verifier key as its "
			"operator publishes it, or a --policy with it");
	TRY(report_check(&checked, &cli->arena, path, slice_of_string(vkey), &witnessed, &copy));
	return print_checked(cli, &checked, path);
}

static enum err make(json_t **out, struct cli *cli, struct client *c)
{
	static const char *const asked[] = {"from", "to", "actor", "license", "model"};
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(buf_free) struct buf text = buf_new(CLIENT_MAX_URL);
	AUTO(json_auto) json_t *body = json_object_new();
	struct client_request request = {.method = "POST",
					 .content_type = "application/json",
					 .silent_seconds = REPORT_SILENT_SECONDS};
	const char *size = arguments_value(&cli->arguments, "size");
	uint64_t number;

	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		const char *value = arguments_value(&cli->arguments, asked[i]);

		if (value)
			json_put_text(body, asked[i], slice_of_string(value));
	}
	if (size && !slice_to_u64(slice_of_string(size), INT64_MAX, &number))
		return cli_usage(cli, "--size is a number of entries");
	if (size)
		json_put_int(body, "size", (int64_t)number);
	TRY(json_write_canonical(&text, body));
	TRY(buf_done(&text));
	request.body = buf_slice(&text);
	request.path = arena_printf(&cli->arena, "/api/v1/reports/%s",
				    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	return json_read(out, buf_slice(&answer.body), CLIENT_MAX_BODY);
}

static enum err take_bytes(void *context, struct slice bytes)
{
	return file_write_all(*(int *)context, bytes);
}

/* Under another name until it is whole. */
static enum err fetch(struct cli *cli, struct client *c, const char *address, const char *path)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(file_close) int fd = -1;
	const char *part = arena_printf(&cli->arena, "%s.part", path);
	struct client_request request = {.method = "GET",
					 .path = address,
					 .sink = take_bytes,
					 .sink_context = &fd,
					 .silent_seconds = REPORT_SILENT_SECONDS};

	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return failure_errno("\"%s\" cannot be written", part);
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	if (fsync(fd) != 0 || rename(part, path) != 0)
		return failure_errno("\"%s\" cannot be written", path);
	return OK;
}

/* The key to check it with; on first sight the one that the log tells. */
static enum err key_for(const char **out, struct cli *cli, struct client *c,
			const struct witnessed *witnessed)
{
	struct log_from from = {.client = c, .save_to = -1};

	TRY(known_key(out, cli, witnessed));
	return *out ? OK : log_fetch_vkey(out, &cli->arena, &from);
}

static enum err list_reports(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/reports", NULL));
	return output_table(cli, answer, "reports", "code name title question");
}

enum err command_audit_report(struct cli *cli)
{
	const char *dir = arguments_value(&cli->arguments, "out"), *vkey, *stem, *path = NULL;
	AUTO(json_auto) json_t *made = NULL;
	struct report_checked checked;
	struct witnessed witnessed;
	struct slice id, name;
	struct client *c;

	if (!cli_word(cli, 0))
		return list_reports(cli);
	TRY(witnessed_read(&witnessed, &cli->arena, arguments_value(&cli->arguments, "policy")));
	TRY(cli_client(&c, cli));
	TRY(make(&made, cli, c));
	TRY(json_get_text(&id, made, "id"));
	TRY(json_get_text(&name, made, "name"));
	dir = dir ? dir : ".";
	TRY(file_make_directory(AT_FDCWD, dir, 0755));
	stem = arena_printf(&cli->arena, "%s/%.*s-%.*s", dir, SLICE_PRINT(name), SLICE_PRINT(id));
	for (size_t i = PART_COUNT; i-- > 0;) {
		path = arena_printf(&cli->arena, "%s.%s", stem, parts[i].file);
		TRY(fetch(cli, c,
			  arena_printf(&cli->arena, "/api/v1/reports/%.*s.%s", SLICE_PRINT(id),
				       parts[i].form),
			  path));
	}
	TRY(key_for(&vkey, cli, c, &witnessed));
	TRY(report_check(&checked, &cli->arena, path, slice_of_string(vkey), &witnessed,
			 &(struct report_copy){.fetch = NULL}));
	if (!cli->json)
		printf("%s and what belongs to it are written\n", path);
	return print_checked(cli, &checked, path);
}
