/* SPDX-License-Identifier: Apache-2.0 */
/* A witness of one's own: make it, tell it which logs to watch, run it (gateway/witness). */
#include "gateway/witness/witness.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/child.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/tls_files.h"

enum { WITNESS_VKEY = 512 };

/* Without a certificate of the organization's own: one of an authority made for it. */
static enum err make_certificate(const struct cli *cli, const char *path)
{
	AUTO(file_close) int directory = -1;
	const char *hosts[TLS_FILES_MAX_HOSTS];
	size_t count = arguments_list(&cli->arguments, "host", hosts, TLS_FILES_MAX_HOSTS);

	TRY(file_open_directory(&directory, AT_FDCWD, path));
	return tls_files_create(directory, hosts, count);
}

enum err command_witness_init(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	AUTO(buf_free) struct buf vkey = buf_new(WITNESS_VKEY);
	const char *dir, *name;

	TRY(cli_need(&dir, cli, "dir"));
	TRY(cli_need(&name, cli, "name"));
	TRY(witness_init(&vkey, dir, slice_of_string(name)));
	TRY(make_certificate(cli, dir));
	json_put_text(answer, "vkey", buf_slice(&vkey));
	return output_done(cli, answer,
			   "The witness's key is %s/key: keep it, and never run two copies of it.\n"
			   "Operators of logs and auditors need its verifier key:\n%s",
			   dir, buf_string(&vkey));
}

enum err command_witness_add_log(struct cli *cli)
{
	const char *dir, *url = arguments_value(&cli->arguments, "log-url");

	TRY(cli_need(&dir, cli, "dir"));
	TRY(witness_log_add(dir, slice_of_string(cli_word(cli, 0)), slice_of_string(url)));
	return output_done(cli, NULL,
			   "the witness in %s cosigns checkpoints of this log from now "
			   "on",
			   dir);
}

enum err command_witness(struct cli *cli)
{
	const char *dir, *listen, *certificate = arguments_value(&cli->arguments, "certificate");
	const char *key = arguments_value(&cli->arguments, "key");
	char folder[PATH_MAX];
	const char *program;

	TRY(cli_need(&dir, cli, "dir"));
	TRY(cli_need(&listen, cli, "listen"));
	if (!certificate != !key)
		return cli_usage(cli, "--certificate and --key belong together");
	if (!certificate) {
		certificate = arena_printf(&cli->arena, "%s/server.pem", dir);
		key = arena_printf(&cli->arena, "%s/server.key", dir);
	}
	TRY(child_own_folder(folder, sizeof folder));
	program = arena_printf(&cli->arena, "%s/sallyport-witness", folder);
	execl(program, program, "--dir", dir, "--listen", listen, "--certificate", certificate,
	      "--key", key, (char *)NULL);
	return failure_errno("\"%s\" cannot be run", program);
}
