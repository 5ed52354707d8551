/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit verify --license ID | --actor ID | --from FILE: is anything left out? The answer comes from
 * the gateway or from a file; what it proves, and what it does not, is said.
 */
#include "gateway/cli/audit_complete.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/complete.h"
#include "gateway/cli/output.h"
#include "gateway/cli/receipt.h"
#include "gateway/cli/trust.h"

enum { READ_AT_ONCE = 64 * 1024 };

/* Bytes become lines, and lines are judged. */
struct intake {
	struct complete *complete;
	struct arena *arena; /* for the head */
	struct buf line;     /* begun */
	int save_to;         /* -1: nowhere */
};

static enum err take(void *context, struct slice bytes)
{
	struct intake *in = context;
	struct slice piece, rest = bytes;

	if (in->save_to >= 0)
		TRY(file_write_all(in->save_to, bytes));
	while (rest.size) {
		bool is_whole = slice_cut(rest, '\n', &piece, &rest);

		buf_write(&in->line, piece);
		TRY(buf_done(&in->line));
		if (!is_whole)
			break;
		TRY(complete_line(in->complete, in->arena, buf_slice(&in->line)));
		buf_reset(&in->line);
	}
	return OK;
}

static enum err read_file(struct intake *in, const char *path)
{
	AUTO(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t bytes[READ_AT_ONCE];
	ssize_t got;

	if (fd < 0)
		return failure_errno("\"%s\" cannot be read", path);
	while ((got = read(fd, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			TRY(take(in, slice_of(bytes, (size_t)got)));
	return got < 0 ? failure_errno("\"%s\" cannot be read", path) : OK;
}

static enum err ask(struct intake *in, struct client *c, struct arena *arena, bool is_witnessed)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	const struct complete *complete = in->complete;
	struct client_request request = {
		.method = "GET", .sink = take, .sink_context = in, .silent_seconds = 120};

	request.path = arena_printf(
		arena, "/api/v1/audit/completeness?%s=%s%s",
		complete->subject == AUDIT_SUBJECT_LICENSE ? "license" : "actor",
		client_encode(arena, complete->id), is_witnessed ? "&witnessed=yes" : "");
	TRY(client_send(c, &answer, &request));
	return client_check(c, &answer);
}

/* ---- is it the log that was seen before? */

/* One of the two begins with the other; the proof is made of the log's own tiles. */
static enum err check_remembered(const struct complete *c, struct trust *t)
{
	uint64_t before = t->state.checkpoint.size;
	struct log_tiles tiles = {&t->from, before < c->size ? c->size : before};
	struct tile_source source = {log_fetch_tile, &tiles};
	struct merkle_proof proof;
	struct digest root;
	enum err result;

	if (!before || !c->size)
		return OK;
	memcpy(root.bytes, t->state.checkpoint.root, sizeof root.bytes);
	if (before <= c->size) {
		TRY(tile_consistency(&proof, &source, before, c->size));
		result = merkle_check_consistency(before, &root, c->size, &c->root, &proof);
	} else {
		TRY(tile_consistency(&proof, &source, c->size, before));
		result = merkle_check_consistency(c->size, &c->root, before, &root, &proof);
	}
	if (result == OK)
		return OK;
	return failure(ERR_CONFLICT,
		       "this is another log than the one seen before: its first %llu entries were "
		       "different (what is remembered stands in \"%s\")",
		       (unsigned long long)before, t->state_path);
}

/* ---- what else is known */

static uint64_t place_of(const struct receipt *r)
{
	return r->is_row ? audit_place_of_row(r->index, (uint32_t)r->row) : audit_place(r->index);
}

static enum err read_held(struct complete *c, struct cli *cli)
{
	const char *path = arguments_value(&cli->arguments, "receipt");
	AUTO(json_auto) json_t *json = NULL;
	struct receipt receipt;
	struct slice entry;

	if (!path)
		return OK;
	TRY(receipt_read(&json, &cli->arena, path));
	TRY(receipt_verify(&receipt, &cli->arena, json, S(""), c->vkey));
	TRY(json_get_text(&entry, receipt.is_row ? json_object_get(json, "row") : json, "entry"));
	c->held = (struct complete_held){.is_given = true,
					 .place = place_of(&receipt),
					 .entry = arena_copy(&cli->arena, entry)};
	return OK;
}

/* An answer kept from another day must hold by itself, too. */
static enum err read_earlier(struct complete *c, struct cli *cli)
{
	const char *path = arguments_value(&cli->arguments, "earlier");
	AUTO(complete_clear)
	struct complete before = {.subject = c->subject, .id = c->id, .vkey = c->vkey};
	struct intake in = {&before, &cli->arena, buf_new(COMPLETE_MAX_LINE), -1};
	enum err result;

	if (!path)
		return OK;
	result = read_file(&in, path);
	buf_free(&in.line);
	TRY(result);
	TRY(complete_end(&before));
	c->earlier = (struct complete_earlier){
		.is_given = true, .count = before.count, .last = before.last, .size = before.size};
	return OK;
}

/* ---- what was proved */

static void say_limits(const struct complete *c)
{
	printf("not proved, but the gateway's word: that none follows %s. It stands in the log "
	       "as\nentry %llu, and a receipt that it denies proves it false (--receipt, "
	       "--earlier).\n",
	       audit_place_name(c->last).text, (unsigned long long)c->stated_at);
	if (c->walk.bare)
		printf("the first %llu are from before entries named the one before: their number "
		       "alone is told.\n",
		       (unsigned long long)c->walk.bare);
	if (c->erased)
		printf("the payloads of %llu were erased, as entries of the log say: that they are "
		       "of this %s is told by %s.\n",
		       (unsigned long long)c->erased,
		       c->subject == AUDIT_SUBJECT_LICENSE ? "license" : "person",
		       c->is_last_erased ? "the gateway alone, for the last ones"
					 : "the entries that follow them");
}

static enum err print_complete(const struct cli *cli, const struct complete *c,
			       const struct trust *t)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	const char *of = c->subject == AUDIT_SUBJECT_LICENSE ? "license" : "actor";

	json_put_text(answer, "of", slice_of_string(of));
	json_put_text(answer, "id", c->id);
	json_put_int(answer, "count", (int64_t)c->count);
	json_put_int(answer, "size", (int64_t)c->size);
	json_put_text(answer, "last",
		      slice_of_string(c->count ? audit_place_name(c->last).text : ""));
	json_put_int(answer, "stated_at", (int64_t)c->stated_at);
	json_put_int(answer, "bare", (int64_t)c->walk.bare);
	json_put_int(answer, "erased", (int64_t)c->erased);
	if (t->witnessed.is_given)
		json_put_text(answer, "witnesses", slice_of_string(t->witnesses));
	TRY(output_done(cli, answer,
			"nothing is left out: %llu entries of the %s %.*s among the first %llu of "
			"the log\nproved: each is in the log, commits to what it says%s, and names "
			"the one before it, down to the first%s%s",
			(unsigned long long)c->count, of, SLICE_PRINT(c->id),
			(unsigned long long)c->size, c->erased ? " (but those erased)" : "",
			*t->witnesses ? "\ncosigned by: " : "", t->witnesses));
	if (!cli->json && c->count)
		say_limits(c);
	return OK;
}

/* ---- the command */

static enum err read_asked(struct complete *c, struct cli *cli)
{
	const char *license = arguments_value(&cli->arguments, "license");
	const char *actor = arguments_value(&cli->arguments, "actor");

	if (license && actor)
		return cli_usage(cli, "--license or --actor, not both");
	c->subject = license ? AUDIT_SUBJECT_LICENSE : AUDIT_SUBJECT_ACTOR;
	if (license || actor)
		c->id = slice_of_string(license ? license : actor);
	return OK;
}

/* Under another name until it is judged. */
static enum err open_copy(struct intake *in, const char **part, struct cli *cli)
{
	const char *path = arguments_value(&cli->arguments, "out");

	if (!path)
		return OK;
	*part = arena_printf(&cli->arena, "%s.part", path);
	in->save_to = open(*part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return in->save_to < 0 ? failure_errno("\"%s\" cannot be written", *part) : OK;
}

static enum err close_copy(const struct intake *in, const char *part, const struct cli *cli)
{
	const char *path = arguments_value(&cli->arguments, "out");

	if (in->save_to < 0)
		return OK;
	if (fsync(in->save_to) != 0 || rename(part, path) != 0)
		return failure_errno("\"%s\" cannot be written", path);
	return OK;
}

static enum err judge(struct intake *in, struct cli *cli, struct trust *t)
{
	const char *file = arguments_value(&cli->arguments, "from"), *part = NULL;
	struct complete *c = in->complete;

	c->vkey = slice_of_string(t->state.vkey);
	TRY(read_held(c, cli));
	TRY(read_earlier(c, cli));
	TRY(open_copy(in, &part, cli));
	TRY(file ? read_file(in, file)
		 : ask(in, t->from.client, &cli->arena, t->witnessed.is_given));
	TRY(complete_end(c));
	TRY(witnessed_check(&t->witnesses, &cli->arena, &t->witnessed, c->note));
	if (c->erased && arguments_flag(&cli->arguments, "whole"))
		return failure(ERR_DENIED,
			       "%llu of the %llu entries were erased, and --whole was "
			       "asked for",
			       (unsigned long long)c->erased, (unsigned long long)c->count);
	if (!file)
		TRY(check_remembered(c, t));
	return close_copy(in, part, cli);
}

enum err audit_complete(struct cli *cli)
{
	AUTO(trust_clear) struct trust trust = {0};
	AUTO(complete_clear) struct complete complete = {.id = S("")};
	struct intake in = {&complete, &cli->arena, buf_new(COMPLETE_MAX_LINE), -1};
	enum err result;

	TRY(read_asked(&complete, cli));
	if (arguments_value(&cli->arguments, "from"))
		TRY(trust_offline(&trust, cli, "--from"));
	else
		TRY(trust_begin(&trust, cli));
	result = judge(&in, cli, &trust);
	buf_free(&in.line);
	file_close(&in.save_to);
	TRY(result);
	if (trust.is_first)
		TRY(log_state_write(&trust.state, trust.state_path));
	return print_complete(cli, &complete, &trust);
}
