/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses: look, change their state, and check a saved one without any gateway. */
#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/license.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/license_check.h"
#include "gateway/cli/output.h"
#include "gateway/cli/sign_approval.h"

enum { LICENSES_MAX_FILE = 64 * 1024, LICENSES_MAX_DAYS = 36500 };

static const char *license_path(struct cli *cli, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/licenses/%s%s",
			    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))), act);
}

enum err command_license_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/licenses", NULL));
	return output_table(cli, answer, "licenses",
			    "id state person model rights plan not_before expires");
}

enum err command_license_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(buf_free) struct buf text = buf_new(LICENSES_MAX_FILE);
	const char *out = arguments_value(&cli->arguments, "out");
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", license_path(cli, ""), NULL));
	if (out) {
		TRY(json_write_canonical(&text, answer));
		buf_write(&text, S("\n"));
		TRY(buf_done(&text));
		TRY(file_write_atomic(AT_FDCWD, out, buf_slice(&text), 0644));
	}
	return output_object(cli, answer, "id state plan document signature key");
}

/* `cut` may be NULL: nothing was withdrawn. */
static void print_cut(const json_t *cut)
{
	int64_t edges = 0, lapsed = 0;

	if (!cut || json_get_int_or(&edges, cut, "edges", 0) != OK ||
	    json_get_int_or(&lapsed, cut, "lapsed", 0) != OK)
		return;
	printf("what ran on it has ended, in %lld of %lld edges\n", (long long)(edges - lapsed),
	       (long long)edges);
	if (lapsed)
		printf("the others are silent, and may serve nothing any more\n");
}

static enum err change(struct cli *cli, const char *act)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason;
	json_t *body;
	struct client *c;

	TRY(cli_need(&reason, cli, "reason"));
	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", license_path(cli, act), body));
	TRY(output_object(cli, answer, "id state"));
	if (!cli->json)
		print_cut(json_object_get(answer, "cut"));
	return OK;
}

enum err command_license_revoke(struct cli *cli)
{
	return change(cli, "/revoke");
}

enum err command_license_suspend(struct cli *cli)
{
	return change(cli, "/suspend");
}

enum err command_license_reinstate(struct cli *cli)
{
	return change(cli, "/reinstate");
}

/* Where there are approvers: what lasts longer was not approved so far. */
static enum err sign_renewal(json_t *body, bool *is_kept, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct approvers_mode mode;
	struct slice statement;

	*is_kept = false;
	TRY(approvers_mode_get(&mode, &cli->arena, c, ""));
	if (!mode.is_signed)
		return OK;
	TRY(client_call(c, &answer, "POST", license_path(cli, "/statement"), json_deep_copy(body)));
	TRY(json_get_text(&statement, answer, "statement"));
	return sign_approval_put(body, is_kept, cli, c, statement);
}

enum err command_license_renew(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	AUTO(json_auto) json_t *body = json_object_new();
	uint64_t days = 365;
	bool is_kept;
	struct client *c;

	TRY(arguments_number(&days, &cli->arguments, "days", LICENSES_MAX_DAYS));
	TRY(cli_client(&c, cli));
	json_put_int(body, "expires_days", (int64_t)days);
	TRY(sign_renewal(body, &is_kept, cli, c));
	if (is_kept)
		return output_done(cli, NULL, "signed; nothing was sent");
	TRY(client_call(c, &answer, "POST", license_path(cli, "/renew"), json_incref(body)));
	return output_object(cli, answer, "id state");
}

static enum err read_bytes(void *out, size_t size, struct slice base64, const char *what)
{
	AUTO(buf_free) struct buf bytes = buf_new(LICENSES_MAX_FILE);

	if (text_read_base64(&bytes, base64, TEXT_BASE64) != OK || bytes.size != size)
		return failure(ERR_FORMAT, "%s: base64 of %zu bytes is expected", what, size);
	memcpy(out, bytes.data, size);
	return OK;
}

static enum err verify_file(struct license *out, json_t **file, struct cli *cli, struct slice text,
			    const char *key)
{
	uint8_t signature[SIGN_SIGNATURE], public_key[SIGN_PUBLIC];
	struct slice document, base64;

	TRY(json_read(file, text, LICENSES_MAX_FILE));
	TRY(json_get_text(&document, *file, "document"));
	TRY(json_get_text(&base64, *file, "signature"));
	TRY(read_bytes(signature, sizeof signature, base64, "signature"));
	TRY(read_bytes(public_key, sizeof public_key, slice_of_string(key), "--key"));
	return license_verify(out, &cli->arena, document, signature, public_key);
}

/* One that was taken along: with the log's key, too. */
static enum err verify_taken(struct cli *cli, struct slice text, const char *key)
{
	struct license_trust trust = {.recipient = arguments_value(&cli->arguments, "for")};
	struct license_checked *checked = arena_alloc(&cli->arena, sizeof *checked);
	char until[CLOCK_TEXT];

	TRY(cli_need(&trust.vkey, cli, "vkey"));
	TRY(read_bytes(trust.license_key, SIGN_PUBLIC, slice_of_string(key), "--key"));
	TRY(license_check_file(checked, &cli->arena, text, &trust, clock_now_ms()));
	clock_text(until, checked->checkout.expires_ms);
	return output_done(cli, NULL,
			   "good: license for %.*s, lent to %.*s until %s (its state since then is "
			   "at %.*s, place %lld)",
			   SLICE_PRINT(checked->license.model),
			   SLICE_PRINT(checked->checkout.recipient), until,
			   SLICE_PRINT(checked->checkout.status_uri),
			   (long long)checked->checkout.status_index);
}

/* The key comes from elsewhere: a license that vouches for its own key proves nothing. */
enum err command_license_verify(struct cli *cli)
{
	AUTO(json_auto) json_t *file = NULL;
	AUTO(buf_free) struct buf text = buf_new(LICENSE_FILE_MAX);
	struct license license;
	char from[CLOCK_TEXT], until[CLOCK_TEXT];
	const char *key;
	int64_t now = clock_now_ms();

	TRY(cli_need(&key, cli, "key"));
	TRY(file_read(&text, AT_FDCWD, cli_word(cli, 0)));
	if (slice_starts_with(buf_slice(&text), S(LICENSE_FILE_BEGIN)))
		return verify_taken(cli, buf_slice(&text), key);
	TRY(verify_file(&license, &file, cli, buf_slice(&text), key));
	clock_text(from, license.not_before_ms);
	clock_text(until, license.expires_ms);
	if (!license_is_current(&license, now))
		return failure(ERR_EXPIRED,
			       "the signature is good, but the license counts from %s "
			       "until %s",
			       from, until);
	return output_done(cli, file,
			   "good: license for %.*s, from %s until %s (whether it was revoked since "
			   "is known to the gateway only)",
			   SLICE_PRINT(license.model), from, until);
}
