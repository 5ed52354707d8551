/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/sign_approval.h"

#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/cli/output.h"

enum { SIGN_MAX_FILE = 2 * APPROVAL_MAX };

enum err approvers_mode_get(struct approvers_mode *out, struct arena *arena, struct client *c,
			    const char *model)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice mode, gateway;

	TRY(client_call(c, &answer, "GET",
			arena_printf(arena, "/api/v1/approvers?model=%s",
				     client_encode(arena, slice_of_string(model))),
			NULL));
	TRY(json_get_text(&mode, answer, "mode"));
	TRY(json_get_text(&gateway, answer, "gateway"));
	out->is_signed = slice_equal(mode, S("signed"));
	out->gateway = arena_string(arena, gateway);
	return OK;
}

enum err sign_approval_compose(struct buf *out, const struct approvers_mode *mode, const char *kind,
			       const json_t *subject)
{
	struct approval a = {slice_of_string(kind), slice_of_string(mode->gateway), clock_now_ms()};

	return approval_write(out, &a, subject);
}

enum err sign_approval_make(json_t **out, const struct sign_key *key, const char *key_id,
			    struct slice statement)
{
	AUTO(buf_free) struct buf text = buf_new(2 * SIGN_SIGNATURE);
	uint8_t signature[SIGN_SIGNATURE];

	sign_make_in(APPROVAL_DOMAIN, key, statement, signature);
	text_write_base64(&text, slice_of(signature, sizeof signature), TEXT_BASE64);
	TRY(buf_done(&text));
	*out = json_object_new();
	json_put_text(*out, "key_id", slice_of_string(key_id));
	json_put_text(*out, "sig", buf_slice(&text));
	json_put_text(*out, "statement", statement);
	return OK;
}

/* Nobody signs what was not shown: one line a member, as it will be signed. */
static enum err show(struct slice statement)
{
	AUTO(json_auto) json_t *whole = NULL;
	AUTO(json_auto) json_t *subject = NULL;
	struct approval a;
	const char *name;
	json_t *value;

	TRY(approval_parse(&a, &whole, &subject, statement));
	fprintf(stderr, "--- to be signed: %.*s\n", SLICE_PRINT(a.kind));
	json_object_foreach(whole, name, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

		fprintf(stderr, "%-14s ", name);
		output_text(stderr, slice_of_string(text ? text : ""));
		fprintf(stderr, "\n");
		free(text);
	}
	fprintf(stderr, "---\n");
	return OK;
}

static enum err read_others(json_t *list, const struct cli *cli)
{
	const char *files[APPROVAL_MAX_KEYS];
	size_t count = arguments_list(&cli->arguments, "with", files, APPROVAL_MAX_KEYS);

	for (size_t i = 0; i < count; i++) {
		AUTO(buf_free) struct buf text = buf_new(SIGN_MAX_FILE);
		json_t *one = NULL;

		TRY(file_read(&text, AT_FDCWD, files[i]));
		TRY(json_read(&one, buf_slice(&text), SIGN_MAX_FILE));
		json_push(list, one);
	}
	return OK;
}

static enum err keep(const char *path, const json_t *approval)
{
	AUTO(buf_free) struct buf text = buf_new(SIGN_MAX_FILE);

	TRY(json_write_canonical(&text, approval));
	buf_write(&text, S("\n"));
	TRY(buf_done(&text));
	return file_write_atomic(AT_FDCWD, path, buf_slice(&text), 0644);
}

static enum err sign_own(json_t **out, struct cli *cli, struct client *c, struct slice statement)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	const char *key_id;

	TRY(user_key_read(&key, &cli->arena, arguments_value(&cli->arguments, "key-file")));
	TRY(user_key_find(&key_id, &cli->arena, c, key));
	return sign_approval_make(out, key, key_id, statement);
}

enum err sign_approval_put(json_t *body, bool *is_kept, struct cli *cli, struct client *c,
			   struct slice statement)
{
	const char *out = arguments_value(&cli->arguments, "out");
	json_t *approval = NULL, *list;

	TRY(show(statement));
	if (!arguments_flag(&cli->arguments, "yes"))
		return failure(ERR_DENIED, "nothing was sent: read the statement above, and say "
					   "--yes to sign it");
	TRY(sign_own(&approval, cli, c, statement));
	list = json_array_new();
	json_push(list, approval);
	json_put(body, "approvals", list);
	*is_kept = out != NULL;
	return out ? keep(out, approval) : read_others(list, cli);
}

static enum err put_and_send(json_t **answer, struct cli *cli, struct client *c,
			     const struct approvers_mode *mode, const struct signed_act *act)
{
	AUTO(buf_free) struct buf statement = buf_new(APPROVAL_MAX);
	bool is_kept = false;

	if (mode->is_signed) {
		TRY(sign_approval_compose(&statement, mode, act->kind, act->subject));
		TRY(sign_approval_put(act->body, &is_kept, cli, c, buf_slice(&statement)));
	}
	if (is_kept)
		return OK;
	return client_call(c, answer, act->method, act->path, json_incref(act->body));
}

static void act_clear(struct signed_act *act)
{
	json_free(act->subject);
	json_free(act->body);
}

enum err sign_approval_act(json_t **answer, struct cli *cli, struct signed_act given)
{
	AUTO(act_clear) struct signed_act act = given;
	struct approvers_mode mode;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(approvers_mode_get(&mode, &cli->arena, c, act.model));
	TRY(put_and_send(answer, cli, c, &mode, &act));
	if (!*answer)
		TRY(output_done(cli, NULL,
				"signed; nothing was sent. Give the file to who sends "
				"it (--with)"));
	return OK;
}
