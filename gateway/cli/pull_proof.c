/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull_proof.h"

#include "crypto/base/text.h"
#include "gateway/api/upload/commit.h"
#include "gateway/cli/audit.h"
#include "gateway/cli/log_fetch.h"
#include "gateway/cli/log_state.h"

static enum err forged(const struct pull_proof *p)
{
	const char *why = failure_text();
	char text[FAILURE_MAX_TEXT];

	snprintf(text, sizeof text, "%s", why);
	return failure(ERR_FORGED,
		       "the log's entry for this revision does not hold: %.300s. Nothing was "
		       "downloaded. The log's key is taken to be %.120s",
		       text, p->key);
}

/* --vkey, what is remembered, what the log tells. */
static enum err find_key(struct pull_proof *p, struct log_state *state, const char **path,
			 struct arena *arena, struct client *c)
{
	struct log_from from = {.client = c, .save_to = -1};
	enum err result = log_state_path(path, arena, client_url(c));

	if (p->vkey && result != OK) { /* no home, and no need of one */
		p->key = p->vkey;
		return OK;
	}
	TRY(result);
	TRY(log_state_read(state, arena, *path));
	if (p->vkey && state->vkey && strcmp(p->vkey, state->vkey) != 0)
		return failure(ERR_FORGED,
			       "--vkey is not the key remembered of this log in \"%s\": it is %s",
			       *path, state->vkey);
	p->is_first = !state->vkey;
	if (!state->vkey)
		state->vkey = p->vkey;
	if (!state->vkey)
		TRY(log_fetch_vkey(&state->vkey, arena, &from));
	p->key = state->vkey;
	return OK;
}

enum err pull_proof_check(struct pull_proof *p, struct tree *tree, struct arena *arena,
			  struct client *c)
{
	AUTO(json_auto) json_t *answer = NULL;
	const char *address = arena_printf(arena, "/api/v1/models/%s/receipt/%s",
					   client_encode_path(arena, slice_of_string(p->model)),
					   p->revision);
	struct log_state state = {.vkey = NULL};
	struct receipt receipt;
	const char *path = NULL;
	struct slice id;

	TRY(find_key(p, &state, &path, arena, c));
	TRY(audit_fetch_receipt_at(&answer, c, address));
	TRY(json_get_text(&id, answer, "id"));
	if (receipt_verify(&receipt, arena, answer, id, slice_of_string(p->key)) != OK)
		return forged(p);
	if (!slice_equal(receipt.kind, S("model.commit")))
		return failure(ERR_FORGED, "the gateway proves another entry than was asked for");
	TRY(pull_proof_read(tree, arena, receipt.payload, slice_of_string(p->model),
			    slice_of_string(p->revision)));
	p->index = receipt.index;
	p->size = receipt.size;
	return p->is_first && path ? log_state_write(&state, path) : OK;
}
