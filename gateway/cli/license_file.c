/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses taken along: the file is fetched. license_check.c checks it. */
#include "crypto/license_file.h"

#include <fcntl.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

enum err command_license_checkout(struct cli *cli)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(json_auto) json_t *body = json_object_new();
	AUTO(buf_free) struct buf text = buf_new(1024);
	const char *key = arguments_value(&cli->arguments, "key-id"), *out;
	struct client_request request = {.method = "POST", .content_type = "application/json"};
	uint64_t days = LICENSE_CHECKOUT_DAYS;
	struct client *c;

	TRY(cli_need(&out, cli, "out"));
	TRY(arguments_number(&days, &cli->arguments, "days", LICENSE_CHECKOUT_MAX_DAYS));
	TRY(cli_client(&c, cli));
	json_put_int(body, "days", (int64_t)days);
	if (key)
		json_put_text(body, "key_id", slice_of_string(key));
	TRY(json_write_canonical(&text, body));
	request.body = buf_slice(&text);
	request.path = arena_printf(&cli->arena, "/api/v1/licenses/%s/checkout",
				    client_encode(&cli->arena, slice_of_string(cli_word(cli, 0))));
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	TRY(file_write_atomic(AT_FDCWD, out, buf_slice(&answer.body), 0600));
	return output_done(cli, NULL, "saved; check it with: sallyport license verify %s", out);
}
