/* SPDX-License-Identifier: Apache-2.0 */
/* The log for auditors: recompute it, prove one entry, take a copy. */
#include "gateway/cli/audit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/cli/audit_complete.h"
#include "gateway/cli/audit_report.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/log_before.h"
#include "gateway/cli/output.h"
#include "gateway/cli/trust.h"

enum { AUDIT_RECEIPT_TRIES = 60, AUDIT_RECEIPT_WAIT_MS = 250 };

static enum err list_events(struct cli *cli, const char *path, const char *list,
			    const char *columns, const char *const *filters, size_t filter_count)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice next;
	struct client *c;
	char sign = '?';

	TRY(cli_client(&c, cli));
	for (size_t i = 0; i < filter_count; i++) {
		const char *value = arguments_value(&cli->arguments, filters[i]);

		if (!value)
			continue;
		path = arena_printf(&cli->arena, "%s%c%s=%s", path, sign, filters[i],
				    client_encode(&cli->arena, slice_of_string(value)));
		sign = '&';
	}
	TRY(client_call(c, &answer, "GET", path, NULL));
	TRY(output_table(cli, answer, list, columns));
	TRY(json_get_text_or(&next, answer, "next", S("")));
	if (!cli->json && next.size)
		printf("older entries: --cursor %.*s\n", SLICE_PRINT(next));
	return OK;
}

/* Files of one's own are read by all cores; a connection is one thread's. */
static unsigned threads_for(const struct trust *t)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return t->from.client || cores < 1 ? 1 : (unsigned)cores;
}

/* `remembered` NULL: nothing is. */
static enum err verify(struct audit_verified *out, struct trust *t, struct arena *arena,
		       const struct audit_remembered *remembered)
{
	struct audit_source source = {.fetch = log_fetch,
				      .context = &t->from,
				      .threads = threads_for(t),
				      .vkey = slice_of_string(t->state.vkey)};
	char why[FAILURE_MAX_TEXT];
	enum err result;

	t->from.policy = t->witnessed.is_given ? &t->witnessed.policy : NULL;
	t->from.least = remembered ? remembered->size : 0;
	result = audit_verify(out, &source, remembered);
	if (result != OK && !t->is_first) {
		snprintf(why, sizeof why, "%s", failure_text());
		return failure(result, "%.300s (what is remembered of this log stands in \"%s\")",
			       why, t->state_path);
	}
	TRY(result);
	return witnessed_check(&t->witnesses, arena, &t->witnessed, buf_slice(&t->from.checkpoint));
}

static enum err remember(struct trust *t, const struct audit_verified *out)
{
	t->state.checkpoint.size = out->size;
	memcpy(t->state.checkpoint.root, out->root, sizeof out->root);
	return log_state_write(&t->state, t->state_path);
}

static enum err print_verified(const struct cli *cli, const struct trust *t,
			       const struct audit_verified *v, uint64_t before,
			       const struct log_before *old)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	AUTO(buf_free) struct buf root = buf_new(128);

	text_write_base64(&root, slice_of(v->root, sizeof v->root), TEXT_BASE64);
	json_put_int(answer, "size", (int64_t)v->size);
	json_put_text(answer, "root", buf_slice(&root));
	json_put_text(answer, "vkey", slice_of_string(t->state.vkey));
	json_put_int(answer, "remembered", (int64_t)before);
	json_put_bool(answer, "first", t->is_first);
	log_before_describe(old, answer);
	if (t->witnessed.is_given)
		json_put_text(answer, "witnesses", slice_of_string(t->witnesses));
	TRY(output_done(cli, answer,
			"the log verifies: %llu entries, root %s\n%llu tiles and %llu bundles were "
			"recomputed; it continues the %llu entries seen before",
			(unsigned long long)v->size, buf_string(&root),
			(unsigned long long)v->tiles, (unsigned long long)v->bundles,
			(unsigned long long)before));
	if (!cli->json && t->witnessed.is_given)
		printf("cosigned by: %s\n", *t->witnesses ? t->witnesses : "nobody");
	if (!cli->json && t->is_first && !arguments_value(&cli->arguments, "vkey") &&
	    !t->witnessed.vkey)
		printf("its key was taken on first sight; compare it with what its operator "
		       "publishes:\n%s\n",
		       t->state.vkey);
	return OK;
}

enum err command_audit_verify(struct cli *cli)
{
	AUTO(trust_clear) struct trust trust = {0};
	struct audit_verified verified;
	const struct audit_remembered *remembered;
	struct log_before old;
	uint64_t before;

	if (cli_word(cli, 0))
		return audit_verify_report(cli, cli_word(cli, 0));
	if (arguments_value(&cli->arguments, "license") ||
	    arguments_value(&cli->arguments, "actor") || arguments_value(&cli->arguments, "from"))
		return audit_complete(cli);
	TRY(trust_begin(&trust, cli));
	TRY(log_before_read(&old, cli, &trust));
	remembered = log_before_remembered(&old);
	before = remembered ? remembered->size : 0;
	TRY(verify(&verified, &trust, &cli->arena, remembered));
	TRY(log_before_compare(&old, verified.size));
	TRY(remember(&trust, &verified));
	TRY(print_verified(cli, &trust, &verified, before, &old));
	if (!cli->json)
		log_before_print(&old);
	return OK;
}

enum err audit_fetch_receipt_at(json_t **out, struct client *c, const char *path)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct client_request request = {.method = "GET", .path = path};

	for (int i = 0; i < AUDIT_RECEIPT_TRIES; i++) {
		TRY(client_send(c, &answer, &request));
		TRY(client_check(c, &answer));
		if (answer.status != 202)
			return json_read(out, buf_slice(&answer.body), RECEIPT_MAX_FILE);
		poll(NULL, 0, AUDIT_RECEIPT_WAIT_MS);
	}
	return failure(ERR_TIMEOUT, "the entry is not published yet; ask again later");
}

enum err audit_fetch_receipt(json_t **out, struct arena *arena, struct client *c, const char *event)
{
	return audit_fetch_receipt_at(out, c,
				      arena_printf(arena, "/api/v1/receipts/%s",
						   client_encode(arena, slice_of_string(event))));
}

static enum err print_receipt(struct cli *cli, const json_t *receipt, const struct receipt *r,
			      const char *witnesses)
{
	const char *row = r->is_row ? arena_printf(&cli->arena, "row %llu of ",
						   (unsigned long long)r->row)
				    : "";

	return output_done(
		cli, receipt, "the receipt holds: %sentry %llu of %llu, %.*s at %.*s%s%s\n%.*s",
		row, (unsigned long long)r->index, (unsigned long long)r->size,
		SLICE_PRINT(r->kind), SLICE_PRINT(r->time), *witnesses ? ", cosigned by " : "",
		witnesses,
		SLICE_PRINT(r->payload.size ? r->payload : S("(its payload is not here)")));
}

/* A file, a key, and nobody asked. */
static enum err verify_offline(struct cli *cli)
{
	AUTO(trust_clear) struct trust trust = {0};
	AUTO(json_auto) json_t *receipt = NULL;
	struct receipt verified;

	TRY(trust_offline(&trust, cli, "--offline"));
	TRY(receipt_read(&receipt, &cli->arena, cli_word(cli, 0)));
	TRY(receipt_verify(&verified, &cli->arena, receipt, S(""),
			   slice_of_string(trust.state.vkey)));
	TRY(witnessed_check_receipt(&trust.witnesses, &cli->arena, &trust.witnessed, receipt));
	return print_receipt(cli, receipt, &verified, trust.witnesses);
}

enum err command_audit_receipt(struct cli *cli)
{
	AUTO(json_auto) json_t *receipt = NULL;
	const char *event = cli_word(cli, 0), *out = arguments_value(&cli->arguments, "out");
	AUTO(trust_clear) struct trust trust = {0};
	struct receipt verified;

	if (arguments_flag(&cli->arguments, "offline"))
		return verify_offline(cli);
	TRY(trust_begin(&trust, cli));
	TRY(audit_fetch_receipt(&receipt, &cli->arena, trust.from.client, event));
	TRY(receipt_verify(&verified, &cli->arena, receipt, slice_of_string(event),
			   slice_of_string(trust.state.vkey)));
	TRY(witnessed_check_receipt(&trust.witnesses, &cli->arena, &trust.witnessed, receipt));
	if (trust.is_first)
		TRY(log_state_write(&trust.state, trust.state_path));
	if (out)
		TRY(receipt_save(receipt, &cli->arena, out));
	return print_receipt(cli, receipt, &verified, trust.witnesses);
}

enum err command_audit_receipts(struct cli *cli)
{
	static const char *const filters[] = {"from", "to", "limit", "cursor"};

	return list_events(cli, "/api/v1/receipts", "receipts",
			   "index at kind model right decision id", filters,
			   sizeof filters / sizeof filters[0]);
}

/* Verified while it is copied: a copy of a bad log is not left as if it were good. */
enum err command_audit_export(struct cli *cli)
{
	AUTO(file_close) int dir = -1;
	AUTO(trust_clear) struct trust trust = {0};
	struct audit_verified verified;

	TRY(trust_begin(&trust, cli));
	TRY(file_make_directory(AT_FDCWD, cli_word(cli, 0), 0755));
	TRY(file_open_directory(&dir, AT_FDCWD, cli_word(cli, 0)));
	TRY(file_write_atomic(dir, "vkey", slice_of_string(trust.state.vkey), 0644));
	trust.from.save_to = dir;
	TRY(verify(&verified, &trust, &cli->arena, &trust.state.checkpoint));
	TRY(remember(&trust, &verified));
	return output_done(cli, NULL,
			   "%llu entries are copied to %s, and verify; sallyport audit verify "
			   "--dir %s does it again",
			   (unsigned long long)verified.size, cli_word(cli, 0), cli_word(cli, 0));
}
