/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters: bring one for a model, look at them, have one reviewed, take one away. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"

#define COLUMNS "id name owner state rank size usable"
#define FIELDS \
	"id model name call_as owner state reason summary rank products memory_bytes size sha256 " \
	"checked_with reviewed_by usable obstacle changed"

static const char *adapters_of(struct cli *cli, struct slice model)
{
	return arena_printf(&cli->arena, "/api/v1/models/%s/adapters",
			    client_encode_path(&cli->arena, model));
}

static const char *address_of(struct cli *cli, struct slice id, const char *act)
{
	return arena_printf(&cli->arena, "/api/v1/adapters/%s%s", client_encode(&cli->arena, id),
			    act);
}

/* One's own comes first, as in calls; of several that are others' the id must be given. */
static enum err find_id(struct slice *out, struct cli *cli, const json_t *adapters,
			struct slice name)
{
	size_t found = 0;
	bool yours = false;

	for (size_t i = 0; i < json_array_size(adapters) && !yours; i++) {
		const json_t *one = json_array_get(adapters, i);
		struct slice called, id;

		TRY(json_get_text(&called, one, "name"));
		if (!slice_equal(called, name))
			continue;
		TRY(json_get_text(&id, one, "id"));
		TRY(json_get_bool_or(&yours, one, "yours", false));
		*out = arena_copy(&cli->arena, id);
		found++;
	}
	if (found == 0)
		return failure(ERR_NOT_FOUND, "there is no adapter \"%.*s\"", SLICE_PRINT(name));
	if (found > 1 && !yours)
		return failure(ERR_CONFLICT, "%zu adapters are called \"%.*s\": name one by its id",
			       found, SLICE_PRINT(name));
	return OK;
}

/* "ns/name:adapter", or an id. */
static enum err read_id(struct slice *out, struct cli *cli, struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *adapters;
	struct slice model, name;

	*out = slice_of_string(cli_word(cli, 0));
	if (!slice_cut(*out, ':', &model, &name))
		return OK;
	TRY(client_call(c, &answer, "GET", adapters_of(cli, model), NULL));
	TRY(json_get_array(&adapters, answer, "adapters"));
	return find_id(out, cli, adapters, name);
}

static enum err send_file(struct client *c, const char *address, int directory, const char *file)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(file_close) int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct client_request request = {
		.method = "PUT", .path = address, .content_type = "application/octet-stream"};
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return failure(ERR_NOT_FOUND, "%s is not a file there", file);
	if (status.st_size == 0)
		return failure(ERR_FORMAT, "%s is empty", file);
	request.upload_fd = fd;
	request.upload_size = (uint64_t)status.st_size;
	TRY(client_send(c, &answer, &request));
	return client_check(c, &answer);
}

static enum err send_files(struct cli *cli, struct client *c, struct slice id)
{
	static const char *const files[] = {"adapter_config.json", "adapter_model.safetensors"};
	AUTO(file_close) int directory = open(cli_word(cli, 1), O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return failure_errno("%s: cannot be opened", cli_word(cli, 1));
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *address = address_of(cli, id,
						 arena_printf(&cli->arena, "/files/%s", files[i]));

		TRY(send_file(c, address, directory, files[i]));
	}
	return OK;
}

/* Without --name it is called as its directory is. */
static struct slice name_of(struct cli *cli)
{
	const char *name = arguments_value(&cli->arguments, "name");
	struct slice path = slice_of_string(cli_word(cli, 1)), head, rest;

	if (name)
		return slice_of_string(name);
	while (path.size > 1 && path.data[path.size - 1] == '/')
		path.size--;
	while (slice_cut(path, '/', &head, &rest))
		path = rest;
	return path;
}

static enum err say_checked(struct cli *cli, const json_t *adapter)
{
	struct slice state, reason;

	TRY(json_get_text(&state, adapter, "state"));
	TRY(json_get_text_or(&reason, adapter, "reason", S("")));
	if (slice_equal(state, S("refused")))
		return failure(ERR_UNSUPPORTED, "refused: %.*s", SLICE_PRINT(reason));
	return output_object(cli, adapter, FIELDS);
}

enum err command_adapter_upload(struct cli *cli)
{
	AUTO(json_auto) json_t *made = NULL;
	AUTO(json_auto) json_t *checked = NULL;
	const char *summary = arguments_value(&cli->arguments, "summary");
	struct client *c;
	struct slice id;
	json_t *body;

	TRY(cli_client(&c, cli));
	body = json_object_new();
	json_put_text(body, "name", name_of(cli));
	json_put_text(body, "summary", slice_of_string(summary ? summary : ""));
	TRY(client_call(c, &made, "POST", adapters_of(cli, slice_of_string(cli_word(cli, 0))),
			body));
	TRY(json_get_text(&id, made, "id"));
	TRY(send_files(cli, c, id));
	TRY(client_call(c, &checked, "POST", address_of(cli, id, "/validate"), json_object_new()));
	return say_checked(cli, checked);
}

enum err command_adapter_list(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(client_call(c, &answer, "GET", adapters_of(cli, slice_of_string(cli_word(cli, 0))),
			NULL));
	return output_table(cli, answer, "adapters", COLUMNS);
}

enum err command_adapter_show(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct client *c;
	struct slice id;

	TRY(cli_client(&c, cli));
	TRY(read_id(&id, cli, c));
	TRY(client_call(c, &answer, "GET", address_of(cli, id, ""), NULL));
	return output_object(cli, answer, FIELDS);
}

static enum err act(struct cli *cli, const char *verb)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason = arguments_value(&cli->arguments, "reason");
	struct client *c;
	struct slice id;
	json_t *body;

	TRY(cli_client(&c, cli));
	TRY(read_id(&id, cli, c));
	body = json_object_new();
	if (reason)
		json_put_text(body, "reason", slice_of_string(reason));
	TRY(client_call(c, &answer, "POST", address_of(cli, id, verb), body));
	return output_object(cli, answer, "call_as state reason reviewed_by");
}

enum err command_adapter_submit(struct cli *cli)
{
	return act(cli, "/submit");
}

enum err command_adapter_withdraw(struct cli *cli)
{
	return act(cli, "/withdraw");
}

enum err command_adapter_approve(struct cli *cli)
{
	return act(cli, "/approve");
}

enum err command_adapter_reject(struct cli *cli)
{
	return act(cli, "/reject");
}

enum err command_adapter_delete(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *reason = arguments_value(&cli->arguments, "reason");
	const char *query = "";
	struct client *c;
	struct slice id;

	if (reason)
		query = arena_printf(&cli->arena, "?reason=%s",
				     client_encode(&cli->arena, slice_of_string(reason)));
	TRY(cli_client(&c, cli));
	TRY(read_id(&id, cli, c));
	TRY(client_call(c, &answer, "DELETE", address_of(cli, id, query), NULL));
	return output_done(cli, answer, "deleted: its key is destroyed");
}
