/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/trust.h"

#include <limits.h>
#include <stdlib.h>

void trust_clear(struct trust *t)
{
	buf_free(&t->from.checkpoint);
}

static enum err pin_key(struct trust *t, struct cli *cli)
{
	const char *vkey = arguments_value(&cli->arguments, "vkey");
	const char *old = arguments_value(&cli->arguments, "old-vkey");

	t->is_renewed = old && t->state.vkey && strcmp(old, t->state.vkey) == 0;
	if (t->is_renewed)
		t->state.vkey = NULL;
	TRY(witnessed_read(&t->witnessed, &cli->arena, arguments_value(&cli->arguments, "policy")));
	vkey = vkey ? vkey : t->witnessed.vkey;
	t->is_first = !t->state.vkey;
	if (vkey && t->state.vkey && strcmp(vkey, t->state.vkey) != 0)
		return failure(ERR_FORGED,
			       "--vkey is not the key remembered of this log in \"%s\": it is %s",
			       t->state_path, t->state.vkey);
	if (vkey)
		t->state.vkey = vkey;
	if (t->state.vkey)
		return OK;
	return log_fetch_vkey(&t->state.vkey, &cli->arena, &t->from);
}

enum err trust_begin(struct trust *t, struct cli *cli)
{
	const char *dir = arguments_value(&cli->arguments, "dir");
	char real[PATH_MAX];

	*t = (struct trust){.from = {.save_to = -1, .checkpoint = buf_new(NOTE_MAX)}};
	t->state_path = arguments_value(&cli->arguments, "state");
	if (dir) {
		if (!realpath(dir, real))
			return failure_errno("--dir \"%s\"", dir);
		t->from.dir = arena_string(&cli->arena, slice_of_string(real));
	} else
		TRY(cli_client(&t->from.client, cli));
	if (!t->state_path)
		TRY(log_state_path(&t->state_path, &cli->arena,
				   dir ? t->from.dir : client_url(t->from.client)));
	TRY(log_state_read(&t->state, &cli->arena, t->state_path));
	return pin_key(t, cli);
}

enum err trust_offline(struct trust *t, struct cli *cli, const char *what)
{
	*t = (struct trust){.from = {.save_to = -1}};
	TRY(witnessed_read(&t->witnessed, &cli->arena, arguments_value(&cli->arguments, "policy")));
	t->state.vkey = arguments_value(&cli->arguments, "vkey");
	if (!t->state.vkey)
		t->state.vkey = t->witnessed.vkey;
	if (t->state.vkey)
		return OK;
	return failure(ERR_FORMAT,
		       "%s needs --vkey KEY, the log's verifier key as its operator publishes it, "
		       "or a --policy with it",
		       what);
}
