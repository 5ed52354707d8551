/* SPDX-License-Identifier: Apache-2.0 */
/* The log for auditors: look for entries, count them, take all that are found, save filters. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "gateway/cli/audit.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

enum { MAX_KINDS = 32, MAX_TAIL = 256 };

static const char *const filters[] = {"actor",   "institution", "region",   "model",
				      "license", "right",       "decision", "code",
				      "address", "from",        "to",       "text"};

enum { FILTER_COUNT = sizeof filters / sizeof filters[0] };

struct address {
	struct cli *cli;
	const char *path;
	char sign;
};

static void add(struct address *a, const char *name, const char *value)
{
	if (!value)
		return;
	a->path = arena_printf(&a->cli->arena, "%s%c%s=%s", a->path, a->sign, name,
			       client_encode(&a->cli->arena, slice_of_string(value)));
	a->sign = '&';
}

static struct address begin(struct cli *cli, const char *path)
{
	struct address a = {cli, path, '?'};
	const char *kinds[MAX_KINDS];
	size_t count = arguments_list(&cli->arguments, "kind", kinds, MAX_KINDS);

	for (size_t i = 0; i < FILTER_COUNT; i++)
		add(&a, filters[i], arguments_value(&cli->arguments, filters[i]));
	for (size_t i = 0; i < count; i++)
		add(&a, "kind", kinds[i]);
	add(&a, "saved", arguments_value(&cli->arguments, "saved"));
	return a;
}

/* An export as it comes: the file gets all of it, the digest all but the last line. */
struct taking {
	int fd;
	struct digest_state digest;
	char tail[MAX_TAIL]; /* of what came, not yet in the digest */
	size_t tail_size;
};

static enum err take(void *context, struct slice bytes)
{
	struct taking *t = context;
	uint8_t all[2 * MAX_TAIL];
	size_t keep;

	TRY(file_write_all(t->fd, bytes));
	if (bytes.size >= MAX_TAIL) {
		digest_update(&t->digest, slice_of(t->tail, t->tail_size));
		digest_update(&t->digest, slice_part(bytes, 0, bytes.size - MAX_TAIL));
		memcpy(t->tail, bytes.data + bytes.size - MAX_TAIL, MAX_TAIL);
		t->tail_size = MAX_TAIL;
		return OK;
	}
	memcpy(all, t->tail, t->tail_size);
	memcpy(all + t->tail_size, bytes.data, bytes.size);
	keep = t->tail_size + bytes.size;
	if (keep > MAX_TAIL) {
		digest_update(&t->digest, slice_of(all, keep - MAX_TAIL));
		memcpy(t->tail, all + keep - MAX_TAIL, MAX_TAIL);
		t->tail_size = MAX_TAIL;
		return OK;
	}
	memcpy(t->tail, all, keep);
	t->tail_size = keep;
	return OK;
}

/* Does the last line hold the digest of all before it? */
static enum err check_end(struct taking *t)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct slice tail = slice_of(t->tail, t->tail_size), line;
	struct digest digest;
	size_t at = tail.size;

	while (at > 1 && tail.data[at - 2] != '\n')
		at--;
	at = at ? at - 1 : 0;
	line = slice_part(tail, at, SIZE_MAX);
	digest_update(&t->digest, slice_part(tail, 0, at));
	digest = digest_end(&t->digest);
	text_write_hex(&hex, digest_slice(&digest));
	for (size_t i = 0; i + hex.size <= line.size; i++)
		if (slice_equal(slice_part(line, i, hex.size), buf_slice(&hex)))
			return OK;
	return failure(ERR_FORMAT, "the export is not whole: its last line is not the digest of "
				   "what came before it; ask again");
}

static enum err fetch_export(struct cli *cli, int fd)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct address a = begin(cli, "/api/v1/audit/export");
	struct taking taking = {.fd = fd};
	struct client_request request = {
		.method = "GET", .sink = take, .sink_context = &taking, .silent_seconds = 600};
	struct client *c;

	digest_begin(&taking.digest);
	add(&a, "format", arguments_value(&cli->arguments, "format"));
	request.path = a.path;
	TRY(cli_client(&c, cli));
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	return check_end(&taking);
}

enum err command_audit_query(struct cli *cli)
{
	static const char *const own[] = {"order", "limit", "cursor"};
	AUTO(json_auto) json_t *answer = NULL;
	struct address a = begin(cli, "/api/v1/audit/events");
	struct slice next;
	struct client *c;

	if (arguments_value(&cli->arguments, "format"))
		return fetch_export(cli, STDOUT_FILENO);
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		add(&a, own[i], arguments_value(&cli->arguments, own[i]));
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", a.path, NULL));
	TRY(output_table(cli, answer, "events",
			 "index at kind actor model right decision code id"));
	TRY(json_get_text_or(&next, answer, "next", S("")));
	if (!cli->json && next.size)
		printf("more entries: --cursor %.*s\n", SLICE_PRINT(next));
	return OK;
}

enum err command_audit_summary(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct address a = begin(cli, "/api/v1/audit/summary");
	struct client *c;

	add(&a, "by", cli_word(cli, 0));
	add(&a, "limit", arguments_value(&cli->arguments, "limit"));
	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", a.path, NULL));
	return output_table(cli, answer, "groups", "key count tokens bytes");
}

/* Under another name until it is whole. */
enum err command_audit_export_events(struct cli *cli)
{
	AUTO(file_close) int fd = -1;
	const char *path = cli_word(cli, 0);
	const char *part = arena_printf(&cli->arena, "%s.part", path);

	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return failure_errno("\"%s\" cannot be written", part);
	TRY(fetch_export(cli, fd));
	if (fsync(fd) != 0 || rename(part, path) != 0)
		return failure_errno("\"%s\" cannot be written", path);
	return output_done(cli, NULL, "the entries are in %s, and are all of them", path);
}

enum err command_audit_save(struct cli *cli)
{
	json_t *body = json_object_new(), *given = json_object_new();
	const char *kinds[MAX_KINDS], *value;
	const char *kind = "";
	struct client *c;
	size_t count = arguments_list(&cli->arguments, "kind", kinds, MAX_KINDS);

	for (size_t i = 0; i < FILTER_COUNT; i++) {
		value = arguments_value(&cli->arguments, filters[i]);
		if (value)
			json_put_text(given, filters[i], slice_of_string(value));
	}
	for (size_t i = 0; i < count; i++)
		kind = arena_printf(&cli->arena, "%s%s%s", kind, i ? "," : "", kinds[i]);
	if (count)
		json_put_text(given, "kind", slice_of_string(kind));
	json_put_text(body, "name", slice_of_string(cli_word(cli, 0)));
	json_put(body, "filters", given);
	TRY(cli_client(&c, cli));
	TRY(client_call(c, NULL, "POST", "/api/v1/audit/saved", body));
	return output_done(cli, NULL, "saved; any auditor can use it: --saved %s",
			   cli_word(cli, 0));
}

enum err command_audit_saved(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/audit/saved", NULL));
	return output_table(cli, answer, "saved", "name by created");
}

enum err command_audit_forget(struct cli *cli)
{
	struct client *c;
	const char *path = arena_printf(
		&cli->arena, "/api/v1/audit/saved/%s",
		client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));

	TRY(cli_client(&c, cli));
	TRY(client_call(c, NULL, "DELETE", path, NULL));
	return output_done(cli, NULL, "%s is removed", cli_word(cli, 0));
}
