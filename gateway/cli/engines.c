/* SPDX-License-Identifier: Apache-2.0 */
/* Models in service: what engines do, pins, unloading. */
#include <stdio.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/progress.h"

static const char *address_of(struct cli *cli, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/models/%s%s",
			    client_encode_path(&cli->arena, slice_of_string(cli_word(cli, 0))),
			    act);
}

/* "64.0 MB of 536.9 MB" while it loads; of all others, what memory is theirs. */
static enum err put_amounts(json_t *engine)
{
	char done[PROGRESS_AMOUNT], total[PROGRESS_AMOUNT];
	char text[2 * PROGRESS_AMOUNT + 8];
	int64_t done_bytes, total_bytes, memory;

	TRY(json_get_int_or(&done_bytes, engine, "loaded_bytes", 0));
	TRY(json_get_int_or(&total_bytes, engine, "total_bytes", 0));
	TRY(json_get_int_or(&memory, engine, "memory_bytes", 0));
	progress_amount(done, (double)done_bytes);
	progress_amount(total, (double)total_bytes);
	snprintf(text, sizeof text, "%s of %s", done, total);
	json_put_text(engine, "loaded", slice_of_string(total_bytes ? text : ""));
	progress_amount(done, (double)memory);
	json_put_text(engine, "memory", slice_of_string(memory ? done : ""));
	return OK;
}

static enum err print_memory(const json_t *answer)
{
	char free_text[PROGRESS_AMOUNT], limit_text[PROGRESS_AMOUNT];
	const json_t *memory;
	int64_t limit, left;

	TRY(json_get_object(&memory, answer, "memory"));
	TRY(json_get_int(&limit, memory, "limit_bytes"));
	TRY(json_get_int(&left, memory, "free_bytes"));
	progress_amount(free_text, (double)left);
	progress_amount(limit_text, (double)limit);
	printf("%s of %s are free\n", free_text, limit_text);
	return OK;
}

enum err command_engines(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *engines;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", "/api/v1/engines", NULL));
	if (cli->json)
		return output_json(answer);
	TRY(json_get_array(&engines, answer, "engines"));
	for (size_t i = 0; i < json_array_size(engines); i++)
		TRY(put_amounts(json_array_get(engines, i)));
	TRY(output_table(cli, answer, "engines",
			 "slot state model revision loaded memory sequences pinned last_used"));
	return print_memory(answer);
}

static enum err change(struct cli *cli, const char *method, const char *act, json_t *body,
		       const char *what)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, method, address_of(cli, act), body));
	return output_done(cli, answer, "%s %s", cli_word(cli, 0), what);
}

enum err command_model_pin(struct cli *cli)
{
	const char *reason = arguments_value(&cli->arguments, "reason");
	json_t *body = json_object_new();

	json_put_text(body, "reason", slice_of_string(reason ? reason : ""));
	return change(cli, "PUT", "/pin", body, "is pinned: it is loaded now, and stays");
}

enum err command_model_quantize(struct cli *cli)
{
	json_t *body = json_object_new();

	json_put_text(body, "quantize", slice_of_string(cli_word(cli, 1)));
	return change(cli, "PUT", "/quantize", body, "will be kept so when it is loaded again");
}

enum err command_model_unpin(struct cli *cli)
{
	return change(cli, "DELETE", "/pin", NULL,
		      "is pinned no more: it goes when its memory is needed");
}

enum err command_model_unload(struct cli *cli)
{
	bool is_cut = arguments_flag(&cli->arguments, "cut");
	json_t *body = json_object_new();

	json_put_text(body, "running", is_cut ? S("cut") : S("wait"));
	return change(cli, "POST", "/unload", body,
		      is_cut ? "is out of memory: what used it is cut off"
			     : "leaves memory when those who use it now are done");
}
