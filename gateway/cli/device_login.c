/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/device_login.h"

#include <stdio.h>
#include <time.h>

#include "gateway/cli/output.h"

enum { MOST_SECONDS = 600, SLOWER_SECONDS = 5 };

static enum err post(struct client_answer *answer, struct client *c, const char *path,
		     const char *form)
{
	const struct client_request request = {
		.method = "POST",
		.path = path,
		.content_type = "application/x-www-form-urlencoded",
		.body = slice_of_string(form),
		.is_anonymous = true,
	};

	return client_send(c, answer, &request);
}

static enum err begin(json_t **out, struct client *c)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();

	TRY(post(&answer, c, "/oauth/device", "client_id=sallyport"));
	TRY(client_check(c, &answer));
	return json_read(out, buf_slice(&answer.body), CLIENT_MAX_URL * 4);
}

static enum err tell(const json_t *begun)
{
	struct slice where, code;

	TRY(json_get_text(&where, begun, "verification_uri"));
	TRY(json_get_text(&code, begun, "user_code"));
	fputs("Open ", stderr);
	output_text(stderr, where);
	fputs(" and type the code ", stderr);
	output_text(stderr, code);
	fputs("\n", stderr);
	return OK;
}

/* One question; *token stays NULL while nobody has answered, and *interval may grow. */
static enum err ask(const char **token, int64_t *interval, struct cli *cli, struct client *c,
		    const char *form)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(json_auto) json_t *object = NULL;
	struct slice text, why;

	TRY(post(&answer, c, "/oauth/token", form));
	if (answer.status != 200 && answer.status != 400)
		return client_check(c, &answer);
	TRY(json_read(&object, buf_slice(&answer.body), CLIENT_MAX_URL * 4));
	TRY(json_get_text_or(&text, object, "access_token", S("")));
	if (text.size) {
		*token = arena_string(&cli->arena, text);
		return OK;
	}
	TRY(json_get_text(&text, object, "error"));
	if (slice_equal(text, S("authorization_pending")))
		return OK;
	if (slice_equal(text, S("slow_down"))) {
		*interval += SLOWER_SECONDS;
		return OK;
	}
	TRY(json_get_text_or(&why, object, "error_description", text));
	return failure(slice_equal(text, S("expired_token")) ? ERR_EXPIRED : ERR_DENIED, "%.*s",
		       SLICE_PRINT(why));
}

enum err device_login(const char **token, struct cli *cli, const char *url, const char *ca)
{
	AUTO(client_auto) struct client *c = NULL;
	AUTO(json_auto) json_t *begun = NULL;
	struct slice code;
	int64_t interval;
	const char *form;

	*token = NULL;
	TRY(client_new(&c, url, ca, NULL));
	TRY(begin(&begun, c));
	TRY(tell(begun));
	TRY(json_get_text(&code, begun, "device_code"));
	TRY(json_get_int_or(&interval, begun, "interval", SLOWER_SECONDS));
	form = arena_printf(&cli->arena,
			    "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Adevice_code"
			    "&client_id=sallyport&device_code=%s",
			    client_encode(&cli->arena, code));
	while (!*token) {
		struct timespec wait;

		if (interval < 1 || interval > MOST_SECONDS)
			return failure(ERR_FORMAT, "the gateway gives no sensible interval");
		wait = (struct timespec){.tv_sec = (time_t)interval};
		nanosleep(&wait, NULL); /* a signal ends the program */
		TRY(ask(token, &interval, cli, c, form));
	}
	return OK;
}
